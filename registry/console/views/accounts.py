"""The entrance, an account's overview, and its registry password."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import gate
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.console import assumed
from accounts.directory import console_passwords, people
from accounts.iam.arn import Arn
from accounts.models import Membership, Person, Session
from accounts.sessions import passwords, temporary
from registry.console import places, shown_once
from registry.console.membership import console_page, visitor_of
from registry.console.shown_once import Secret
from registry.core import addresses, audit_pages, work
from registry.core import overview as overview_of
from registry.notifications import webhooks
from registry.notifications.jobs import JOBS
from registry.scanning import attention as critical_images
from registry.values import RegistryId

LAST_ACCOUNT = "kho_account"


@console_page
@require_safe
def entrance(request: HttpRequest) -> HttpResponse:
    """Lead to the only account or the one used last, else to the list of them."""
    if not isinstance(request.user, Person):
        raise Http404
    known = [membership.account_id for membership in people.memberships_of(request.user)]
    role = assumed.held(request)
    if role is not None and assumed.in_force(role, request.user):
        known.append(role.account_id)
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
    attention, ailing = overview_of.attention(caller, held, used, jobs), webhooks.ailing(caller, account_id)
    critical = critical_images.of_account(caller)
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
        "attention": attention,
        "ailing_webhooks": ailing,
        "critical": critical,
        "needs_attention": not attention.is_empty or bool(ailing) or bool(critical.total),
        "quota": settings.STORAGE_QUOTA_BYTES,
        "running": [(item, JOBS.get(item.kind, item.kind)) for item in jobs if not item.is_over],
        "events": audit_pages.recent(caller),
        "may_look": audit_pages.may_look(caller),
        "example": example,
        "login_command": places.login_command(request, registry, context["host"]),
        "is_empty": bool(held) and not any(each.images for each in held),
    }
    return render(request, "console/overview.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def registry_password(request: HttpRequest, account_id: str) -> HttpResponse:
    """Make a password for `docker login` that acts as the visitor's role; it is shown once."""
    visitor = visitor_of(request, account_id, settings.HOME_REGION)
    context = places.of_account(request, visitor, "password")
    if request.method == "POST":
        resource = addresses.registry_arn(RegistryId(account_id, settings.HOME_REGION))
        asked = f"ecr:{Action.GET_AUTHORIZATION_TOKEN}", Arn("ecr", settings.HOME_REGION, account_id, "*")
        # What members may have unless they are denied it, a role needs as it does for the API.
        if visitor.session or gate.decide(visitor.caller, *asked).explicit:
            gate.require(visitor.caller, *asked)
        session = visitor.session or _session_of(visitor.membership)
        password = passwords.issue(session.principal, session)
        trail.record(visitor.caller, Action.GET_AUTHORIZATION_TOKEN, resource, read_only=True)
        secret = Secret(
            title=_("The new registry password"),
            lines=[
                (_("Log in with docker"), f"docker login --username AWS {context['host']}"),
                (_("Paste this as the password"), password.value),
            ],
            done=request.path,
            section="password",
            ends_at=password.expires_at.isoformat(),
        )
        return shown_once.lead_to(request, account_id, secret)
    return render(request, "console/registry_password.html", context)


def _session_of(membership: Membership) -> Session:
    """A session that ends with their access: of the role, named by the mail address, or of the user itself."""
    role, person = membership.role, membership.person
    kind = Session.Kind.TOKEN if person.is_iam_user else Session.Kind.ASSUMED
    name = console_passwords.FROM_CONSOLE if person.is_iam_user else person.mail[:64]
    return temporary.issue(role, kind=kind, seconds=settings.REGISTRY_PASSWORD_SECONDS, name=name).session
