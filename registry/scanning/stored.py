"""Rows of findings: those that say the same as before stay, and move where others come or go before them.

Most advisories that come in change one or two findings of an image that has hundreds; to write all of them anew would
take most of the time of following ten thousand images.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from django.db.models import F

from registry.models import Finding, ImageScan
from registry.scanning.matching import LONGEST_INSTALLED_AS, Match

MOST_MOVES: Final = 12
"""Statements that move rows, beyond which all rows are written anew."""
BATCH: Final = 500
SAID: Final = (
    *("advisory_id", "name", "severity", "score", "package", "version", "fixed_in", "package_type", "arch"),
    *("installed_as", "path", "layer"),
)
ADVISORY, NAME, SEVERITY, SCORE, PACKAGE, VERSION, FIXED_IN = range(7)
Said = tuple[Any, ...]
"""What a row says, but for its place and when it was seen first: the fields of SAID."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is there."""

    id: int
    position: int
    first_seen_at: datetime


Rows = Mapping[Said, Row]


def of_scan(scan: ImageScan) -> Rows:
    """The rows of a scan by what they say; one that says what another one does by that and its number."""
    rows = scan.findings.order_by("position").values_list("id", "position", "first_seen_at", *SAID)
    found: dict[Said, Row] = {}
    for row in rows:
        each = row[3:]
        found[each if each not in found else (*each, row[0])] = Row(*row[:3])
    return found


def said(match: Match) -> Said:
    """What the row of a match says."""
    identity, package = match.installed.identity, match.installed.package
    installed_as = ", ".join(match.installed.also)[:LONGEST_INSTALLED_AS]
    return (
        *(match.advisory_id, match.name, match.level, match.score, identity.name, identity.version, match.fixed_in),
        *(package.type, package.arch, installed_as, package.path, package.layer),
    )


@dataclass(frozen=True, slots=True)
class _Move:
    """Rows from one position to another, inclusive, which go `by` places further down."""

    first: int
    last: int
    by: int


def put(scan: ImageScan, before: Rows, made: Sequence[Said], now: datetime) -> list[Said]:
    """Let a scan have the findings `made` instead of those `before`; return those that were not seen before.

    Each is made once. Those that were keep when they were seen first, whatever else is said of them now. Inside a
    transaction.
    """
    seen = {_key(each): row.first_seen_at for each, row in before.items()}
    kept = [(before[each].position, place) for place, each in enumerate(made) if each in before]
    moves = list(_moves(kept))
    mine = Finding.objects.filter(scan=scan)
    staying: Rows = before
    if (
        len(set(made)) != len(made)
        or len(moves) > MOST_MOVES
        or any(one > other for (one, _), (other, _) in pairwise(kept))
    ):
        mine.delete()
        staying = {}
    else:
        wanted = set(made)
        gone = [row.id for each, row in before.items() if each not in wanted]
        for start in range(0, len(gone), BATCH):
            mine.filter(id__in=gone[start : start + BATCH]).delete()
        # No two rows may have one place even for a moment: those that move go below zero, and back together.
        for move in moves:
            mine.filter(position__range=(move.first, move.last)).update(position=-(F("position") + move.by) - 1)
        if moves:
            mine.filter(position__lt=0).update(position=-F("position") - 1)
    new = [(place, each) for place, each in enumerate(made) if each not in staying]
    rows = [
        Finding(
            scan=scan, position=place, first_seen_at=seen.get(_key(each), now), **dict(zip(SAID, each, strict=True))
        )
        for place, each in new
    ]
    Finding.objects.bulk_create(rows, batch_size=BATCH)
    return [each for each in made if _key(each) not in seen]


def _key(each: Said) -> Said:
    """What makes a finding the same one, though the advisory says something else of it."""
    return each[NAME], each[PACKAGE], each[VERSION]


def _moves(kept: Sequence[tuple[int, int]]) -> Iterator[_Move]:
    """The fewest moves for rows that go from one place to another, in order; those that stay need none.

    Between two rows that are moved together there is none that stays: what was there is gone.
    """
    start: tuple[int, int] | None = None
    end = 0
    for old, new in kept:
        if start is not None and new - old != start[1] - start[0]:
            if start[0] != start[1]:
                yield _Move(start[0], end, start[1] - start[0])
            start = None
        start = start or (old, new)
        end = old
    if start is not None and start[0] != start[1]:
        yield _Move(start[0], end, start[1] - start[0])
