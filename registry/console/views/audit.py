"""The audit log: filtered pages, one event, export; and the events of one repository."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.audit import lookup
from accounts.audit.lookup import EventFilter
from accounts.console.asking import wants_part
from accounts.models import AuditEvent
from registry.console import lists, places
from registry.console.audit_forms import EventFilters
from registry.console.membership import console_page, visitor_of
from registry.content import spreadsheets
from registry.core import audit_pages

COLUMNS: Final = (
    *("eventTime", "eventName", "eventSource", "resource", "principal", "accessKeyId", "sourceIPAddress"),
    *("userAgent", "errorCode", "readOnly", "requestID", "eventID"),
)


@console_page
@require_safe
@vary_on_headers("HX-Request")
def index(request: HttpRequest, account_id: str) -> HttpResponse:
    """The account's events; with `newer` only how many have come since the first one shown."""
    visitor = visitor_of(request, account_id, settings.HOME_REGION)
    form = lists.filters_of(EventFilters, request)
    context: dict[str, Any] = places.of_account(request, visitor, "audit")
    if newer := request.GET.get("newer", "")[:36]:
        count = audit_pages.newer(visitor.caller, form.chosen(), newer)
        return render(request, "console/_newer_events.html", context | {"count": count, "first": newer})
    page = audit_pages.page(visitor.caller, form.chosen(), **lists.cut_of(request))
    context |= _listed(page, form)
    template = "console/_event_rows.html" if wants_part(request) else "console/audit.html"
    return render(request, template, context, status=400 if form.errors else 200)


def _listed(page: lookup.Events, form: EventFilters) -> dict[str, Any]:
    return {
        "page": page,
        "form": form,
        "used": lists.used(form),
        "filter": lists.query_of(form),
        "is_counted": page.total <= lookup.COUNTED,
        "counted": lookup.COUNTED,
        "most_exported": audit_pages.MOST_EXPORTED,
    }


@console_page
@require_safe
def detail(request: HttpRequest, account_id: str, event_id: str) -> HttpResponse:
    """One event, as CloudTrail writes it."""
    visitor = visitor_of(request, account_id, settings.HOME_REGION)
    event = audit_pages.get(visitor.caller, event_id)
    text = json.dumps(lookup.as_cloudtrail(event), indent=2, ensure_ascii=False)
    context = places.of_account(request, visitor, "audit") | {"event": event, "json": text}
    context["is_by_staff"] = lookup.is_by_staff(event)
    return render(request, "console/event.html", context)


@console_page
@require_safe
def export(request: HttpRequest, account_id: str, kind: str) -> HttpResponseBase:
    """The events that match, as CSV or as JSON lines, sent while they are read."""
    visitor = visitor_of(request, account_id, settings.HOME_REGION)
    form = lists.filters_of(EventFilters, request)
    if not form.is_valid():
        context = places.of_account(request, visitor, "audit")
        context |= _listed(audit_pages.page(visitor.caller, EventFilter()), form)
        return render(request, "console/audit.html", context, status=400)
    events = audit_pages.export(visitor.caller, form.chosen())
    lines = _csv(events) if kind == "csv" else _json(events)
    content_type = "text/csv; charset=utf-8" if kind == "csv" else "application/x-ndjson"
    name = f"audit-{account_id}.{'csv' if kind == 'csv' else 'jsonl'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type=content_type, headers=headers)


def _csv(events: Iterator[AuditEvent]) -> Iterator[str]:
    yield from spreadsheets.lines(chain([COLUMNS], map(_row, events)))


def _row(event: AuditEvent) -> tuple[object, ...]:
    """The cells of an event, as COLUMNS names them."""
    return (
        event.event_time.isoformat(),
        event.event_name,
        event.event_source,
        event.resource_arn,
        event.principal_arn,
        event.access_key_id,
        event.source_ip,
        event.user_agent,
        event.error_code,
        event.read_only,
        event.request_id,
        event.id,
    )


def _json(events: Iterator[AuditEvent]) -> Iterator[str]:
    for event in events:
        yield json.dumps(lookup.as_cloudtrail(event), ensure_ascii=False) + "\n"


@console_page
@require_safe
def of_repository(request: HttpRequest, account_id: str, region: str, name: str) -> HttpResponse:
    """The events of one repository."""
    visitor = visitor_of(request, account_id, region)
    address = places.address_of(account_id, region, name)
    form = lists.filters_of(EventFilters, request)
    page = audit_pages.page(visitor.caller, form.chosen(), **lists.cut_of(request), address=address)
    context = places.of_repository(request, visitor, address, "events") | _listed(page, form)
    return render(request, "console/events.html", context, status=400 if form.errors else 200)
