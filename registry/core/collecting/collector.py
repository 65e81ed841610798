"""Runs a pass: step after step, batch after batch, with progress saved between them, so that it may stop anywhere."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any, Final

from django.db import transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from accounts import outbox
from registry import events
from registry.core.collecting import blobs, images, runs, store
from registry.core.collecting.runs import Held, Kind, LeaseLost
from registry.core.collecting.sweep import Sweep, TooManyFailures, nothing
from registry.errors import StorageError
from registry.models import CollectionRun

Step = Callable[[Sweep, str], str | None]
"""Does a bounded part of a step, behind a place; returns the next place, None when the step is done."""

STEPS: Final[dict[str, Step]] = {
    "images": images.images,
    "links": blobs.links,
    "blobs": blobs.blobs,
    "uploads": store.left_uploads,
    "repositories": images.repositories,
    "manifests": images.manifests,
    "compare": store.compare,
}
"""In this order: each makes what the next ones find."""
WALKS: Final = frozenset({"compare"})
SECONDS: Final = 10.0
"""How long one task works on a pass that somebody asked for before it makes room and starts another."""


def collect(
    *, grace: int | None = None, walks: bool | None = None, tell: Callable[[str], None] = nothing
) -> CollectionRun | None:
    """Do a whole pass, or the rest of one; None if somebody else is at one."""
    held = runs.take(Kind.COLLECT, grace=grace, walks=walks)
    if held is None:
        return None
    _work(held, tell=tell)
    return held.run


def survey(*, grace: int | None = None, walks: bool = True, tell: Callable[[str], None] = nothing) -> CollectionRun:
    """Find out what a pass would remove, and change nothing: the row that is returned is not saved."""
    run = runs.unsaved(Kind.DRY, grace)
    sweep = Sweep.begin(run.grace_seconds, timezone.now(), is_dry=True)
    sweep.tell = tell
    for step in (name for name in STEPS if walks or name not in WALKS):
        cursor: str | None = ""
        while cursor is not None:
            cursor = _do(step, sweep, cursor)
    for name, value in runs.found(sweep).items():
        setattr(run, name, value)
    return run


def asked(payload: Mapping[str, Any]) -> None:
    """Work a while on a pass that somebody asked for; started by CollectionAsked, and by itself until it is over."""
    held = runs.hold(payload["run"])
    if held is None:
        return
    if not _work(held, until=monotonic() + SECONDS):
        with transaction.atomic():
            held.release()
            outbox.announce(events.CollectionAsked(held.run.id))


def go_on() -> None:
    """Do the rest of dry runs whose workers died; what a task worker does now and then."""
    for run in runs.left_alone(Kind.DRY):
        held = runs.hold(run.id)
        if held is not None:
            _work(held)


def _work(held: Held, *, until: float | None = None, tell: Callable[[str], None] = nothing) -> bool:
    """Go on with a pass; whether it is over, or taken over by somebody else."""
    run = held.run
    sweep = runs.taken_up(run)
    sweep.tell = tell
    names = [name for name in STEPS if run.walks_storage or name not in WALKS]
    step, cursor = (run.step, run.cursor) if run.step in names else (names[0], "")
    try:
        while True:
            following = _do(step, sweep, cursor)
            if following is not None:
                cursor = following
            elif step != names[-1]:
                step, cursor = names[names.index(step) + 1], ""
            else:
                break
            held.save(step=step, cursor=cursor, **runs.found(sweep))
            if until is not None and monotonic() > until:
                return False
        held.save(**runs.found(sweep))
        held.finish()
    except LeaseLost:
        pass
    except BaseException:
        with suppress(LeaseLost):
            held.release()
        raise
    return True


def _do(step: str, sweep: Sweep, cursor: str) -> str | None:
    """Do a part of a step; one that fails is noted, and left to the next pass."""
    try:
        return STEPS[step](sweep, cursor)
    except TooManyFailures:
        sweep.problem(f"{step}: the storage failed too often; the rest is left to the next pass")
    except (StorageError, OSError, DatabaseError) as error:
        sweep.problem(f"{step}: {str(error) or type(error).__name__}")
    return None
