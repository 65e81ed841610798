"""The console password of a user: given, replaced, taken away after a confirmation."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.directory import console_passwords, second_factors, users
from accounts.iam.arn import Arn
from registry.console import places, shown_once
from registry.console.membership import Visitor, console_page
from registry.console.shown_once import Secret
from registry.console.views.iam.common import context_of, failure, visitor_at


@sensitive_post_parameters()
@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """Whether and how the user signs in; a POST gives a password, which is shown once if nobody chose it."""
    visitor = visitor_at(request, account_id)
    user = users.get(visitor.caller, account_id, name)
    present = console_passwords.find(visitor.caller, account_id, name)
    context = context_of(request, visitor, "users", Arn.parse(user.arn)) | {"user_shown": user, "tab": "console"}
    address = f"{places.origin(request)}{reverse('own_sign_in_user')}?{urlencode({'account': account_id})}"
    is_chosen, hindrance = request.POST.get("how") == "chosen", ""
    password = request.POST.get("password", "") if is_chosen else console_passwords.generate()
    if request.method == "POST":
        hindrance = _give(request, visitor, name, password, is_new=present is None)
        if not hindrance and is_chosen:
            messages.success(request, _("The user %(name)s signs in with this password now.") % {"name": name})
            return redirect(request.path)
        if not hindrance:
            return shown_once.lead_to(request, account_id, _shown(name, password, address, request.path))
    context |= {
        "present": present,
        "has_second_factor": present is not None and bool(second_factors.owners([present.pk])),
        "address": address,
        "hindrance": hindrance,
        "is_chosen": is_chosen,
        "must_change": request.method != "POST" or "must_change" in request.POST,
    }
    return render(request, "console/iam/console_password.html", context, status=422 if hindrance else 200)


def _shown(user_name: str, password: str, address: str, done: str) -> Secret:
    """A password that was made, with what the user needs to sign in."""
    return Secret(
        title=_("The new password of %(name)s") % {"name": user_name},
        lines=[(_("Sign-in address"), address), (_("User name"), user_name), (_("Password"), password)],
        done=done,
        section="users",
        columns={"user_name": user_name, "password": password, "console_login_link": address},
        filename=f"{user_name}-console.csv",
    )


def _give(request: HttpRequest, visitor: Visitor, name: str, password: str, *, is_new: bool) -> str:
    """Give the password, or another one; what hinders it as a sentence."""
    must_change, account_id = "must_change" in request.POST, visitor.account.id
    if not password:
        return _("Type a password, or let one be made.")
    if is_new:
        give = console_passwords.create
        return failure(lambda: give(visitor.caller, account_id, name, password, must_change=must_change))
    change = console_passwords.update
    return failure(lambda: change(visitor.caller, account_id, name, password=password, must_change=must_change))


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, account_id: str, name: str) -> HttpResponse:
    """What ends with the password."""
    visitor = visitor_at(request, account_id)
    user = users.get(visitor.caller, account_id, name)
    present = console_passwords.find(visitor.caller, account_id, name)
    if present is None:
        raise Http404
    hindrance = ""
    if request.method == "POST":
        hindrance = failure(lambda: console_passwords.delete(visitor.caller, account_id, name))
        if not hindrance:
            done = _("The user %(name)s can't sign in to the console any more.")
            messages.success(request, done % {"name": name})
            return redirect("console_user_console", account_id=account_id, name=name)
    context = context_of(request, visitor, "users", Arn.parse(user.arn)) | {
        "user_shown": user,
        "present": present,
        "has_second_factor": bool(second_factors.owners([present.pk])),
        "hindrance": hindrance,
    }
    return render(request, "console/iam/remove_console_password.html", context, status=422 if hindrance else 200)
