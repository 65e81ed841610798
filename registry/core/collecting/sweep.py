"""One pass of the collector: its limits in time, what it has found so far, and batches that hold nobody up."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Final, TypeVar

import structlog
from django.conf import settings
from django.db.models import Model, Q, QuerySet

from registry.errors import StorageError

log = structlog.get_logger(__name__)

T = TypeVar("T")
Row = TypeVar("Row", bound=Model)

WINDOW: Final = 1000
"""Rows that one statement looks at."""
SHORT: Final = 0.02
LONG: Final = 0.05
"""Seconds of a transaction: below the first the next batch is larger, above the second it is smaller."""
LEAST_IN_BATCH: Final = 10
"""What each transaction costs by itself is shared by so many at least, on a machine that is overloaded too."""
MOST_IN_BATCH: Final = 400
MOST_PROBLEMS: Final = 50
MOST_FAILURES: Final = 10
"""Calls of the storage that may fail one after the other before a step gives up."""


class TooManyFailures(Exception):
    """The storage fails again and again; the rest of the step is left to the next pass."""


def nothing(line: str) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Sweep:
    """Limits and findings. A dry one changes nothing.

    Links whose grace ended before `kept_until` go, images and repositories deleted before `deleted_before`, and objects
    written before `written_before` that no row names. `grace` is what a deleted image still gives to its blobs.
    """

    is_dry: bool
    grace: timedelta
    kept_until: datetime
    deleted_before: datetime
    written_before: datetime
    now: datetime
    counts: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    freed: int = 0
    problems: list[str] = field(default_factory=list)
    problem_count: int = 0
    tell: Callable[[str], None] = nothing
    _failures: int = 0

    @classmethod
    def begin(cls, grace_seconds: int, now: datetime, *, is_dry: bool) -> "Sweep":
        """The limits of a pass that began at `now`."""
        grace = timedelta(seconds=grace_seconds)
        usual = timedelta(seconds=settings.BLOB_GRACE_SECONDS)
        return cls(
            is_dry=is_dry,
            grace=grace,
            kept_until=now + usual - grace,
            deleted_before=now - timedelta(seconds=settings.UNDELETE_SECONDS),
            written_before=now - grace,
            now=now,
        )

    def going(self, prefix: str = "") -> Q:
        """Images that are beyond undeleting, as a condition on `prefix`."""
        limit = self.deleted_before
        return Q(**{f"{prefix}deleted_at__lt": limit}) | Q(**{f"{prefix}repository__deleted_at__lt": limit})

    def add(self, what: str, name: str, size: int = 0) -> None:
        """Note one thing that goes, with the bytes that come free."""
        self.counts[what] += 1
        if size:
            self.sizes[what] += size
        self.freed += size
        self.tell(f"{what}: {name}")

    def problem(self, text: str) -> None:
        """Note what went wrong; only the first ones are kept in words."""
        log.error("collection", problem=text)
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(text[:500])

    @contextmanager
    def storing(self, what: str) -> Iterator[None]:
        """Around one call of the storage: a failure is noted and hinders nothing else. TooManyFailures."""
        try:
            yield
        except (StorageError, OSError) as error:
            self.problem(f"{what}: {str(error) or type(error).__name__}")
            self._failures += 1
            if self._failures >= MOST_FAILURES:
                self._failures = 0
                raise TooManyFailures from error
        else:
            self._failures = 0


def in_batches(items: Sequence[T], size: int = 50) -> Iterator[Sequence[T]]:
    """Yield batches, each as large as lets the work on it take some hundredths of a second."""
    start = 0
    while start < len(items):
        begun = monotonic()
        yield items[start : start + size]
        start += size
        spent = monotonic() - begun
        if spent > LONG:
            size = max(LEAST_IN_BATCH, size // 2)
        elif spent < SHORT:
            size = min(MOST_IN_BATCH, size * 2)


def window(rows: QuerySet[Row], after: str) -> tuple[QuerySet[Row], str | None]:
    """Return the next rows by primary key behind `after` (empty: from the first), and what the last one's key is.

    None if no row is behind them. The rows are named by their keys: of a stretch between two random keys PostgreSQL
    only guesses how many rows it has, and with a bad guess it reads whole tables for each.
    """
    behind = rows.order_by("pk")
    if after:
        behind = behind.filter(pk__gt=after)
    keys = list(behind.values_list("pk", flat=True)[:WINDOW])
    return rows.order_by("pk").filter(pk__in=keys), str(keys[-1]) if len(keys) == WINDOW else None


def drain(rows: QuerySet[Row]) -> None:
    """Delete rows on which nothing depends, a few at a time."""
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:500]):
        rows.model._base_manager.filter(pk__in=ids).delete()
