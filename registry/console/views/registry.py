"""A private registry as a whole: its policy, its settings, and whose pulls leave no trace in last pull times."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.caller import Caller
from accounts.iam.document import Kind
from registry.console import commands, places, stale
from registry.console.membership import Visitor, console_page, visitor_of
from registry.console.policy_flow import REMOVED, SAVED, Flow
from registry.console.registry_forms import Exclusion, RegistrySettings
from registry.core import registries, registry_settings
from registry.errors import (
    ExclusionAlreadyExists,
    ExclusionNotFound,
    LimitExceeded,
    RegistryPolicyNotFound,
)
from registry.values import RegistryId

STARTS: Final = {
    "replicate": gettext_lazy("Let an account replicate to this registry"),
    "pull": gettext_lazy("Let an account pull from all repositories"),
}
WORDS: Final = {
    "policy_scope": gettext_lazy("What the registry policy decides about"),
    "blob_mounting": gettext_lazy("Blob mounting"),
    "trusts_attached_vex": gettext_lazy("Trust VEX attached to images"),
}


def private(request: HttpRequest, account_id: str, region: str) -> tuple[Visitor, RegistryId]:
    """Who is at the pages of a private registry; Http404 for the public one, which has none of them."""
    registry = places.registry_of(account_id, region)
    if registry.is_public:
        raise Http404
    return visitor_of(request, account_id, region), registry


def context_of(request: HttpRequest, visitor: Visitor, registry: RegistryId, current: str) -> dict[str, Any]:
    """Context of a page of a registry."""
    context = places.of_registry(request, visitor, registry) | {"current": current, "registry_region": registry.region}
    return context | {"registry_url": f"{context['base']}/{registry.region}/registry"}


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """The registry policy, in the same editor as those of repositories."""
    visitor, registry = private(request, account_id, region)
    caller, wanted = visitor.caller, request.GET.get("start", "")
    flow = Flow(
        request,
        Kind.REGISTRY,
        saved=_saved(caller, registry),
        start=_start(wanted, registry) if wanted in STARTS else "",
        allow=lambda: registries.allow_policy(caller, registry),
        put=lambda text: registries.put_policy(caller, registry, text),
        remove=lambda: registries.delete_policy(caller, registry),
        locks_out=lambda text: registries.locks_out(caller, registry, text),
        loses=lambda text: [],
    )
    outcome = flow.run()
    if outcome in (SAVED, REMOVED):
        done = _("The policy is in force.") if outcome == SAVED else _("The policy is removed.")
        messages.success(request, done)
        return redirect(request.path)
    context = context_of(request, visitor, registry, "registry-permissions") | flow.context()
    context |= {
        "starts": [] if flow.saved else [{"name": key, "title": title} for key, title in STARTS.items()],
        "is_read_only": not context["can"]["PutRegistryPolicy"],
        "scope": registries.account_setting(caller, registry, "REGISTRY_POLICY_SCOPE"),
        "command": flow.draft.text.strip()
        and commands.equivalent(request, registry, "PutRegistryPolicy", {"policyText": flow.draft.text}),
    }
    return render(request, "console/registry_permissions.html", context, status=flow.status)


def _saved(caller: Caller, registry: RegistryId) -> str:
    try:
        return registries.policy(caller, registry)
    except RegistryPolicyNotFound:
        return ""


def _start(name: str, registry: RegistryId) -> str:
    """A policy to begin with; the account is one to replace."""
    actions = ["CreateRepository", "ReplicateImage"]
    if name == "pull":
        actions = ["BatchCheckLayerAvailability", "BatchGetImage", "GetDownloadUrlForLayer"]
    statement = {
        "Sid": name.capitalize(),
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
        "Action": [f"ecr:{each}" for each in actions],
        "Resource": f"arn:aws:ecr:{registry.region}:{registry.account_id}:repository/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


@console_page
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """What is set for the registry, each with what it does; and the exclusions from last pull times."""
    visitor, registry = private(request, account_id, region)
    caller = visitor.caller
    now = registry_settings.get(caller, registry).as_dict()
    step = request.POST.get("step", "")
    form = RegistrySettings(request.POST if step == "save" else None, initial=now)
    exclusion = Exclusion(request.POST if step == "exclude" else None)
    conflict = stale.conflict(request, now, now, WORDS) if step == "save" else []
    if step == "include":
        _include(request, caller, registry)
        return redirect(request.path)
    if exclusion.is_bound and exclusion.is_valid() and _exclude(request, caller, registry, exclusion):
        return redirect(request.path)
    if form.is_bound and form.is_valid() and not conflict:
        registry_settings.change(caller, registry, registry_settings.Settings(**form.cleaned_data))
        messages.success(request, _("The settings of the registry are saved."))
        return redirect(request.path)
    context = context_of(request, visitor, registry, "registry-settings")
    context |= {
        "form": form,
        "exclusion": exclusion,
        "was": stale.mark(now),
        "conflict": conflict,
        "is_read_only": not context["can"]["PutAccountSetting"],
        "exclusions": registries.pull_time_exclusions(caller, registry, limit=registries.MOST_EXCLUSIONS),
        "command": _command(request, registry, form.cleaned_data if form.is_bound and form.is_valid() else now),
    }
    status = 409 if conflict else 422 if form.errors or exclusion.errors else 200
    return render(request, "console/registry_settings.html", context, status=status)


def _command(request: HttpRequest, registry: RegistryId, values: Mapping[str, Any]) -> dict[str, Any]:
    """The calls that set the same."""
    mounting = "ENABLED" if values["blob_mounting"] else "DISABLED"
    attached = "TRUSTED" if values["trusts_attached_vex"] else "SHOWN"
    return commands.equivalent(
        request,
        registry,
        "PutAccountSetting",
        {"name": "REGISTRY_POLICY_SCOPE", "value": values["policy_scope"]},
        ("PutAccountSetting", {"name": "BLOB_MOUNTING", "value": mounting}),
        ("PutAccountSetting", {"name": "ATTACHED_VEX", "value": attached}),
    )


def _exclude(request: HttpRequest, caller: Caller, registry: RegistryId, form: Exclusion) -> bool:
    """Add an exclusion; False, with the error in the form, if there are too many."""
    try:
        registries.exclude_pull_time(caller, registry, form.cleaned_data["principal_arn"])
    except ExclusionAlreadyExists:
        messages.success(request, _("Its pulls leave no trace already."))
    except LimitExceeded:
        form.add_error("principal_arn", _("A registry may have 100 exclusions."))
        return False
    else:
        messages.success(request, _("Its pulls leave last pull times alone from now on."))
    return True


def _include(request: HttpRequest, caller: Caller, registry: RegistryId) -> None:
    try:
        registries.include_pull_time(caller, registry, request.POST.get("principal_arn", ""))
    except ExclusionNotFound:
        messages.success(request, _("Its pulls count already."))
    else:
        messages.success(request, _("Its pulls count again."))
