"""Two texts -> the lines that differ, with some around them. Takes a bounded time whatever the texts are. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Final

MOST_STEPS: Final = 4_000_000
"""Comparisons of lines, about a second of work."""
MOST_LINES: Final = 2000
"""That are shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line behind its sign; `kind` is added, removed, same, or place for lines that were left out."""

    kind: str
    line: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The lines that differ; `is_cut` if there are more, `is_too_large` if they can't be told one by one."""

    lines: list[Line] = field(default_factory=list)
    added: int = 0
    removed: int = 0
    is_cut: bool = False
    is_too_large: bool = False


class _TooMuch(Exception):
    """The comparison takes too many steps."""


class _Matcher(SequenceMatcher[str]):
    """Gives up when it has taken MOST_STEPS: the library's way takes cubic time for texts made for it."""

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        super().__init__(None, before, after)
        self._left = MOST_STEPS
        places: dict[str, list[int]] = self.b2j  # type: ignore[attr-defined]  # documented, but typeshed leaves it out
        self._steps = [0, *accumulate(len(places.get(line, ())) + 1 for line in before)]

    def find_longest_match(  # type: ignore[no-untyped-def]  # as the library declares it
        self, alo=0, ahi=None, blo=0, bhi=None
    ):
        """Count the steps that the search will take, then search."""
        end = len(self._steps) - 1 if ahi is None else ahi
        self._left -= self._steps[end] - self._steps[alo]
        if self._left < 0:
            raise _TooMuch
        return super().find_longest_match(alo, ahi, blo, bhi)


def of_texts(before: str, after: str, *, around: int = 3) -> Difference:
    """Compare two texts line by line."""
    if before == after:
        return Difference()
    old, new = before.splitlines(), after.splitlines()
    try:
        groups = list(_Matcher(old, new).get_grouped_opcodes(around))
    except _TooMuch:
        return Difference(is_too_large=True)
    added = sum(b2 - b1 for group in groups for tag, _, _, b1, b2 in group if tag != "equal")
    removed = sum(a2 - a1 for group in groups for tag, a1, a2, _, _ in group if tag != "equal")
    lines = [line for group in groups for line in _lines(group, old, new)]
    return Difference(lines[:MOST_LINES], added, removed, is_cut=len(lines) > MOST_LINES)


def _lines(group: list[tuple[str, int, int, int, int]], old: list[str], new: list[str]) -> Iterator[Line]:
    """The lines of one place."""
    if group[0][1] > 0:
        yield Line("place", "…")
    for tag, a1, a2, b1, b2 in group:
        if tag == "equal":
            yield from (Line("same", f" {line}") for line in old[a1:a2])
            continue
        yield from (Line("removed", f"-{line}") for line in old[a1:a2])
        yield from (Line("added", f"+{line}") for line in new[b1:b2])
