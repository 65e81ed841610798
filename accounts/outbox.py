"""Starts work by rows: a domain event becomes one row per task in the transaction of the change itself.

Rows go to Celery on commit, some of a queue in each message, and a sweep of the queue takes up what did not arrive: a
broker that is down or was emptied delays work and never loses it. Whoever runs a row claims it first, for as long as it
lives, so that a row that comes twice is not worked on twice at once. What fails again and again becomes a dead letter.
Tasks may run more than once, after a crash, and read the present state.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import structlog
from celery import current_app
from django.conf import settings
from django.db import Error as DatabaseProblem
from django.db import connection, transaction
from django.db.models import Case, Count, F, Min, Q, QuerySet, TextField, Value, When
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import OutboxRow

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

log = structlog.get_logger(__name__)

RUN_TASK: Final = "accounts.run_outbox_rows"
TOGETHER: Final = 10
"""Rows in one message, one after the other: more would leave other workers idle."""
SETTLE: Final = timedelta(seconds=15)
"""How long a row that was just sent is left to its task before the sweep takes it up."""
LONGEST_DELAY: Final = timedelta(hours=1)
LONGEST_RUN: Final = timedelta(hours=1)
"""For how long a claim is made longer; no task takes that much."""
WORKER_DIED: Final = "The worker ended before the work was done."


class Later(Exception):
    """Raised by a task whose time has not come: its row is put off until `at`, and this was no try."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at.isoformat())
        self.at = at


def _lease() -> timedelta:
    """How long a claim lasts unless its holder, who lives, makes it longer: so long a row of a dead worker waits."""
    return timedelta(seconds=settings.TASK_LEASE_SECONDS)


def announce(*happened: "DataclassInstance") -> None:
    """Write one row for each task that settings.EVENT_TASKS names for each event; inside the change's transaction.

    Each task is given the event's fields, and `event_id` and `happened_at`, which all tasks of the event share.
    """
    now, rows = timezone.now(), []
    for event in happened:
        name = type(event).__name__
        payload = asdict(event) | {"event_id": str(uuid.uuid4()), "happened_at": now.isoformat()}
        for task in settings.EVENT_TASKS.get(name, ()):
            known = {"queue": queue_of(task), "payload": payload, "created_at": now, "due_at": now + SETTLE}
            rows.append(OutboxRow(event=name, task=task, **known))
    send(OutboxRow.objects.bulk_create(rows))


def queue_of(task: str) -> str:
    """The queue that config.wiring names for a task."""
    return settings.TASK_QUEUES.get(task, settings.QUEUES[0])


def send(rows: Iterable[OutboxRow]) -> None:
    """Hand rows to Celery when the transaction commits: some of a queue in each message, so that many are few there."""
    by_queue: dict[str, list[int]] = {}
    for row in rows:
        by_queue.setdefault(row.queue, []).append(row.id)
    for queue, ids in by_queue.items():
        for start in range(0, len(ids), TOGETHER):
            transaction.on_commit(partial(_publish, ids[start : start + TOGETHER], queue), robust=True)


def _publish(row_ids: Sequence[int], queue: str) -> None:
    """Hand rows to Celery; a broker that is away is the sweep's business, not the caller's."""
    try:
        current_app.send_task(RUN_TASK, args=[row_ids], queue=queue, retry=False)
    except Exception as error:  # noqa: BLE001 - each transport fails in its own way, and none may fail the request
        log.warning("work could not be sent and waits for the sweep", rows=row_ids, error=str(error))


def run(row_id: int) -> bool:
    """Run a row's task and delete the row; False if it failed and was put off, or another has it, or it is gone."""
    row = _claim(row_id)
    if row is None:
        return False
    try:
        with _held(row):
            import_string(row.task)(row.payload)
    except Later as later:
        _release(row, later.at, tries=row.tries - 1)
        return False
    except Exception as error:
        log.exception("work failed", row=row_id, work=row.task, tries=row.tries)
        _put_off(row, repr(error)[:2000])
        return False
    _mine(row).delete()
    return True


