"""The entrance, an account's overview, and its registry password."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.directory import people
from accounts.models import Person, Session
from accounts.sessions import passwords, temporary
from registry.console import places
from registry.console.membership import Visitor, console_page, visitor_of
from registry.core import addresses, audit_pages, work
from registry.core import overview as overview_of
from registry.values import RegistryId

LAST_ACCOUNT = "kho_account"


@console_page
@require_safe
def entrance(request: HttpRequest) -> HttpResponse:
    """Lead to the only account or the one used last, else to the list of them."""
    memberships = people.memberships_of(request.user) if isinstance(request.user, Person) else []
    known = [membership.account_id for membership in memberships]
    last = request.session.get(LAST_ACCOUNT)
    if last in known or len(known) == 1:
        return redirect("console_account", account_id=last if last in known else known[0])
    return redirect("own_accounts")


@console_page
@require_safe
def overview(request: HttpRequest, account_id: str) -> HttpResponse:
    """What the account holds, what happened last, and the first steps."""
    visitor = visitor_of(request, account_id, settings.HOME_REGION)
    if request.session.get(LAST_ACCOUNT) != account_id:
        request.session[LAST_ACCOUNT] = account_id
    caller = visitor.caller
    held = overview_of.totals(caller)
    used = overview_of.use(caller)
    jobs = work.of_note(caller)
    context = places.of_account(request, visitor, "overview")
    example = addresses.uri(addresses.private(account_id, "my-app"), context["host"])
    registry = RegistryId(account_id, settings.HOME_REGION)
    context |= {
        "held": held,
        "sums": {
            "repositories": sum(each.repositories for each in held),
            "images": sum(each.images for each in held),
            "size": sum(each.size for each in held),
        },
        "use": used,
        "attention": overview_of.attention(caller, held, used, jobs),
        "quota": settings.STORAGE_QUOTA_BYTES,
        "running": [item for item in jobs if not item.is_over],
        "events": audit_pages.recent(caller),
        "may_look": audit_pages.may_look(caller),
        "example": example,
        "login_command": places.login_command(request, registry, context["host"]),
        "is_empty": not any(each.images for each in held),
    }
    return render(request, "console/overview.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def registry_password(request: HttpRequest, account_id: str) -> HttpResponse:
    """Make a password for `docker login` that acts as the visitor's role; it is shown once."""
    visitor = visitor_of(request, account_id, settings.HOME_REGION)
    context = places.of_account(request, visitor, "password")
    if request.method == "POST":
        password = passwords.issue(visitor.membership.role, _session_of(visitor))
        resource = addresses.registry_arn(RegistryId(account_id, settings.HOME_REGION))
        trail.record(visitor.caller, Action.GET_AUTHORIZATION_TOKEN, resource, read_only=True)
        context |= {"password": password.value, "expires_at": password.expires_at}
    return render(request, "console/registry_password.html", context)


def _session_of(visitor: Visitor) -> Session:
    """A session of the membership's role, named by the mail address: the trail tells who pushed."""
    role, person = visitor.membership.role, visitor.membership.person
    seconds = settings.REGISTRY_PASSWORD_SECONDS
    made = temporary.issue(role, kind=Session.Kind.ASSUMED, seconds=seconds, name=person.email[:64])
    return made.session
