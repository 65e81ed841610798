"""Replication of a registry: rules with how they do, what failed, backfills, and where an image was copied to."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.caller import Caller
from accounts.console.asking import wants_part
from registry.console import commands, places
from registry.console.membership import console_page
from registry.console.replication_words import shown, why
from registry.console.views.registry import context_of, private
from registry.core import registries
from registry.errors import (
    BackfillInProgress,
    BackfillInvalidStatus,
    BackfillNotFound,
    InvalidValue,
    LimitExceeded,
)
from registry.replication import backfills, overview, statuses
from registry.values import Digest, RegistryId

CURRENT: Final = "replication"
SHOWN_BACKFILLS: Final = 10
SHOWN_RESULTS: Final = 200


@console_page
@require_safe
def index(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """The rules, how each destination does, what failed, and backfills."""
    visitor, registry = private(request, account_id, region)
    caller = visitor.caller
    context = context_of(request, visitor, registry, CURRENT)
    configuration = registries.replication(caller, registry)
    can = context["can"]
    may_list = can["ListReplicationBackfills"]
    context |= {
        "rules": [(number, shown(rule)) for number, rule in enumerate(configuration["rules"])],
        "destinations": overview.destinations(registry, configuration),
        "failures": _failures(caller, registry) if can["DescribeImageReplicationStatus"] else [],
        "backfills": backfills.recent(caller, registry, limit=SHOWN_BACKFILLS)[0] if may_list else [],
    }
    return render(request, "console/replication.html", context)


@console_page
@require_POST
def start_backfill(request: HttpRequest, account_id: str, region: str) -> HttpResponse:
    """Copy what was there before the rules to one destination."""
    visitor, registry = private(request, account_id, region)
    to = RegistryId(request.POST.get("registry_id", ""), request.POST.get("region", ""))
    try:
        row = backfills.start(visitor.caller, registry, to)
    except BackfillInProgress:
        messages.error(request, _("A backfill to this region is in progress already."))
    except LimitExceeded:
        messages.error(request, _("Ten backfills are in progress. Wait for one of them, or stop it."))
    except InvalidValue:
        messages.error(request, _("No rule leads there."))
    else:
        return redirect("console_backfill", account_id=account_id, region=region, backfill_id=row.id)
    return redirect("console_replication", account_id=account_id, region=region)


@console_page
@require_safe
@vary_on_headers("HX-Request")
def backfill(request: HttpRequest, account_id: str, region: str, backfill_id: str) -> HttpResponse:
    """How far a backfill is, and what failed once it is over; htmx asks for the changing part."""
    visitor, registry = private(request, account_id, region)
    row = _backfill(visitor.caller, registry, backfill_id)
    failed, more = backfills.results(row, status="FAILED", limit=SHOWN_RESULTS)
    context = context_of(request, visitor, registry, CURRENT) | {
        "backfill": row,
        "why": why(row.failure_code),
        "failed": [(each, why(each.failure_code), ", ".join(map(why, each.child_failure_codes))) for each in failed],
        "more": more,
    }
    parameters = {"replicationBackfillId": str(row.id)}
    context["command"] = commands.equivalent(request, registry, "DescribeReplicationBackfillResults", parameters)
    template = "console/_backfill_progress.html" if wants_part(request) else "console/backfill.html"
    return render(request, template, context)


@console_page
@require_POST
def stop_backfill(request: HttpRequest, account_id: str, region: str, backfill_id: str) -> HttpResponse:
    """Stop a backfill; what is copied stays."""
    visitor, registry = private(request, account_id, region)
    try:
        backfills.stop(visitor.caller, registry, backfill_id)
    except BackfillNotFound as error:
        raise Http404 from error
    except BackfillInvalidStatus:
        messages.error(request, _("It is over, or being stopped already."))
    else:
        messages.success(request, _("The backfill is stopped. What was copied stays."))
    return redirect("console_backfill", account_id=account_id, region=region, backfill_id=backfill_id)


@console_page
@require_safe
def copies(request: HttpRequest, account_id: str, region: str, name: str, digest: str) -> HttpResponse:
    """Where an image was replicated to."""
    visitor, registry = private(request, account_id, region)
    address = places.address_of(account_id, region, name)
    _digest, found = statuses.of_image(visitor.caller, address, Digest.parse(digest), None)
    context = places.of_repository(request, visitor, address, "images")
    parameters = {"repositoryName": name, "imageId": {"imageDigest": digest}}
    context |= {
        "digest": digest,
        "copies": [(each, why(each.failure_code)) for each in found],
        "command": commands.equivalent(request, registry, "DescribeImageReplicationStatus", parameters),
    }
    return render(request, "console/copies.html", context)


def _backfill(caller: Caller, registry: RegistryId, backfill_id: str) -> Any:
    try:
        return backfills.get(caller, registry, backfill_id)
    except BackfillNotFound as error:
        raise Http404 from error


def _failures(caller: Caller, registry: RegistryId) -> list[Any]:
    return [(each, why(each.failure_code)) for each in overview.failures(caller, registry)]
