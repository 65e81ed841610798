"""Work that was given up: staff look at it, have it tried again, or discard it. What they do is in the trail."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Staff
from accounts.errors import NotFound
from accounts.iam.arn import Arn
from accounts.models import OutboxRow

PAGE: Final = 50
BATCH: Final = 500
SHOWN: Final = (
    "repository",
    "digest",
    "tag",
    "takedown",
    "item",
    "notice",
    "account_id",
    "delivery",
    "webhook",
    "replication",
    "backfill",
)
"""What of a row's payload is shown and written down: names and numbers, never the text of a mail."""


def page(after: str = "", limit: int = PAGE) -> tuple[list[OutboxRow], str, int]:
    """Return dead letters, newest first, behind `after`; where they end (empty at the end), and how many there are."""
    found = OutboxRow.objects.exclude(dead_at=None)
    total = found.count()
    moment, number = _read(after)
    if moment is not None:
        found = found.filter(Q(dead_at__lt=moment) | Q(dead_at=moment, id__lt=number))
    rows = list(found.order_by("-dead_at", "-id")[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], f"{last.dead_at.isoformat()}~{last.id}" if last and last.dead_at else "", total


def get(row_id: int) -> OutboxRow:
    """Return a dead letter. NotFound."""
    row = OutboxRow.objects.exclude(dead_at=None).filter(id=row_id).first()
    if row is None:
        raise NotFound(f"dead letter {row_id}")
    return row


def about(row: OutboxRow) -> dict[str, str]:
    """What a row's event is about, by name."""
    return {name: str(row.payload[name]) for name in SHOWN if row.payload.get(name)}


def retry(staff: Staff, row_id: int) -> OutboxRow:
    """Let a dead letter be tried again, now and as often as any other. NotFound."""
    with transaction.atomic():
        row = get(row_id)
        if not _revive([row]):
            raise NotFound(f"dead letter {row_id}")
        _record(staff, Action.RETRY_WORK, row)
    return row


def retry_all(staff: Staff) -> int:
    """Do that with all that are there now; return how many. Each is written down."""
    count, newest = 0, timezone.now()
    while True:
        with transaction.atomic():
            rows = list(OutboxRow.objects.filter(dead_at__lte=newest).order_by("dead_at", "id")[:BATCH])
            if not rows:
                return count
            count += _revive(rows)
            for row in rows:
                _record(staff, Action.RETRY_WORK, row)


def discard(staff: Staff, row_id: int) -> OutboxRow:
    """Remove a dead letter: its work is never done. NotFound."""
    with transaction.atomic():
        row = get(row_id)
        deleted, _ = OutboxRow.objects.exclude(dead_at=None).filter(id=row_id).delete()
        if not deleted:
            raise NotFound(f"dead letter {row_id}")
        _record(staff, Action.DISCARD_WORK, row)
    return row


def _revive(rows: list[OutboxRow]) -> int:
    """Let rows live, and send them on commit; return how many were dead."""
    due_at = timezone.now() + outbox.SETTLE
    dead = OutboxRow.objects.filter(id__in=[row.id for row in rows]).exclude(dead_at=None)
    count = dead.update(dead_at=None, tries=0, claim=None, claimed_until=None, due_at=due_at)
    outbox.send(rows)
    return count


def _record(staff: Staff, action: Action, row: OutboxRow) -> None:
    details = {"event": row.event, "task": row.task, "tries": row.tries, "error": row.last_error[:200], **about(row)}
    trail.record(staff.on(""), action, Arn("kho", "", "", f"work/{row.id}"), details=details)


def _read(cursor: str) -> tuple[datetime | None, int]:
    """The place that a cursor names; None if it names none."""
    text, _, number = cursor.rpartition("~")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None, 0
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None, 0
    return (moment, int(number)) if moment and moment.tzinfo else (None, 0)
