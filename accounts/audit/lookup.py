"""Reads the trail of an account: filtered, newest first, page by page; and one event as CloudTrail writes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from accounts.audit.actions import Action
from accounts.iam.arn import Arn
from accounts.models import AuditEvent

PAGE: Final = 50
COUNTED: Final = 10_000
"""Up to how many events are counted; more are "many"."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; a field that is empty or None lets all through.

    `who` is part of a principal's ARN, or an access key id; `resource` is part of the resource's name, or a whole ARN.
    """

    who: str = ""
    action: str = ""
    resource: str = ""
    denied: bool = False
    reads: bool = False
    since: datetime | None = None
    until: datetime | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Events:
    """Some events, where the next page starts (empty: nowhere), and how many match, up to COUNTED + 1."""

    rows: list[AuditEvent]
    next: str
    total: int


def resource_of(account_id: str) -> Arn:
    """What the right to read an account's trail is asked about."""
    return Arn("cloudtrail", "", account_id, "trail/kho")


def page(account_id: str, only: EventFilter, *, after: str = "", limit: int = PAGE) -> Events:
    """Return an account's events, newest first. Whoever calls has asked the gate."""
    found = _found(account_id, only)
    total = found.order_by()[: COUNTED + 1].count()
    rows = list(_behind(found, after).order_by("-event_time", "-id")[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return Events(rows[:limit], f"{last.event_time.isoformat()}~{last.id}" if last else "", total)


def recent(account_id: str, limit: int) -> list[AuditEvent]:
    """Return an account's last changes, newest first."""
    return list(_found(account_id, EventFilter()).order_by("-event_time", "-id")[:limit])


def newer(account_id: str, only: EventFilter, than: AuditEvent | None) -> int:
    """Return how many events have come since one was shown, 99 at most."""
    found = _found(account_id, only)
    if than is not None:
        found = found.filter(Q(event_time__gt=than.event_time) | Q(event_time=than.event_time, id__gt=than.id))
    return found.order_by()[:99].count()


def every(account_id: str, only: EventFilter, limit: int) -> Iterator[AuditEvent]:
    """Return an account's events one by one, newest first, `limit` at most, without holding them all."""
    return _found(account_id, only).order_by("-event_time", "-id")[:limit].iterator(chunk_size=500)


def get(account_id: str, event_id: str) -> AuditEvent | None:
    """Return one event of an account; None if it has none of this id."""
    try:
        return AuditEvent.objects.filter(account_id=account_id, id=UUID(event_id)).first()
    except ValueError:
        return None


def count(account_id: str, action: Action, since: datetime) -> int:
    """Return how often an action was done since a time."""
    found = AuditEvent.objects.filter(account_id=account_id, read_only=False, event_time__gte=since)
    return found.filter(event_name=action.value, error_code="").count()


def as_cloudtrail(event: AuditEvent) -> dict[str, Any]:
    """The event as a CloudTrail record."""
    arn = event.principal_arn
    kind = "AssumedRole" if ":assumed-role/" in arn else "Root" if arn.endswith(":root") else "IAMUser"
    identity = {"type": kind if arn else "Unknown", "arn": arn, "accountId": event.caller_account_id}
    if event.access_key_id:
        identity["accessKeyId"] = event.access_key_id
    record = {
        "eventVersion": "1.08",
        "userIdentity": identity,
        "eventTime": event.event_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": event.event_source,
        "eventName": event.event_name,
        "awsRegion": event.region,
        "sourceIPAddress": event.source_ip,
        "userAgent": event.user_agent,
        "errorCode": event.error_code or None,
        "requestParameters": event.details or None,
        "requestID": event.request_id,
        "eventID": str(event.id),
        "readOnly": event.read_only,
        "resources": [{"ARN": event.resource_arn, "accountId": event.account_id}],
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": event.account_id,
    }
    return {key: value for key, value in record.items() if value not in (None, "")}


def _found(account_id: str, only: EventFilter) -> QuerySet[AuditEvent]:
    found = AuditEvent.objects.filter(account_id=account_id)
    if not only.reads:
        found = found.filter(read_only=False)
    if only.who:
        found = found.filter(Q(principal_arn__icontains=only.who) | Q(access_key_id=only.who))
    if only.action:
        found = found.filter(event_name__iexact=only.action)
    if only.resource:
        is_arn = only.resource.startswith("arn:")
        found = found.filter(**{"resource_arn" if is_arn else "resource_arn__icontains": only.resource})
    if only.denied:
        found = found.exclude(error_code="")
    if only.since:
        found = found.filter(event_time__gte=only.since)
    if only.until:
        found = found.filter(event_time__lt=only.until)
    return found.filter(request_id=only.request_id) if only.request_id else found


def _behind(found: QuerySet[AuditEvent], after: str) -> QuerySet[AuditEvent]:
    """Leave out what comes up to the place that a cursor names; everything stays if it can't be read."""
    text, _, event_id = after.rpartition("~")
    try:
        at, last = parse_datetime(text), UUID(event_id)
    except ValueError:
        return found
    if at is None or at.tzinfo is None:
        return found
    return found.filter(Q(event_time__lt=at) | Q(event_time=at, id__lt=last))
