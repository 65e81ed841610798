"""Who may do what with a repository: its policy in words and as JSON, and who can by it."""

import json
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.caller import Caller
from accounts.iam.document import Kind
from registry.console import commands, places
from registry.console.membership import console_page, visitor_of
from registry.console.policy_flow import REMOVED, SAVED, Flow
from registry.console.policy_words import PULL, PUSH
from registry.core import policies, simulation
from registry.core.simulation import Powers
from registry.errors import RepositoryPolicyNotFound
from registry.values import Address

STARTS: Final = {
    "user": gettext_lazy("Let a user of this account pull"),
    "pull": gettext_lazy("Let an account pull"),
    "push": gettext_lazy("Let an account push and pull"),
    "ci": gettext_lazy("Let a role of CI push and pull"),
    "service": gettext_lazy("Let a service such as Lambda pull"),
    "tag": gettext_lazy("Let an account pull some tags"),
    "network": gettext_lazy("Only from some networks"),
    "scan": gettext_lazy("No pulls of images that are not scanned, or have critical findings"),
}
"""Starting points of a policy, by their name in the address."""
POWERS: Final = ("pull", "push", "delete", "manage")


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def permissions(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """Show the policy, or start one; check it, review what changes, put it in force, remove it."""
    visitor = visitor_of(request, account_id, region)
    caller, address = visitor.caller, places.address_of(account_id, region, name)
    wanted = request.GET.get("start", "")
    able = _who_can(caller, address)
    flow = Flow(
        request,
        Kind.REPOSITORY,
        saved=_saved(caller, address),
        start=_start(wanted, address, able) if wanted in STARTS else "",
        allow=lambda: policies.allow(caller, address),
        put=lambda text: policies.put(caller, address, text, force="force" in request.POST),
        remove=lambda: policies.delete(caller, address),
        locks_out=lambda text: policies.locks_out(caller, address, text),
        loses=lambda text: _loses(able, _who_can(caller, address, text)),
    )
    outcome = flow.run()
    if outcome in (SAVED, REMOVED):
        done = _("The policy is in force.") if outcome == SAVED else _("The policy is removed.")
        messages.success(request, done)
        return redirect(request.path)
    context = places.of_repository(request, visitor, address, "permissions") | flow.context()
    parameters = {"repositoryName": name, "policyText": flow.draft.text}
    context |= {
        "starts": [] if flow.saved else [{"name": key, "title": title} for key, title in STARTS.items()],
        "is_read_only": not context["can"]["SetRepositoryPolicy"],
        "who_can": able,
        "versions": policies.versions(caller, address)[1:],
        "command": flow.draft.text.strip()
        and commands.equivalent(request, address.registry, "SetRepositoryPolicy", parameters),
    }
    return render(request, "console/permissions.html", context, status=flow.status)


def _who_can(caller: Caller, address: Address, text: str | None = None) -> list[Powers]:
    """Who may pull, push, delete and manage; empty for those who may not ask about the account's principals."""
    return simulation.who_can(caller, address, text=text) if simulation.may_ask(caller) else []


def _loses(before: list[Powers], after: list[Powers]) -> list[dict[str, Any]]:
    """Who could do more before."""
    later = {each.arn: each for each in after}
    found = []
    for each in before:
        lost = [power for power in POWERS if getattr(each, power) and not getattr(later.get(each.arn), power, False)]
        if lost:
            found.append({"name": each.name, "lost": lost})
    return found


def _saved(caller: Caller, address: Address) -> str:
    """The policy in force; empty if there is none."""
    try:
        return policies.get(caller, address)
    except RepositoryPolicyNotFound:
        return ""


def _who_cannot_pull(address: Address, able: list[Powers]) -> str:
    """The first user who can't pull yet; a name to replace if there is none."""
    users = [each.arn for each in able if each.kind == "user" and not each.pull]
    return users[0] if users else f"arn:aws:iam::{address.registry.account_id}:user/name"


def _start(name: str, address: Address, able: list[Powers]) -> str:
    """A policy to begin with; users, accounts, roles and networks in it are ones to replace."""
    service = "ecr-public" if address.is_public else "ecr"
    may_push = name in {"push", "ci"}
    statement: dict[str, Any] = {
        "Sid": name.capitalize(),
        "Effect": "Allow",
        "Principal": {"AWS": "444455556666"},
        "Action": [f"{service}:{each}" for each in (PULL + PUSH if may_push else PULL)],
    }
    match name:
        case "user":
            statement["Principal"] = {"AWS": _who_cannot_pull(address, able)}
        case "ci":
            statement["Principal"] = {"AWS": f"arn:aws:iam::{address.registry.account_id}:role/ci-deploy"}
        case "service":
            statement["Principal"] = {"Service": "lambda.amazonaws.com"}
        case "tag":
            statement["Condition"] = {"StringLike": {"ecr:ImageTag": "release-*"}}
        case "network":
            statement |= {
                "Effect": "Deny",
                "Principal": "*",
                "Action": f"{service}:*",
                "Condition": {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24"]}},
            }
    statements = _scanned(service) if name == "scan" else [statement]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def _scanned(service: str) -> list[dict[str, Any]]:
    """Denials of what is not scanned and of what is bad; indexes and signatures go through."""
    waiting = ["NOT_SCANNED", "PENDING", "IN_PROGRESS", "FAILED", "FINDINGS_UNAVAILABLE"]
    known: dict[str, Any] = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": [f"{service}:BatchGetImage", f"{service}:GetDownloadUrlForLayer"],
    }
    return [
        {"Sid": "NotScanned"} | known | {"Condition": {"StringEquals": {"kho:ImageScanStatus": waiting}}},
        {"Sid": "Critical"} | known | {"Condition": {"StringEquals": {"kho:ImageWorstSeverity": "CRITICAL"}}},
    ]
