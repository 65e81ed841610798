"""What the pages of principals share: their context, errors in words, confirmations."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.directory import asking, groups, roles, users
from accounts.directory.policies import Target
from accounts.errors import AlreadyExists, DeleteConflict, InvalidInput, LimitReached, PasswordRefused
from accounts.iam.arn import Arn
from registry.console import commands, places
from registry.console.forms import Typed
from registry.console.membership import Visitor, visitor_of
from registry.console.places import Can

FINDERS: Final[dict[str, Callable[..., Target]]] = {"users": users.get, "groups": groups.get, "roles": roles.get}
WORDS: Final = {"users": "User", "groups": "Group", "roles": "Role"}
"""How the names of IAM's actions call a kind."""


def visitor_at(request: HttpRequest, account_id: str) -> Visitor:
    """Who is at the pages of an account's principals."""
    return visitor_of(request, account_id, settings.HOME_REGION)


def context_of(request: HttpRequest, visitor: Visitor, section: str, resource: Arn | None = None) -> dict[str, Any]:
    """Context of a page; `can.CreateUser` answers about the resource, or about all of a section."""
    about = resource or asking.arn_of(visitor.account.id, "*")
    base = places.of_account(request, visitor, section)
    return base | {
        "section": section,
        "section_url": f"{base['base']}/iam/{section}",
        "can": Can(lambda action: visitor.may(f"iam:{action}", about)),
    }


def name_filter(request: HttpRequest) -> tuple[str, Callable[[str], bool]]:
    """What a list is filtered by, and whether a name has it in it, whatever the case."""
    contains = request.GET.get("contains", "").strip()[:64]
    return contains, lambda name: contains.lower() in name.lower()


def failure(call: Callable[[], object]) -> str:
    """Do something; what hinders it as a sentence, empty if it is done."""
    try:
        call()
    except AlreadyExists:
        return _("There is one of this name already.")
    except InvalidInput as error:
        if error.field == "name":
            return _("A name takes letters, digits and + = , . @ _ - only, without spaces.")
        return _("%(field)s %(why)s.") % {"field": error.field, "why": error.why}
    except PasswordRefused as error:
        return " ".join(error.reasons)
    except DeleteConflict as error:
        return _("It is still in use: %(why)s.") % {"why": error}
    except LimitReached as error:
        return _("The limit is reached: %(why)s.") % {"why": error}
    return ""


def command(request: HttpRequest, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The call of IAM that does the same as a page."""
    return commands.of_service(request, "iam", (operation, parameters))


def act(request: HttpRequest, call: Callable[[], object], done: str) -> str:
    """Do something and say so on the next page; what hinders it is said there, too."""
    hindrance = failure(call)
    if hindrance:
        messages.error(request, hindrance)
    else:
        messages.success(request, done)
    return hindrance


def confirm_deletion(
    request: HttpRequest,
    context: dict[str, Any],
    name: str,
    delete: Callable[[], object],
    *,
    loses: list[tuple[str, Any]],
    back: str,
    done: str,
    call: commands.Call,
) -> HttpResponse:
    """Show what is lost; the name has to be typed. `call` does the same by command."""
    form = Typed(name, request.POST if request.method == "POST" else None)
    hindrance = ""
    if request.method == "POST" and form.is_valid():
        hindrance = failure(delete)
        if not hindrance:
            messages.success(request, done)
            return redirect(context["section_url"])
    context |= {"name": name, "form": form, "loses": loses, "back": back, "hindrance": hindrance}
    context["command"] = command(request, *call)
    status = 422 if form.errors or hindrance else 200
    return render(request, "console/iam/delete.html", context, status=status)
