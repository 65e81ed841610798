"""What collections did lately, for staff: how many, how long, what went by kind, and the last good one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from registry.models import CollectionRun

Kind = CollectionRun.Kind
State = CollectionRun.State

LATE: Final = timedelta(days=1)
"""Collections begin once an hour; after so long without the end of one, somebody should look."""


@dataclass(frozen=True, slots=True)
class Last:
    """The collection that ended last, when one last ended without problems, and whether it is time for the next."""

    run: CollectionRun | None
    succeeded_at: datetime | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """Collections that ended in some days: `counts` and `sizes` (in bytes) are by the kind of thing that went."""

    days: int
    runs: int
    seconds: int
    problems: int
    counts: Mapping[str, int]
    sizes: Mapping[str, int]
    freed: int


def last() -> Last:
    """Look at the newest collections that are over; dry runs don't count."""
    over = CollectionRun.objects.filter(kind=Kind.COLLECT).exclude(finished_at=None).order_by("-finished_at")
    run = over.first()
    if run is None or run.state == State.DONE:
        good = run.finished_at if run else None
    else:
        good = over.filter(state=State.DONE).values_list("finished_at", flat=True).first()
    ended = run.finished_at if run else None
    return Last(run, good, ended is not None and ended < timezone.now() - LATE)


def lately(days: int = 7) -> Figures:
    """Add up the collections that ended in the last days; what is kept of them is bounded (runs.KEPT)."""
    since = timezone.now() - timedelta(days=days)
    rows = list(CollectionRun.objects.filter(kind=Kind.COLLECT, finished_at__gte=since).defer("problems"))
    counts, sizes = Counter[str](), Counter[str]()
    for row in rows:
        counts.update(row.counts)
        sizes.update(row.sizes)
    return Figures(
        days=days,
        runs=len(rows),
        seconds=sum(row.seconds or 0 for row in rows),
        problems=sum(row.problem_count for row in rows),
        counts=counts,
        sizes=sizes,
        freed=sum(row.freed_bytes for row in rows),
    )
