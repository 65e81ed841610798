"""Who may do what with a repository: its policy as JSON, checked with the places of its errors."""

import json
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.iam.document import LIMITS, Kind, Problem
from registry.console import places
from registry.console.membership import console_page, visitor_of
from registry.core import policies
from registry.errors import InvalidPolicy, PolicyLocksOut, RepositoryPolicyNotFound
from registry.values import Address

PULL: Final = ("BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer")
PUSH: Final = ("CompleteLayerUpload", "InitiateLayerUpload", "PutImage", "UploadLayerPart")
STARTS: Final = {
    "pull": gettext_lazy("Let an account pull"),
    "push": gettext_lazy("Let an account push and pull"),
    "tag": gettext_lazy("Let an account pull some tags"),
    "network": gettext_lazy("Only from some networks"),
}
"""Starting points of a policy, by their name in the address."""


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def permissions(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """Show the policy, or start one; check it, put it in force, remove it."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    saved = _saved(visitor.caller, address)
    text, locks_out = saved, False
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        text = request.POST.get("text", "").replace("\r\n", "\n")
        step = request.POST.get("step", "save")
        if step == "format":
            text = _formatted(text)
        elif step == "remove" or not text.strip():
            if saved:
                policies.delete(visitor.caller, address)
                messages.success(request, _("The policy is removed."))
            return redirect(request.path)
        elif step == "save":
            try:
                policies.put(visitor.caller, address, text, force="force" in request.POST)
                messages.success(request, _("The policy is in force."))
                return redirect(request.path)
            except InvalidPolicy as error:
                problems = error.problems
            except PolicyLocksOut:
                locks_out = True
        problems = problems or policies.check(text)
    elif request.GET.get("start") in STARTS and not saved:
        text = _start(request.GET["start"], address)
    elif saved:
        problems = policies.check(saved)
    context = places.of_repository(request, visitor, address, "permissions")
    context |= {
        "text": text,
        "saved": saved,
        "starts": [] if saved else [{"name": key, "title": title} for key, title in STARTS.items()],
        "errors": [each for each in problems if not each.is_warning],
        "warnings": [each for each in problems if each.is_warning],
        "locks_out": locks_out,
        "limit": LIMITS[Kind.REPOSITORY],
        "rows": max(12, min(30, text.count("\n") + 3)),
    }
    failed = request.method == "POST" and (locks_out or context["errors"])
    return render(request, "console/permissions.html", context, status=422 if failed else 200)


def _saved(caller: Any, address: Address) -> str:
    """The policy in force; empty if there is none."""
    try:
        return policies.get(caller, address)
    except RepositoryPolicyNotFound:
        return ""


def _formatted(text: str) -> str:
    """The same JSON, indented; as it is if it can't be read."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _start(name: str, address: Address) -> str:
    """A policy to begin with; the account is one to replace."""
    service = "ecr-public" if address.is_public else "ecr"
    statement: dict[str, Any] = {
        "Sid": name.capitalize(),
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": [f"{service}:{each}" for each in (PULL + PUSH if name == "push" else PULL)],
    }
    if name == "tag":
        statement["Condition"] = {"StringLike": {"ecr:ImageTag": "release-*"}}
    if name == "network":
        statement |= {
            "Effect": "Deny",
            "Principal": "*",
            "Action": f"{service}:*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}},
        }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)
