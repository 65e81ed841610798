"""Pages of coming in: sign-in, sign-up, company sign-in, invitations, and the first steps."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from allauth.account.views import LoginView, SignupView
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.views import ConnectionsView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.caller import Caller
from accounts.console import adapters, company, invited, links
from accounts.console.asking import signed_in
from accounts.directory import invitations, people
from accounts.errors import InvalidInput, NotFound
from accounts.models import Person

LIMITED: Final = "too_many_login_attempts"
UNREADABLE: Final = (
    requests.RequestException,
    company.Unusable,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    SyntaxError,
)
"""What the libraries raise if a provider is away, or sends what can't be understood."""


class SignIn(LoginView):  # type: ignore[misc]  # allauth ships no types
    """Mail address and password, a passkey, or a company's sign-in."""

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        """Add the providers, and whether only waiting helps."""
        found: dict[str, Any] = super().get_context_data(**values)
        codes = {error.code for error in found["form"].non_field_errors().as_data()}
        return found | {"providers": settings.SSO_PROVIDERS, "is_limited": LIMITED in codes}


class SignUp(SignupView):  # type: ignore[misc]  # allauth ships no types
    """Name, mail address, password; by an invitation only with the address that was invited."""

    def get_form(self, form_class: Any = None) -> Any:
        """Fix the address of who was invited."""
        form = super().get_form(form_class)
        invitation = invited.held(self.request)
        if invitation is not None:
            form.fields["email"].initial = invitation.email
            form.fields["email"].disabled = True
        return form

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        """Add the invitation and the providers."""
        found: dict[str, Any] = super().get_context_data(**values)
        return found | {
            "providers": settings.SSO_PROVIDERS,
            "invitation": invited.held(self.request),
            "use_policy_url": settings.USE_POLICY_URL,
        }


class Connections(ConnectionsView):  # type: ignore[misc]  # allauth ships no types
    """The companies by which a person can sign in."""

    def get_context_data(self, **values: Any) -> dict[str, Any]:
        """Add those that may be connected."""
        found: dict[str, Any] = super().get_context_data(**values)
        return found | {"providers": settings.SSO_PROVIDERS, "current": "security"}


@require_safe
def inactive(request: HttpRequest) -> HttpResponse:
    """Somebody who may not sign in any more."""
    return render(request, "account/inactive.html", status=403)


@require_safe
def sso(request: HttpRequest) -> HttpResponse:
    """The list of companies whose people sign in here."""
    context = {"providers": settings.SSO_PROVIDERS, "next": request.GET.get("next", "")}
    return render(request, "socialaccount/providers.html", context)


@signed_in
@require_safe
def welcome(request: HttpRequest) -> HttpResponse:
    """The next three steps of somebody who has just signed up."""
    memberships = people.memberships_of(request.user) if isinstance(request.user, Person) else []
    if len(memberships) != 1:
        return redirect(settings.LOGIN_REDIRECT_URL)
    host = urlsplit(links.origin(request)).netloc
    context = {"account": memberships[0].account, "host": host, "region": settings.HOME_REGION}
    return render(request, "account/welcome.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the invitation is for; who has signed in with its mail address accepts it by a POST."""
    try:
        found = invitations.find(token)
    except NotFound:
        return render(request, "account/invitation_over.html", status=410)
    person = request.user if isinstance(request.user, Person) else None
    if person is None:
        if request.method == "POST":
            return redirect(request.path)
        invited.hold(request, token, found)
    elif request.method == "POST" and person.email == found.email:
        return _accept(request, token, person)
    context = {
        "invitation": found,
        "person": person,
        "is_theirs": person is not None and person.email == found.email,
        "is_known": Person.objects.filter(email=found.email).exists(),
        "can_sign_up": settings.SIGN_UP != "closed",
    }
    return render(request, "account/invitation.html", context)


def _accept(request: HttpRequest, token: str, person: Person) -> HttpResponse:
    source = adapters.source_of(request)
    caller = Caller(source_ip=source.ip, user_agent=source.user_agent, request_id=source.request_id)
    try:
        membership = invitations.accept(caller, token, person)
    except (NotFound, InvalidInput):
        return render(request, "account/invitation_over.html", status=410)
    invited.let_go(request)
    messages.success(request, _("You are a member of %(name)s now.") % {"name": membership.account.name})
    return redirect(f"/console/{membership.account_id}")


View = Callable[..., HttpResponseBase]


def leave(view: View) -> View:
    """Lead to a company's sign-in by a page: the answer to a form may not be a redirect to elsewhere (form-action)."""

    def answer(request: HttpRequest, **place: str) -> HttpResponseBase:
        response = view(request, **place)
        target = response.headers.get("Location", "")
        if isinstance(response, HttpResponseRedirect) and urlsplit(target).netloc:
            return render(request, "socialaccount/leave.html", {"target": target})
        return response

    return answer


def company_view(name: str) -> View:
    """A view, by its dotted path, for what companies say, which may be anything, or nothing.

    Its module is loaded at the first request: SAML brings libraries that few deployments use.
    """

    def view(request: HttpRequest, **place: str) -> HttpResponseBase:
        try:
            answer: HttpResponseBase = import_string(name)(request, **place)
        except UNREADABLE as error:
            (provider_id,) = place.values()
            provider = get_adapter().get_provider(request, provider_id)
            answer = render_authentication_error(request, provider, exception=error)
        return answer

    view.csrf_exempt = True  # type: ignore[attr-defined]  # what comes by POST is signed; the views check it
    return view
