"""Reads the trail of an account: filtered, newest first, page by page; and one event as CloudTrail writes it.

What staff did is shown to the account without who they are, from where they came, and what they noted for staff alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from accounts.audit.actions import Action
from accounts.caller import STAFF, STAFF_AGENT, service
from accounts.iam import arn
from accounts.iam.arn import Arn
from accounts.models import AuditEvent

PAGE: Final = 50
COUNTED: Final = 10_000
"""Up to how many events are counted; more are "many"."""
END: Final = "~"
"""The place behind the oldest event."""

FOR_STAFF: Final = frozenset({"because"})
"""Details that only staff read."""
BY_STAFF_ALONE: Final = frozenset(
    action.value
    for action in (
        *(Action.SUSPEND_ACCOUNT, Action.RESUME_ACCOUNT, Action.VERIFY_PUBLISHER, Action.UNVERIFY_PUBLISHER),
        *(Action.APPROVE_REGISTRY_ALIAS, Action.REJECT_REGISTRY_ALIAS, Action.QUESTION_REGISTRY_ALIAS),
        *(Action.CREATE_RESERVED_NAME, Action.DELETE_RESERVED_NAME),
    )
)
TAKEDOWN: Final = frozenset({"takedown", "takedownLifted"})
"""Details of what staff did by actions that others do, too."""
STAFF_IN_WORDS: Final = "staff of this registry"
SERVICES: Final = "aws-service-role/"
"""How the names of roles begin that this software's own work is done as."""

Place = tuple[datetime, UUID]


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
    """Some events, where the next page starts (empty: nowhere), how many match (up to COUNTED + 1), what is newer."""

    rows: list[AuditEvent]
    next: str
    total: int
    previous: str = ""


def resource_of(account_id: str) -> Arn:
    """What the right to read an account's trail is asked about."""
    return Arn("cloudtrail", "", account_id, "trail/kho")


def page(account_id: str, only: EventFilter, *, after: str = "", before: str = "", limit: int = PAGE) -> Events:
    """Return an account's events, newest first: older ones than `after`, or newer ones than `before`.

    Where less than a page is newer, the first page is all of it. Whoever calls has asked the gate.
    """
    found = _found(account_id, only)
    total = found.order_by()[: COUNTED + 1].count()
    place = _place(after)
    end = _place(before) if place is None else None
    if end is not None or (place is None and before == END):
        newer_rows = list(_newer(found, end).order_by("event_time", "id")[: limit + 1])
        if len(newer_rows) > limit:
            rows = _shown(newer_rows[:limit][::-1])
            return Events(
                rows, _write(rows[-1]) if _older(found, _at(rows[-1])).exists() else "", total, _write(rows[0])
            )
    older_rows = list(_older(found, place).order_by("-event_time", "-id")[: limit + 1])
    rows = _shown(older_rows[:limit])
    following = _write(rows[-1]) if len(older_rows) > limit else ""
    if place is None:
        return Events(rows, following, total)
    if not rows:
        return Events([], "", total, END if total else "")
    return Events(rows, following, total, _write(rows[0]) if _newer(found, _at(rows[0])).exists() else "")


def recent(account_id: str, limit: int) -> list[AuditEvent]:
    """Return an account's last changes, newest first."""
    return _shown(_found(account_id, EventFilter()).order_by("-event_time", "-id")[:limit])


def newer(account_id: str, only: EventFilter, than: AuditEvent | None) -> int:
    """Return how many events have come since one was shown, 99 at most."""
    found = _newer(_found(account_id, only), _at(than) if than else None)
    return found.order_by()[:99].count()


def every(account_id: str, only: EventFilter, limit: int) -> Iterator[AuditEvent]:
    """Return an account's events one by one, newest first, `limit` at most, without holding them all."""
    found = _found(account_id, only).order_by("-event_time", "-id")[:limit]
    return map(shown_to_account, found.iterator(chunk_size=500))


def get(account_id: str, event_id: str) -> AuditEvent | None:
    """Return one event of an account; None if it has none of this id."""
    try:
        found = AuditEvent.objects.filter(account_id=account_id, id=UUID(event_id)).first()
    except ValueError:
        return None
    return shown_to_account(found) if found else None


def done(account_id: str, action: Action, since: datetime) -> QuerySet[AuditEvent]:
    """Return the events of an action that was done since a time, to be counted."""
    found = AuditEvent.objects.filter(account_id=account_id, read_only=False, event_time__gte=since)
    return found.filter(event_name=action.value, error_code="")


def is_by_staff(event: AuditEvent) -> bool:
    """Whether the deployment's staff did it. Clients choose how they call themselves, but not their principal."""
    if event.principal_arn == _staff_arn(event.account_id):
        return True
    is_formerly = event.principal_arn == str(arn.root(event.account_id)) and event.user_agent.startswith(STAFF_AGENT)
    return is_formerly and (event.event_name in BY_STAFF_ALONE or not TAKEDOWN.isdisjoint(event.details))


