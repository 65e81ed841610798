"""Pages of IAM users, who come in by account, name and password, and have no mail address: sign-in, own password."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_password_login
from allauth.account.internal.flows.password_change import finalize_password_change
from allauth.account.models import Login
from allauth.account.views import password_change
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.authn import callers
from accounts.caller import Caller
from accounts.console import adapters
from accounts.console.asking import signed_in
from accounts.console.entrance import SignIn
from accounts.directory import console_passwords, people
from accounts.errors import AccessDenied, InvalidInput, LimitReached, PasswordRefused, WrongPassword
from accounts.models import Person

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def for_people(view: View) -> View:
    """A page that IAM users do not have: of mail addresses, companies, accounts of one's own."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, Person) and request.user.is_iam_user:
            raise Http404
        return view(request, *args, **kwargs)

    return cast("View", answer)


class Credentials(forms.Form):
    """What an IAM user signs in with. All failures say the same, and cost the same."""

    account = forms.CharField(max_length=100)
    user_name = forms.CharField(max_length=64)
    password = forms.CharField(max_length=console_passwords.LONGEST, strip=False)
    remember = forms.BooleanField(required=False)

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: Person | None = None

    def clean(self) -> dict[str, Any]:
        """Look who it is."""
        given = self.cleaned_data
        if not self.errors:
            adapter = get_adapter(self.request)
            account_id = console_passwords.account_of(given["account"])
            names = {"account": account_id, "user_name": given["user_name"]}
            self.user = adapter.authenticate(self.request, password=given["password"], **names)
            if self.user is None:
                raise adapter.validation_error("invalid_login")
        return given

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """Go on to the second factor, if there is one, and in."""
        login = Login(user=self.user, redirect_url=redirect_url)
        answer: HttpResponse = perform_password_login(request, {}, login)
        request.session.set_expiry(settings.SESSION_COOKIE_AGE if self.cleaned_data["remember"] else 0)
        return answer


class SignInUser(SignIn):
    """Account, user name and password; `?account=` fills in the account."""

    form_class = Credentials
    template_name = "account/login_user.html"

    def get_initial(self) -> dict[str, Any]:
        """Take the account from the address."""
        return {"account": self.request.GET.get("account", "")[:100]}


class NewPassword(forms.Form):
    """The present password and a new one, twice."""

    oldpassword = forms.CharField(strip=False, max_length=1000)
    password1 = forms.CharField(strip=False, max_length=1000)
    password2 = forms.CharField(strip=False, max_length=1000)

    def clean_password2(self) -> str:
        """Refuse what was typed differently."""
        again: str = self.cleaned_data["password2"]
        if again != self.cleaned_data.get("password1", again):
            raise forms.ValidationError(gettext_lazy("You must type the same password each time."))
        return again


@sensitive_post_parameters()
@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: HttpRequest) -> HttpResponseBase:
    """The page of one's own password; people have allauth's."""
    person = request.user
    if not isinstance(person, Person) or person.principal is None:
        answer: HttpResponseBase = password_change(request)
        return answer
    must, caller = person.must_change_password, caller_of(request, person)
    form = NewPassword(request.POST if request.method == "POST" else None)
    missing = "" if console_passwords.may_change(caller, person) else "iam:ChangePassword"
    if request.method == "POST" and not missing and form.is_valid() and _changed(caller, person, form):
        finalize_password_change(request, Person.objects.get(pk=person.pk))
        return redirect(settings.LOGIN_REDIRECT_URL if must else "mfa_index")
    context = {"form": form, "must": must, "missing": missing, "current": "security"}
    status = 403 if missing else 422 if form.errors else 200
    return render(request, "account/password_change.html", context, status=status)


def _changed(caller: Caller, person: Person, form: NewPassword) -> bool:
    """Change it; what hinders it is said at the field."""
    old, new = form.cleaned_data["oldpassword"], form.cleaned_data["password1"]
    user = person.principal
    try:
        if user is not None:
            console_passwords.change(caller, user.account_id, user.name, old, new)
    except WrongPassword:
        form.add_error("oldpassword", _("Type the password that you have now."))
    except PasswordRefused as error:
        form.add_error("password1", list(error.reasons))
    except InvalidInput as error:
        form.add_error("password1", _("%(field)s %(why)s.") % {"field": _("The password"), "why": error.why})
    except LimitReached:
        form.add_error(None, _("Too many tries. Wait some minutes, then try again."))
    except AccessDenied:
        form.add_error(None, _("You may not do this"))
    return not form.errors


def caller_of(request: HttpRequest, person: Person) -> Caller:
    """An IAM user as policies see it. Http404 if it may not act any more."""
    source = adapters.source_of(request)
    for membership in people.memberships_of(person):
        return callers.from_membership(
            membership,
            source_ip=source.ip,
            user_agent=source.user_agent,
            request_id=source.request_id,
            is_secure=request.is_secure(),
        )
    raise Http404
