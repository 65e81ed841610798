"""The simulator: whether a principal may do something, and which statement decides."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.caller import Caller
from accounts.directory import roles, users
from accounts.errors import AccessDenied, InvalidInput, NotFound
from accounts.iam import arn
from registry.console import places
from registry.console.membership import console_page, visitor_of
from registry.console.views.iam.common import context_of
from registry.core import simulation
from registry.core.simulation import Question
from registry.errors import InvalidPolicy, InvalidRepositoryName, RepositoryNotFound
from registry.values import PUBLIC

FIELDS: Final = ("principal", "action", "region", "repository", "tag", "status", "worst", "address", "time")
SHORT: Final = {
    "pull": "BatchGetImage",
    "push": "PutImage",
    "delete": "BatchDeleteImage",
    "manage": "SetRepositoryPolicy",
}
"""Words that people use, and the action that each of them is asked about as."""


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def simulator(request: HttpRequest, account_id: str) -> HttpResponse:
    """A form, and the answer to it; the address of the page holds the question, so it can be shared.

    A POST brings a policy's text that is not in force; without one it only leads to the address of the question.
    """
    given = request.POST if request.method == "POST" else request.GET
    asked = {name: given.get(name, "").strip() for name in FIELDS}
    asked["region"] = asked["region"] or settings.HOME_REGION
    text = request.POST.get("text", "").strip()
    visitor = visitor_of(request, account_id, asked["region"])
    if request.method == "POST" and not text:
        return redirect(f"{request.path}?{urlencode({key: value for key, value in asked.items() if value})}")
    context = context_of(request, visitor, "simulator") | {
        "asked": asked,
        "text": text,
        "principals": _principals(visitor.caller, account_id),
        "all_regions": [*settings.REGIONS, PUBLIC],
        "short": SHORT,
        "statuses": simulation.STATUSES,
        "severities": simulation.SEVERITIES,
    }
    if asked["principal"] and asked["action"]:
        try:
            answer = simulation.ask(visitor.caller, _question(asked, account_id, text))
            context |= {"answer": answer, "decision": answer.explanation.decision}
        except (InvalidInput, InvalidRepositoryName, InvalidPolicy, NotFound, RepositoryNotFound) as error:
            context["problem"] = _sentence(error)
    return render(request, "console/iam/simulator.html", context, status=422 if context.get("problem") else 200)


def _question(asked: dict[str, str], account_id: str, text: str) -> Question:
    registry = places.registry_of(account_id, asked["region"])
    name, service = asked["repository"], "ecr-public" if registry.is_public else "ecr"
    action = SHORT.get(asked["action"], asked["action"])
    try:
        at = datetime.fromisoformat(asked["time"]) if asked["time"] else None
    except ValueError as error:
        raise InvalidInput("time", "takes a date and time such as 2026-12-24T18:00") from error
    if asked["status"] not in {"", *simulation.STATUSES} or asked["worst"] not in {"", *simulation.SEVERITIES}:
        raise InvalidInput("scan", "takes a status and a severity of the lists")
    return Question(
        principal=asked["principal"],
        action=action if ":" in action else f"{service}:{action}",
        registry=registry,
        address=places.address_of(account_id, registry.region, name) if name else None,
        image_tag=asked["tag"],
        source_ip=asked["address"],
        at=at.replace(tzinfo=at.tzinfo or UTC) if at else None,
        text=text or None,
        scan_status=asked["status"],
        worst=asked["worst"],
    )


def _sentence(error: Any) -> str:
    match error:
        case InvalidPolicy():
            first = error.problems[0]
            place = {"line": first.line, "column": first.column, "path": first.path, "message": first.message}
            return _("The policy, line %(line)s, column %(column)s: %(path)s %(message)s") % place
        case NotFound():
            return _("There is no such principal in this account.")
        case RepositoryNotFound():
            return _("There is no such repository in this registry.")
        case InvalidRepositoryName():
            return _("This is no name of a repository.")
        case _:
            return _("%(field)s %(why)s.") % {"field": error.field, "why": error.why}


def _principals(caller: Caller, account_id: str) -> list[str]:
    """ARNs to choose from: the account's root, users and roles that the visitor may list, and nobody."""
    found = [str(arn.root(account_id))]
    try:
        found += [each.arn for each in users.list_users(caller, account_id)]
        found += [each.arn for each in roles.list_roles(caller, account_id)]
    except AccessDenied:
        pass
    return [*found, simulation.ANONYMOUS]