def _claim(row_id: int) -> OutboxRow | None:
    """Take a row, in one statement, if nobody who lives has it; None if it is not to be had."""
    now, claim = timezone.now(), uuid.uuid4()
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    rows = OutboxRow.objects.filter(free, id=row_id, dead_at=None)
    until = now + _lease()
    # A claim that ran out is one whose holder died: whoever lives gives it back.
    known = Case(When(claimed_until=None, then=F("last_error")), default=Value(WORKER_DIED, TextField()))
    if not rows.update(claim=claim, claimed_until=until, due_at=until, tries=F("tries") + 1, last_error=known):
        return None
    row = OutboxRow.objects.filter(id=row_id, claim=claim).first()
    if row is not None and row.tries > settings.TASK_TRIES:
        # Only what ends its workers comes here: a failure that they live to tell is counted below.
        _bury(row, WORKER_DIED)
        return None
    return row


@contextmanager
def _held(row: OutboxRow) -> Iterator[None]:
    """Make the claim longer from time to time, as long as the block runs."""
    is_over = Event()
    keeper = Thread(target=_keep, args=(row, is_over), name=f"outbox-{row.id}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        is_over.set()


def _keep(row: OutboxRow, is_over: Event) -> None:
    ends = monotonic() + LONGEST_RUN.total_seconds()
    while not is_over.wait(_lease().total_seconds() / 3) and monotonic() < ends:
        until = timezone.now() + _lease()
        try:
            if not _mine(row).update(claimed_until=until, due_at=until):
                return
        except DatabaseProblem as error:
            log.warning("a claim could not be made longer", row=row.id, error=str(error))
        finally:
            connection.close()


def _mine(row: OutboxRow) -> QuerySet[OutboxRow]:
    """The row, unless another has claimed it meanwhile."""
    return OutboxRow.objects.filter(id=row.id, claim=row.claim)


def _release(row: OutboxRow, due_at: datetime, **fields: Any) -> None:
    _mine(row).update(claim=None, claimed_until=None, due_at=due_at, **fields)


def _put_off(row: OutboxRow, error: str) -> None:
    """Try again later, longer each time; after the last try the row is a dead letter."""
    if row.tries >= settings.TASK_TRIES:
        _bury(row, error)
    else:
        _release(row, timezone.now() + min(SETTLE * 2 ** min(row.tries - 1, 20), LONGEST_DELAY), last_error=error)


def _bury(row: OutboxRow, error: str) -> None:
    log.error("work is given up", row=row.id, work=row.task, tries=row.tries, error=error)
    _release(row, row.due_at, dead_at=timezone.now(), last_error=error)


def sweep(queue: str = "", limit: int = 200, seconds: float = 8.0) -> int:
    """Run a queue's rows that are due, the oldest first, for a while; return how many succeeded.

    Without a queue it is the first one, which also has the rows of queues that are no more. A row that fails is due
    later: none is in the way of the others.
    """
    until = monotonic() + seconds
    others = [name for name in settings.QUEUES if name != (queue or settings.QUEUES[0])]
    rows = OutboxRow.objects.filter(dead_at=None, due_at__lte=timezone.now())
    rows = rows.filter(queue=queue) if queue and queue != settings.QUEUES[0] else rows.exclude(queue__in=others)
    done = 0
    for row_id in list(rows.order_by("due_at", "id").values_list("id", flat=True)[:limit]):
        if monotonic() > until:
            break
        done += run(row_id)
    return done


def without_work(event: str, name: str, values: Collection[Any]) -> set[Any]:
    """Return those of the values that no row of an event has as its field `name`: it is done, or staff discarded it."""
    rows = OutboxRow.objects.filter(event=event, **{f"payload__{name}__in": list(values)})
    return set(values) - set(rows.values_list(f"payload__{name}", flat=True))


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that has not been done: how many rows, how many were put off or given up, since when the oldest waits."""

    total: int
    put_off: int
    dead: int
    oldest: datetime | None


def waiting() -> Waiting:
    """Count what waits, and what was given up."""
    waits = Q(dead_at=None)
    sums = OutboxRow.objects.aggregate(
        total=Count("id", filter=waits),
        put_off=Count("id", filter=waits & ~Q(last_error="")),
        dead=Count("id", filter=~waits),
        oldest=Min("created_at", filter=waits),
    )
    return Waiting(**sums)


def failing(limit: int = 20) -> list[OutboxRow]:
    """Return the rows that failed most often and will be tried again."""
    rows = OutboxRow.objects.filter(dead_at=None).exclude(last_error="")
    return list(rows.order_by("-tries", "id")[:limit])
