"""Identity providers: whose OpenID Connect tokens may assume roles."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.directory import asking, providers
from registry.console.membership import console_page
from registry.console.views.iam.common import act, command, confirm_deletion, context_of, failure, visitor_at


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


@console_page
@require_safe
def index(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's providers by address."""
    visitor = visitor_at(request, account_id)
    found = providers.list_providers(visitor.caller, account_id)
    return render(request, "console/iam/providers.html", context_of(request, visitor, "providers") | {"found": found})


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, account_id: str) -> HttpResponse:
    """Address and audiences."""
    visitor = visitor_at(request, account_id)
    url, audiences = request.POST.get("url", "").strip(), request.POST.get("audiences", "sts.amazonaws.com")
    hindrance, made = "", []
    if request.method == "POST":
        hindrance = failure(lambda: made.append(providers.create(visitor.caller, account_id, url, _words(audiences))))
        if not hindrance:
            messages.success(request, _("Tokens of %(url)s can assume roles that trust it.") % {"url": made[0].url})
            return redirect("console_provider", account_id=account_id, name=made[0].url)
    context = context_of(request, visitor, "providers")
    context |= {"url": url, "audiences": audiences, "hindrance": hindrance}
    known = {"Url": url or "https://token.actions.githubusercontent.com", "ClientIDList": _words(audiences)}
    context["command"] = command(request, "CreateOpenIDConnectProvider", known)
    return render(request, "console/iam/new_provider.html", context, status=422 if hindrance else 200)


def _found(request: HttpRequest, account_id: str, name: str) -> tuple[Any, Any, dict[str, Any]]:
    visitor = visitor_at(request, account_id)
    arn = asking.arn_of(account_id, f"oidc-provider/{name}")
    provider = providers.get(visitor.caller, account_id, str(arn))
    return visitor, provider, context_of(request, visitor, "providers", arn)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """A provider's audiences; a POST adds one or takes one away."""
    visitor, provider, context = _found(request, account_id, name)
    if request.method == "POST":
        audiences = _words(request.POST.get("audience", ""))
        change = {"add": audiences} if request.POST.get("step") == "add" else {"remove": audiences}
        act(
            request,
            lambda: providers.set_clients(visitor.caller, account_id, provider.arn, **change),
            _("The audiences are changed."),
        )
        return redirect(request.path)
    if context["can"]["AddClientIDToOpenIDConnectProvider"]:
        more = {"OpenIDConnectProviderArn": provider.arn, "ClientID": "sts.amazonaws.com"}
        context["command"] = command(request, "AddClientIDToOpenIDConnectProvider", more)
    return render(request, "console/iam/provider.html", context | {"provider": provider})


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """Roles that trust it can't be assumed by its tokens any more; the address has to be typed."""
    visitor, provider, context = _found(request, account_id, name)
    return confirm_deletion(
        request,
        context,
        name,
        lambda: providers.delete(visitor.caller, account_id, provider.arn),
        loses=[(_("Audiences"), len(provider.client_ids))],
        back=f"{context['section_url']}/{name}",
        done=_("%(url)s is trusted no more.") % {"url": name},
        call=("DeleteOpenIDConnectProvider", {"OpenIDConnectProviderArn": provider.arn}),
    )
