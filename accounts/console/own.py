"""Pages of people's own: profile, security, sessions, accounts."""

from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authn import callers
from accounts.console import browser_sessions, users
from accounts.console.asking import signed_in
from accounts.directory import console_passwords, members, people
from accounts.errors import AccountsError, DeleteConflict, InvalidInput, LimitReached, NotFound
from accounts.models import Membership, Person

BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
"""Signs in a User-Agent, those first that others hold too."""
FILTER_FROM: Final = 8
"""From how many accounts on the list has a box to filter by."""


def person_of(request: HttpRequest) -> Person:
    """Who has signed in."""
    if not isinstance(request.user, Person):
        raise Http404
    return request.user


@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """The name; the mail address is changed on a page of its own."""
    person = person_of(request)
    name, error = request.POST.get("name", person.name), ""
    if request.method == "POST" and person.is_iam_user:
        raise Http404
    if request.method == "POST":
        try:
            people.set_profile(person, name=name)
        except InvalidInput:
            error = _("A name takes at most %(most)s characters.") % {"most": people.LONGEST_NAME}
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect(request.path)
    context = {"current": "profile", "person": person, "name": name, "error": error}
    return render(request, "account/profile.html", context, status=422 if error else 200)


@never_cache
@signed_in
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """How one signs in: password, second factors, passkeys, companies."""
    person = person_of(request)
    kinds: dict[str, list[Authenticator]] = {}
    for each in Authenticator.objects.filter(user=person).order_by("id"):
        kinds.setdefault(each.type, []).append(each)
    codes = kinds.get(Authenticator.Type.RECOVERY_CODES, [])
    has_providers = bool(settings.SSO_PROVIDERS) and not person.is_iam_user
    context = {
        "current": "security",
        "person": person,
        "app": next(iter(kinds.get(Authenticator.Type.TOTP, [])), None),
        "passkeys": kinds.get(Authenticator.Type.WEBAUTHN, []),
        "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else None,
        "connections": SocialAccount.objects.filter(user=person).count() if has_providers else 0,
        "has_providers": has_providers,
        "may_change": not person.is_iam_user or console_passwords.may_change(users.caller_of(request, person), person),
    }
    return render(request, "mfa/index.html", context)


@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in; a POST ends one of the others, or all of them."""
    person = person_of(request)
    found = list(UserSession.objects.filter(user=person).order_by("-created_at"))
    live = browser_sessions.live(person, [each.session_key for each in found])
    UserSession.objects.filter(id__in=[each.id for each in found if each.session_key not in live]).delete()
    found = [each for each in found if each.session_key in live]
    if request.method == "POST":
        wanted = request.POST.get("session", "")
        others = [each for each in found if not each.is_current() and wanted in ("", str(each.pk))]
        for each in others:
            each.end()
        messages.success(request, _("Signed out elsewhere."))
        return redirect(request.path)
    for each in found:
        each.browser = browser_of(each.user_agent)
    return render(request, "usersessions/usersession_list.html", {"current": "sessions", "sessions": found})


def browser_of(user_agent: str) -> str:
    """What a browser says of itself, in the words that people know it by."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if not browser:
        return user_agent[:60] or _("unknown")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser


@never_cache
@signed_in
@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """The accounts that one acts on, with a filter where they are many."""
    person = person_of(request)
    memberships = people.memberships_of(person)
    contains = request.GET.get("contains", "").strip()[:100]
    shown = [each for each in memberships if _matches(each, contains)]
    context = {
        "current": "accounts",
        "total": len(memberships),
        "contains": contains,
        "page": Paginator(shown, 50).get_page(request.GET.get("page")),
        "has_filter": len(memberships) >= FILTER_FROM,
        "accounts_left": people.accounts_left(person),
    }
    return render(request, "account/accounts.html", context)


def _matches(membership: Membership, contains: str) -> bool:
    text = f"{membership.account.name} {membership.account_id} {membership.role.name}"
    return contains.lower() in text.lower()


@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def new_account(request: HttpRequest) -> HttpResponse:
    """Make another account."""
    person = person_of(request)
    if not people.accounts_left(person):
        raise Http404
    name, error = request.POST.get("name", "").strip(), ""
    if request.method == "POST":
        try:
            account = people.create_account(person, name)
        except InvalidInput:
            error = _("A name takes 1 to 100 characters.")
        except LimitReached as problem:
            raise Http404 from problem
        else:
            messages.success(request, _("The account %(name)s is ready.") % {"name": account.name})
            return redirect(f"/console/{account.id}")
    context = {"current": "accounts", "name": name, "error": error}
    return render(request, "account/new_account.html", context, status=422 if error else 200)


@never_cache
@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, account_id: str) -> HttpResponse:
    """What one loses by leaving an account; the POST leaves it."""
    person = person_of(request)
    try:
        membership = people.membership_in(person, account_id)
    except NotFound as problem:
        raise Http404 from problem
    is_last = members.is_last_administrator(membership)
    if request.method == "POST" and not is_last:
        try:
            members.leave(callers.from_membership(membership, **_facts(request)), membership)
        except DeleteConflict:
            is_last = True
        except AccountsError as problem:
            raise Http404 from problem
        else:
            messages.success(request, _("You have left %(name)s.") % {"name": membership.account.name})
            return redirect("own_accounts")
    context = {"current": "accounts", "membership": membership, "is_last": is_last}
    return render(request, "account/leave.html", context, status=409 if is_last and request.method == "POST" else 200)


def _facts(request: HttpRequest) -> dict[str, Any]:
    meta = request.META
    return {
        "source_ip": meta.get("REMOTE_ADDR", ""),
        "user_agent": meta.get("HTTP_USER_AGENT", ""),
        "request_id": meta.get("kho.request_id", ""),
        "is_secure": request.is_secure(),
    }
