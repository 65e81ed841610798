"""Names that people take for one another: by separators, by signs that look alike, by a slip of the finger. Pure."""

import re
from functools import lru_cache
from typing import Final

SEPARATORS: Final = re.compile(r"[._-]")
SIGNS: Final = str.maketrans("0345789", "oeastbg")
PAIRS: Final = (("rn", "m"), ("vv", "w"))
SHORTEST: Final = 4
"""Below so many letters, two names are alike only if they are the same without separators: `s3` is not `se`."""
LONG: Final = 8


def words(name: str) -> list[str]:
    """Return the parts between separators."""
    return SEPARATORS.split(name)


def joined(name: str) -> str:
    """Return the name without separators."""
    return SEPARATORS.sub("", name)


@lru_cache(maxsize=16_384)
def looks(name: str) -> frozenset[str]:
    """Return what a name looks like at a glance; a `1` may be an `l` or an `i`."""
    bare = joined(name)
    if len(bare) < SHORTEST:
        return frozenset({bare})
    seen = bare.translate(SIGNS)
    for pair, sign in PAIRS:
        seen = seen.replace(pair, sign)
    return frozenset({seen.replace("1", "l"), seen.replace("1", "i")})


def alike(one: str, other: str) -> bool:
    """Whether one name can be taken for the other: `amaz0n`, `ama-zon`, `examp1e`."""
    return not looks(one).isdisjoint(looks(other))


def begins(name: str, start: str) -> bool:
    """Whether a name can be taken for one that begins so: `ama.zon-linux` for one of `amazon`.

    A short beginning that ends with a separator ends with one there, too: `golang` does not begin with `go-`.
    """
    if SEPARATORS.match(start[-1]) and len(joined(start)) < SHORTEST:
        parts = words(name)
        return any(alike("".join(parts[:count]), start) for count in range(1, len(parts)))
    return any(seen.startswith(tuple(looks(start))) for seen in looks(name))


def near(one: str, other: str) -> bool:
    """Whether the names differ by a slip: one letter, in long names two."""
    first, second = joined(one), joined(other)
    shorter = min(len(first), len(second))
    return shorter >= SHORTEST and _differ(first, second, 2 if shorter >= LONG else 1)


def _differ(one: str, other: str, most: int) -> bool:
    """Whether at most so many letters were put in, left out, replaced or swapped with their neighbour."""
    if abs(len(one) - len(other)) > most:
        return False
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        earlier, before, row = before, row, [place]
        for column, sign in enumerate(other, 1):
            cost = min(row[-1] + 1, before[column] + 1, before[column - 1] + (letter != sign))
            if place > 1 and column > 1 and letter == other[column - 2] and one[place - 2] == sign:
                cost = min(cost, earlier[column - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return False
    return row[-1] <= most
