"""Is what the database says is stored there, and whole? Answered by a look at lengths, or by reading everything."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic, sleep
from typing import Final

from django.conf import settings
from django.db.models import QuerySet

from registry import storage
from registry.core import blobs
from registry.core.collecting import runs, store
from registry.core.collecting.runs import Held, Kind, LeaseLost
from registry.core.collecting.sweep import Sweep, TooManyFailures, nothing
from registry.errors import StorageDamaged, StorageUnavailable
from registry.models import Blob, CollectionRun

BLOCK: Final = 1024 * 1024
BATCH: Final = 100
RENEW_EVERY: Final = 60.0
"""Seconds after which the lease is renewed, also in the middle of a blob."""
SLICE: Final = 60.0
"""How long the task reads at a time."""


class Problem(StrEnum):
    """What can be wrong with stored bytes."""

    MISSING = "missing"
    CUT_SHORT = "cut short"
    CHANGED = "other bytes than its digest says"
    UNKNOWN = "not named by any row"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: of a blob (with its digest), or of an object that no row names (digest empty)."""

    problem: Problem
    storage_key: str
    digest: str = ""


def compare() -> Iterator[Finding]:
    """Compare lengths of all blobs, and find objects that no row names; damaged blobs are marked for the next push.

    StorageUnavailable if so many are missing at once that the storage itself must be another one.
    """
    after: str | None = ""
    while after is not None:
        page = store.read_page(after)
        lost = _lost(page)
        if len(lost) > max(store.FEW, len(page.rows) // 2):
            raise StorageUnavailable(f"{len(lost)} of {len(page.rows)} blobs are missing at once; nothing was marked")
        for row, size in lost:
            if row.state == Blob.State.LIVE:
                blobs.mark_damaged(row)
            yield Finding(Problem.MISSING if size is None else Problem.CUT_SHORT, row.storage_key, row.digest)
        yield from (Finding(Problem.UNKNOWN, key) for key in store.unnamed(page))
        after = page.upto


def _lost(page: store.Page) -> list[tuple[Blob, int | None]]:
    """The blobs that are not whole, marked before or not, with the length that is there."""
    found = []
    for key, row in page.rows.items():
        if row.state == Blob.State.DELETING or (key in page.objects and page.objects[key][0] == row.size):
            continue
        size = storage.default().size(key)
        if size != row.size and _as_it_was(row).exists():
            found.append((row, size))
    return found


def _as_it_was(row: Blob) -> QuerySet[Blob]:
    """The row, unless it was repaired, marked or removed since it was read."""
    return Blob.objects.filter(id=row.id, storage_key=row.storage_key, state=row.state)


class Throttle:
    """Lets bytes pass at a rate per second; 0 is no limit."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._due = monotonic()

    def spend(self, count: int) -> None:
        """Wait as long as the bytes take."""
        if not self._rate:
            return
        self._due = max(self._due, monotonic() - 1.0) + count / self._rate
        sleep(max(0.0, self._due - monotonic()))


def read_all(
    *,
    rate: int = 0,
    afresh: bool = False,
    seconds: float | None = None,
    tell: Callable[[str], None] = nothing,
) -> CollectionRun | None:
    """Read every blob and compare its digest, at `rate` bytes a second; None if somebody else is at it.

    It goes on where the last call stopped, unless `afresh`; `seconds` is about how long it may take. The row's
    `freed_bytes` are those that were read, `problems` name what is damaged.
    """
    held = runs.take(Kind.VERIFY, walks=True)
    if held is None:
        return None
    if afresh:
        held.save(cursor="", counts={}, sizes={}, freed_bytes=0, problems=[], problem_count=0)
    sweep = runs.taken_up(held.run)
    sweep.tell = tell
    reader = _Reader(held, sweep, Throttle(rate))
    until = None if seconds is None else monotonic() + seconds
    try:
        is_over = reader.read_rest(until)
        if is_over:
            held.finish()
        else:
            held.release()
    except LeaseLost:
        pass
    except TooManyFailures:
        held.save(**runs.found(sweep))
        held.release()
    except BaseException:
        with suppress(LeaseLost):
            held.release()
        raise
    return held.run


def read_some() -> None:
    """Read for a while at the rate that the settings allow; what the periodic task does."""
    read_all(rate=settings.VERIFY_RATE, seconds=SLICE)


class _Reader:
    """Reads blob after blob, in the order of their ids."""

    def __init__(self, held: Held, sweep: Sweep, throttle: Throttle) -> None:
        self._held = held
        self._sweep = sweep
        self._throttle = throttle
        self._renew_at = monotonic() + RENEW_EVERY
        self._lost = 0

    def read_rest(self, until: float | None) -> bool:
        """Go on behind the cursor; whether the last blob was read. LeaseLost, TooManyFailures."""
        while True:
            rows = Blob.objects.exclude(state=Blob.State.DELETING).order_by("id")
            if self._held.run.cursor:
                rows = rows.filter(id__gt=self._held.run.cursor)
            batch = list(rows[:BATCH])
            for row in batch:
                if until is not None and monotonic() > until:
                    return False
                self._check(row)
                self._held.save(cursor=str(row.id), **runs.found(self._sweep))
            if not batch:
                return True

    def _check(self, row: Blob) -> None:
        """Read one blob, and mark it damaged, or whole again."""
        with self._sweep.storing(row.digest):
            problem = self._problem(row)
            if not _as_it_was(row).exists():
                return
            self._sweep.counts["read"] += 1
            self._lost = self._lost + 1 if problem == Problem.MISSING else 0
            if self._lost > store.FEW:
                self._sweep.problem("one blob after the other is missing: is the storage mounted?")
                raise TooManyFailures
            if problem is None:
                if row.state == Blob.State.DAMAGED and _as_it_was(row).update(state=Blob.State.LIVE):
                    self._sweep.counts["healed"] += 1
                    self._sweep.tell(f"{row.digest}: whole again")
                return
            if row.state == Blob.State.LIVE:
                blobs.mark_damaged(row)
            self._sweep.counts["damaged"] += 1
            self._sweep.tell(f"{row.digest}: {problem} ({row.storage_key})")
            self._sweep.problem(f"{row.digest}: {problem}")

    def _problem(self, row: Blob) -> Problem | None:
        """What is wrong with the bytes."""
        algorithm, _, expected = row.digest.partition(":")
        actual = hashlib.new(algorithm)
        try:
            with storage.default().open(row.storage_key, row.size).file as file:
                while block := file.read(BLOCK):
                    actual.update(block)
                    self._sweep.freed += len(block)
                    self._throttle.spend(len(block))
                    if monotonic() > self._renew_at:
                        self._renew_at = monotonic() + RENEW_EVERY
                        self._held.save()
        except StorageDamaged:
            return Problem.MISSING if storage.default().size(row.storage_key) is None else Problem.CUT_SHORT
        return None if actual.hexdigest() == expected else Problem.CHANGED
