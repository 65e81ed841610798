"""People of an account: list, invite by mail, give another role, remove."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit.actions import Action
from accounts.console import links
from accounts.directory import invitations, members
from accounts.directory.accounts import ADMINISTRATOR
from accounts.errors import AlreadyExists, DeleteConflict, InvalidInput, LimitReached, NotFound
from registry.console.membership import Visitor, console_page
from registry.console.places import Can
from registry.console.views.iam.common import context_of, visitor_at


def _context(request: HttpRequest, visitor: Visitor, email: str = "*") -> dict[str, Any]:
    """Context of these pages; `can.InvitePerson` answers about a person, or about all."""
    about = members.arn_of(visitor.account.id, email)
    return context_of(request, visitor, "people") | {"can": Can(lambda action: visitor.may(f"kho:{action}", about))}


@console_page
@require_safe
def index(request: HttpRequest, account_id: str) -> HttpResponse:
    """Members with their roles, and invitations that nobody has accepted yet."""
    visitor = visitor_at(request, account_id)
    contains = request.GET.get("contains", "").strip()[:150]
    context = _context(request, visitor) | {
        "found": members.list_members(visitor.caller, account_id, contains=contains),
        "invitations": invitations.list_open(visitor.caller, account_id),
        "contains": contains,
    }
    return render(request, "console/iam/people.html", context)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, account_id: str) -> HttpResponse:
    """Mail address and role; the same again sends another mail."""
    visitor = visitor_at(request, account_id)
    email, role = request.POST.get("email", "").strip(), request.POST.get("role", "")
    hindrance = ""
    if request.method == "POST":
        hindrance = _invite(request, visitor, email, role)
        if not hindrance:
            messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": email})
            return redirect("console_people", account_id=account_id)
    else:
        members.allow(visitor.caller, Action.INVITE_PERSON, account_id, "*")
    context = _context(request, visitor) | {
        "email": email,
        "role": role or ADMINISTRATOR,
        "roles": members.roles_to_give(visitor.caller, account_id),
        "hindrance": hindrance,
    }
    return render(request, "console/iam/invite.html", context, status=422 if hindrance else 200)


def _invite(request: HttpRequest, visitor: Visitor, email: str, role: str) -> str:
    """Send the mail; what hinders it as a sentence."""

    def link(token: str) -> str:
        return links.origin(request) + reverse("own_invitation", kwargs={"token": token})

    try:
        person = visitor.person
        invitations.create(visitor.caller, visitor.account.id, email, role, invited_by=person, link=link)
    except InvalidInput:
        return _("Type a mail address such as ana@example.com.")
    except AlreadyExists:
        return _("%(email)s is a member already.") % {"email": email}
    except LimitReached:
        return _("Too many invitations are on their way. Take some back, or wait an hour.")
    except NotFound:
        return _("Choose a role.")
    return ""


@console_page
@require_POST
def revoke(request: HttpRequest, account_id: str) -> HttpResponse:
    """Take an invitation back."""
    visitor = visitor_at(request, account_id)
    email = request.POST.get("email", "")
    try:
        invitations.revoke(visitor.caller, account_id, email)
    except NotFound:
        messages.error(request, _("This invitation is gone: it was accepted or taken back."))
    else:
        messages.success(request, _("The invitation of %(email)s does not work any more.") % {"email": email})
    return redirect("console_people", account_id=account_id)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, account_id: str, email: str) -> HttpResponse:
    """A member's role; a POST gives another one."""
    visitor = visitor_at(request, account_id)
    membership = members.get(visitor.caller, account_id, email)
    hindrance = ""
    if request.method == "POST":
        try:
            members.change_role(visitor.caller, account_id, email, request.POST.get("role", ""))
        except DeleteConflict:
            hindrance = _("Nobody else administers the account. Make somebody else an administrator first.")
        except NotFound:
            hindrance = _("Choose a role.")
        else:
            messages.success(request, _("%(email)s has another role now.") % {"email": email})
            return redirect("console_people", account_id=account_id)
    context = _context(request, visitor, email) | {
        "member": membership,
        "roles": members.roles_to_give(visitor.caller, account_id),
        "hindrance": hindrance,
    }
    return render(request, "console/iam/person.html", context, status=409 if hindrance else 200)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, account_id: str, email: str) -> HttpResponse:
    """What somebody loses; the POST takes it away."""
    visitor = visitor_at(request, account_id)
    membership = members.get(visitor.caller, account_id, email)
    members.allow(visitor.caller, Action.REMOVE_PERSON, account_id, email)
    is_last = members.is_last_administrator(membership)
    if request.method == "POST":
        try:
            members.remove(visitor.caller, account_id, email)
        except DeleteConflict:
            is_last = True
        else:
            messages.success(request, _("%(email)s is no member any more.") % {"email": email})
            return redirect("console_people", account_id=account_id)
    context = _context(request, visitor, email) | {"member": membership, "is_last": is_last}
    status = 409 if is_last and request.method == "POST" else 200
    return render(request, "console/iam/remove_person.html", context, status=status)