def shown_to_account(event: AuditEvent) -> AuditEvent:
    """The event as the account's own people see it; the row stays as it is."""
    if is_by_staff(event):
        event.principal_arn = _staff_arn(event.account_id)
        event.user_agent = event.source_ip = ""
        event.details = {key: value for key, value in event.details.items() if key not in FOR_STAFF}
    return event


def of_staff(account_id: str, *, number: int = 1, size: int = PAGE) -> tuple[list[AuditEvent], int]:
    """Return what staff did to an account (empty: to the deployment), newest first, with who did it; and how much."""
    formerly = Q(principal_arn=str(arn.root(account_id)), user_agent__startswith=STAFF_AGENT)
    formerly &= Q(event_name__in=BY_STAFF_ALONE) | Q(details__has_any_keys=sorted(TAKEDOWN))
    found = AuditEvent.objects.filter(Q(principal_arn=_staff_arn(account_id)) | formerly, account_id=account_id)
    found = found.filter(read_only=False)
    rows = found.order_by("-event_time", "-id")[(number - 1) * size : number * size]
    return list(rows), found.count()


def _staff_arn(account_id: str) -> str:
    """Whom staff act as; in earlier events it is the account's root."""
    return service(account_id, STAFF).principal_arn


def _shown(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    return [shown_to_account(event) for event in events]


def as_cloudtrail(event: AuditEvent) -> dict[str, Any]:
    """The event as a CloudTrail record."""
    identity = _identity(event)
    if event.access_key_id:
        identity["accessKeyId"] = event.access_key_id
    if event.event_name == Action.POLICY_EXECUTION_EVENT:
        return _as_service_event(event)
    record = {
        "eventVersion": "1.08",
        "userIdentity": identity,
        "eventTime": event.event_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": event.event_source,
        "eventName": event.event_name,
        "awsRegion": event.region,
        "sourceIPAddress": event.source_ip or identity.get("invokedBy"),
        "userAgent": event.user_agent or identity.get("invokedBy"),
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


def _as_service_event(event: AuditEvent) -> dict[str, Any]:
    """What the service did by itself, as CloudTrail writes it."""
    return {
        "eventVersion": "1.05",
        "userIdentity": {"accountId": event.account_id, "invokedBy": "AWS Internal"},
        "eventTime": event.event_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": event.event_source,
        "eventName": event.event_name,
        "awsRegion": event.region,
        "sourceIPAddress": "AWS Internal",
        "userAgent": "AWS Internal",
        "eventID": str(event.id),
        "readOnly": event.read_only,
        "resources": [
            {"ARN": event.resource_arn, "accountId": event.account_id, "type": "AWS::ECR::Repository"},
        ],
        "eventType": "AwsServiceEvent",
        "recipientAccountId": event.account_id,
        "serviceEventDetails": event.details,
    }


def _identity(event: AuditEvent) -> dict[str, Any]:
    """Who did it, in CloudTrail's words."""
    who = event.principal_arn
    if is_by_staff(event):
        return {"type": "AWSService", "invokedBy": STAFF_IN_WORDS}
    kind, _, rest = who.split(":", 5)[-1].partition("/")
    known: dict[str, Any] = {"arn": who, "accountId": event.caller_account_id}
    match kind:
        case "root":
            return {"type": "Root"} | known
        case "user":
            return {"type": "IAMUser"} | known | {"userName": rest.rpartition("/")[2]}
        case "assumed-role":
            issuer = {"type": "Role", "accountId": event.caller_account_id, "userName": rest.partition("/")[0]}
            return {"type": "AssumedRole"} | known | {"sessionContext": {"sessionIssuer": issuer}}
        case "role" if rest.startswith(SERVICES):
            return {"type": "AWSService", "invokedBy": rest.removeprefix(SERVICES)}
        case "oidc-provider":
            return {"type": "WebIdentityUser", "identityProvider": who}
    return {"type": "Unknown"} | known


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


def _at(event: AuditEvent) -> Place:
    return event.event_time, event.id


def _write(event: AuditEvent) -> str:
    """Where an event stands, as a text."""
    return f"{event.event_time.isoformat()}~{event.id}"


def _place(text: str) -> Place | None:
    """The place that a text names; None if it can't be read."""
    time, _, event_id = text.rpartition("~")
    try:
        at, last = parse_datetime(time), UUID(event_id)
    except ValueError:
        return None
    return None if at is None or at.tzinfo is None else (at, last)


def _older(found: QuerySet[AuditEvent], place: Place | None) -> QuerySet[AuditEvent]:
    """Leave out what comes up to a place."""
    if place is None:
        return found
    at, event_id = place
    return found.filter(Q(event_time__lt=at) | Q(event_time=at, id__lt=event_id))


def _newer(found: QuerySet[AuditEvent], place: Place | None) -> QuerySet[AuditEvent]:
    """Leave out what comes from a place on."""
    if place is None:
        return found
    at, event_id = place
    return found.filter(Q(event_time__gt=at) | Q(event_time=at, id__gt=event_id))
