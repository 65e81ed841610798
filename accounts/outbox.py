"""Starts work by rows: a domain event becomes one row per task in the transaction of the change itself.

A row goes to Celery on commit, and a sweep takes up what did not arrive: a broker that is down delays work and never
loses it. Tasks may run more than once and read the present state.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min, Q
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import OutboxRow

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

log = structlog.get_logger(__name__)

RUN_TASK: Final = "accounts.run_outbox_row"
SETTLE: Final = timedelta(seconds=15)
"""How long a row that was just sent is left to its task before the sweep takes it up."""
LONGEST_DELAY: Final = timedelta(hours=1)


def announce(event: "DataclassInstance") -> None:
    """Write one row for each task that settings.EVENT_TASKS names for the event; inside the change's transaction."""
    name = type(event).__name__
    for task in settings.EVENT_TASKS.get(name, ()):
        due_at = timezone.now() + SETTLE
        row = OutboxRow.objects.create(event=name, task=task, payload=asdict(event), due_at=due_at)
        transaction.on_commit(lambda row_id=row.id: _publish(row_id), robust=True)  # type: ignore[misc]  # bound now


def _publish(row_id: int) -> None:
    """Hand a row to Celery; a broker that is away is the sweep's business, not the caller's."""
    try:
        current_app.send_task(RUN_TASK, args=[row_id], retry=False)
    except Exception as error:  # noqa: BLE001 - each transport fails in its own way, and none may fail the request
        log.warning("work could not be sent and waits for the sweep", row=row_id, error=str(error))


def run(row_id: int) -> bool:
    """Run a row's task and delete the row; False if it failed and was put off, or is gone already."""
    row = OutboxRow.objects.filter(id=row_id).first()
    if row is None:
        return False
    try:
        import_string(row.task)(row.payload)
    except Exception as error:
        delay = min(SETTLE * 2**row.tries, LONGEST_DELAY)
        log.exception("work failed and is put off", row=row_id, work=row.task, seconds=delay.total_seconds())
        OutboxRow.objects.filter(id=row_id).update(
            tries=row.tries + 1, due_at=timezone.now() + delay, last_error=repr(error)[:2000]
        )
        return False
    row.delete()
    return True


def sweep(limit: int = 200) -> int:
    """Run the rows that are due, the oldest first; return how many succeeded."""
    due = OutboxRow.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "id")
    return sum(run(row_id) for row_id in list(due.values_list("id", flat=True)[:limit]))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that has not been done: how many rows in all, how many were put off, and since when the oldest waits."""

    total: int
    put_off: int
    oldest: datetime | None


def waiting() -> Waiting:
    """Count what waits."""
    sums = OutboxRow.objects.aggregate(
        total=Count("id"), put_off=Count("id", filter=Q(tries__gt=0)), oldest=Min("created_at")
    )
    return Waiting(**sums)


def failing(limit: int = 20) -> list[OutboxRow]:
    """Return the rows that failed most often."""
    return list(OutboxRow.objects.filter(tries__gt=0).order_by("-tries", "id")[:limit])
