"""Who may do what with a repository: its policy as JSON, checked with the places of its errors."""

import json
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.errors import AccessDenied
from accounts.iam.document import Kind
from registry.console import editor, places
from registry.console.membership import console_page, visitor_of
from registry.core import policies, simulation
from registry.errors import PolicyLocksOut, RepositoryPolicyNotFound
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
    wanted = request.GET.get("start", "")
    draft = editor.draft(request, Kind.REPOSITORY, saved, start=_start(wanted, address) if wanted in STARTS else "")
    locks_out = False
    if draft.step == "remove" or (draft.step == "save" and not draft.text.strip()):
        if saved:
            policies.delete(visitor.caller, address)
            messages.success(request, _("The policy is removed."))
        return redirect(request.path)
    if draft.step == "save":
        try:
            if draft.save(lambda text: policies.put(visitor.caller, address, text, force="force" in request.POST)):
                messages.success(request, _("The policy is in force."))
                return redirect(request.path)
        except PolicyLocksOut:
            locks_out = True
    context = places.of_repository(request, visitor, address, "permissions") | draft.context()
    context |= {
        "starts": [] if saved else [{"name": key, "title": title} for key, title in STARTS.items()],
        "locks_out": locks_out,
        "is_read_only": not context["can"]["SetRepositoryPolicy"],
        "who_can": _who_can(visitor.caller, address),
        "versions": policies.versions(visitor.caller, address)[1:],
    }
    failed = request.method == "POST" and (locks_out or context["errors"] or draft.error)
    return render(request, "console/permissions.html", context, status=422 if failed else 200)


def _who_can(caller: Any, address: Address) -> list[simulation.Powers]:
    """Who may pull, push, delete and manage; empty for those who may not ask about the account's principals."""
    try:
        return simulation.who_can(caller, address)
    except AccessDenied:
        return []


def _saved(caller: Any, address: Address) -> str:
    """The policy in force; empty if there is none."""
    try:
        return policies.get(caller, address)
    except RepositoryPolicyNotFound:
        return ""


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
