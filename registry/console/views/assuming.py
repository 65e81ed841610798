"""Acting as a role: assuming one by its ARN, of this account or another, and stopping."""

import re
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.console import assumed
from accounts.console.assumed import Assumed
from accounts.errors import AccessDenied, InvalidInput
from accounts.sessions import assume as sessions
from accounts.sessions.assume import Wish
from registry.console import commands, places
from registry.console.membership import Visitor, console_page
from registry.console.views.iam.common import visitor_at

EXTERNAL_ID: Final = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
EXAMPLE: Final = "arn:aws:iam::444455556666:role/deploy"
"""The role in the command, before one is typed."""


class Wanted(forms.Form):
    """A role by its ARN, and the word that its trust policy may want."""

    role_arn = forms.CharField(
        label=gettext_lazy("ARN of the role"),
        error_messages={"required": gettext_lazy("Type the ARN of a role.")},
    )
    external_id = forms.CharField(label=gettext_lazy("External id"), required=False)

    def clean_role_arn(self) -> str:
        """Check the grammar."""
        text = str(self.cleaned_data["role_arn"])
        if not sessions.ROLE_ARN.fullmatch(text):
            raise forms.ValidationError(_("This is no ARN of a role, such as %(example)s.") % {"example": EXAMPLE})
        return text

    def clean_external_id(self) -> str:
        """Check the grammar."""
        text = str(self.cleaned_data["external_id"])
        if text and not EXTERNAL_ID.fullmatch(text):
            raise forms.ValidationError(_("It takes 2 to 1224 letters, digits and + = , . @ : / _ -"))
        return text


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def assume(request: HttpRequest, account_id: str) -> HttpResponse:
    """Act as a role, whose account's overview follows; what hinders it is said here."""
    visitor = visitor_at(request, account_id)
    form = (
        Wanted(request.POST) if request.method == "POST" else Wanted(initial={"role_arn": request.GET.get("role", "")})
    )
    hindrance, status = "", 200
    if form.is_bound:
        hindrance, status = _assume(request, visitor, form.cleaned_data) if form.is_valid() else ("", 422)
        if status == 200:
            target = sessions.ROLE_ARN.fullmatch(form.cleaned_data["role_arn"])
            return HttpResponseRedirect(
                reverse("console_account", args=[target[1] if target else account_id]), status=303
            )
    typed = form.cleaned_data if form.is_bound else {}
    name = assumed.session_name(visitor.person)
    parameters = {"RoleArn": typed.get("role_arn") or EXAMPLE, "RoleSessionName": name}
    parameters |= {"ExternalId": typed["external_id"]} if typed.get("external_id") else {}
    context = places.of_account(request, visitor) | {
        "form": form,
        "hindrance": hindrance,
        "session_name": name,
        "command": commands.of_service(request, "sts", ("AssumeRole", parameters)),
    }
    return render(request, "console/assume.html", context, status=status)


def _assume(request: HttpRequest, visitor: Visitor, typed: dict[str, Any]) -> tuple[str, int]:
    """Make the session and keep its id; what hinders it as a sentence, and the status of the answer.

    Whoever acts as a role already goes on from that one; a role assumed on another account is let go.
    """
    before = visitor.assumed if visitor.session else None
    if before and len(before.sessions) >= assumed.MOST:
        return _("You have come here by %(n)s roles. Stop first.") % {"n": assumed.MOST}, 422
    wish = Wish(typed["role_arn"], assumed.session_name(visitor.person), external_id=typed["external_id"])
    try:
        made = sessions.assume_role(visitor.caller, wish)
    except AccessDenied:
        said = _(
            "You may not assume this role. Either there is none, or its trust policy does not let you in (it may want "
            "an external id), or none of your own policies allows sts:AssumeRole on it."
        )
        return said, 403
    except InvalidInput as error:
        return _("%(field)s %(why)s.") % {"field": error.field, "why": error.why}, 422
    if not before:
        assumed.stop(request)
    earlier, came_from = (before.sessions, before.came_from) if before else ((), visitor.account.id)
    assumed.keep(request, Assumed(made.session.principal.arn, (*earlier, made.session.id), came_from))
    return "", 200


@console_page
@require_POST
def stop(request: HttpRequest) -> HttpResponse:
    """Act as oneself again, where one was before."""
    role = assumed.held(request)
    assumed.stop(request)
    if role:
        messages.success(request, _("You act as yourself again."))
    target = reverse("console_account", args=[role.came_from]) if role else reverse("console")
    return HttpResponseRedirect(target, status=303)
