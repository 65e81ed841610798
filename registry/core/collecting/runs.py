"""The rows of passes: who asked for one, who works on it, how far it is. One pass of a kind is open at a time."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import outbox
from accounts.caller import Staff
from registry import events
from registry.core.collecting.sweep import Sweep
from registry.models import CollectionRun
from registry.models.collection_run import MOVES, OPEN

log = structlog.get_logger(__name__)

Kind = CollectionRun.Kind
State = CollectionRun.State

LEASE: Final = timedelta(minutes=5)
"""Longer than any batch; who was killed is replaced after it."""
WALK_EVERY: Final = timedelta(hours=23)
"""How often a pass of its own accord compares the whole storage."""
KEPT: Final = 200
"""Rows of passes that are over."""


class LeaseLost(Exception):
    """Somebody else works on the pass, or it is over."""


@dataclass(slots=True)
class Held:
    """A pass on which this process works. LeaseLost from what it saves ends that."""

    run: CollectionRun
    token: str

    def save(self, **fields: Any) -> None:
        """Note progress, and renew the lease."""
        self._update(leased_until=timezone.now() + LEASE, **fields)

    def release(self) -> None:
        """Let anybody go on at once."""
        self._update(leased_until=timezone.now())

    def finish(self) -> None:
        """Close the pass."""
        state = State.PARTIAL if self.run.problem_count else State.DONE
        if state not in MOVES[State(self.run.state)]:
            raise LeaseLost
        self._update(state=state, finished_at=timezone.now(), leased_until=None, step="", cursor="")
        self._log()
        over = CollectionRun.objects.filter(kind=self.run.kind).exclude(state__in=OPEN)
        old = list(over.order_by("-created_at", "-id").values_list("id", flat=True)[KEPT:][:KEPT])
        CollectionRun.objects.filter(id__in=old).delete()

    def _log(self) -> None:
        """Say in one line, for those who count lines, what the pass did."""
        run = self.run
        log.info(
            "collection finished",
            kind=str(run.kind),
            state=str(run.state),
            run=run.id,
            seconds=run.seconds,
            counts=run.counts,
            sizes=run.sizes,
            bytes=run.freed_bytes,
            problems=run.problem_count,
        )

    def _update(self, **fields: Any) -> None:
        if not CollectionRun.objects.filter(id=self.run.id, token=self.token, state=State.RUNNING).update(**fields):
            raise LeaseLost
        for name, value in fields.items():
            setattr(self.run, name, value)


def take(kind: Kind, *, grace: int | None = None, walks: bool | None = None) -> Held | None:
    """Begin a pass of the kind, or go on with one that waits or was cut short; None while somebody is at it.

    `grace` in seconds and `walks` (whether it compares the storage) are for a new one; None leaves them to the settings
    and to when the storage was last compared.
    """
    while True:
        run = CollectionRun.objects.filter(kind=kind, state__in=OPEN).first()
        if run is not None:
            return hold(run.id)
        try:
            with transaction.atomic():
                run = _create(kind, grace, walks)
        except IntegrityError:  # another process began one just now
            continue
        return hold(run.id)


def hold(run_id: int) -> Held | None:
    """Take the lease of a pass that is not over; None if somebody has it."""
    now = timezone.now()
    with transaction.atomic():
        run = CollectionRun.objects.select_for_update().filter(id=run_id, state__in=OPEN).first()
        if run is None or (run.leased_until is not None and run.leased_until > now):
            return None
        token = secrets.token_hex(16)
        if State.RUNNING in MOVES[State(run.state)]:
            run.state = State.RUNNING
        run.token, run.leased_until, run.started_at = token, now + LEASE, run.started_at or now
        run.save(update_fields=["state", "token", "leased_until", "started_at"])
    return Held(run, token)


def ask(kind: Kind, staff: Staff) -> CollectionRun:
    """Let task workers do a pass soon; the one that is open already, if there is one."""
    run = CollectionRun.objects.filter(kind=kind, state__in=OPEN).first()
    if run is not None:
        return run
    with transaction.atomic():
        run = _create(kind, None, True, asked_by=staff.email)
        outbox.announce(events.CollectionAsked(run.id))
    return run


def unsaved(kind: Kind, grace: int | None) -> CollectionRun:
    """A pass that leaves no row."""
    return CollectionRun(kind=kind, grace_seconds=settings.BLOB_GRACE_SECONDS if grace is None else grace)


def _create(kind: Kind, grace: int | None, walks: bool | None, asked_by: str = "") -> CollectionRun:
    run = unsaved(kind, grace)
    run.asked_by = asked_by
    run.walks_storage = _walk_is_due(kind) if walks is None else walks
    run.save()
    return run


def _walk_is_due(kind: Kind) -> bool:
    since = timezone.now() - WALK_EVERY
    return not CollectionRun.objects.filter(kind=kind, walks_storage=True, finished_at__gte=since).exists()


def recent(limit: int = 20) -> list[CollectionRun]:
    """The newest passes, for staff."""
    return list(CollectionRun.objects.order_by("-created_at", "-id")[:limit])


def left_alone(kind: Kind) -> list[CollectionRun]:
    """The passes of the kind that are open although nobody works on them."""
    free = Q(leased_until=None) | Q(leased_until__lt=timezone.now())
    return list(CollectionRun.objects.filter(free, kind=kind, state__in=OPEN))


def last_finished(kind: Kind) -> datetime | None:
    """When a pass of the kind was last over."""
    over = CollectionRun.objects.filter(kind=kind).exclude(finished_at=None).order_by("-finished_at")
    return over.values_list("finished_at", flat=True).first()


def taken_up(run: CollectionRun) -> Sweep:
    """The limits and findings of a pass as it was left; its limits are those of its beginning."""
    sweep = Sweep.begin(run.grace_seconds, run.started_at or timezone.now(), is_dry=run.kind == Kind.DRY)
    sweep.counts.update(run.counts)
    sweep.sizes.update(run.sizes)
    sweep.freed = run.freed_bytes
    sweep.problems, sweep.problem_count = list(run.problems), run.problem_count
    return sweep


def found(sweep: Sweep) -> dict[str, Any]:
    """What the row of a pass says of its findings."""
    return {
        "counts": dict(sweep.counts),
        "sizes": dict(sweep.sizes),
        "freed_bytes": sweep.freed,
        "problems": list(sweep.problems),
        "problem_count": sweep.problem_count,
    }
