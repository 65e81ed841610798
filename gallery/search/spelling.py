"""What somebody may have meant who typed a word that nothing has."""

from collections.abc import Sequence
from typing import Final

from gallery.models import Term

MOST: Final = 3000
"""Words that are compared."""


def distance(one: str, two: str, most: int) -> int:
    """Letters to change, add, leave out or swap with their neighbour to get from one word to the other.

    Optimal string alignment; returns `most` + 1 as soon as it is clear that there are more.
    """
    if abs(len(one) - len(two)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, letter in enumerate(one, start=1):
        older, before, row = before, row, [i]
        for j, other in enumerate(two, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == two[j - 2] and one[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def corrected(words: Sequence[str]) -> list[str]:
    """The words; each that no name has is replaced by the nearest one that some name has, if any is near."""
    known = set(Term.objects.filter(word__in=words).values_list("word", flat=True))
    return [word if word in known else _nearest(word) for word in words]


def _nearest(word: str) -> str:
    """The nearest term: one letter may be wrong, two from six letters on."""
    most = 2 if len(word) > 5 else 1
    if len(word) < 3:
        return word
    starts = {word[0], word[1]}
    found: list[str] = []
    for start in sorted(starts):
        terms = Term.objects.filter(word__gte=start, word__lt=start + "\U0010ffff")
        found += terms.values_list("word", flat=True)[:MOST]
    near = ((distance(word, each, most), each) for each in found)
    best = min(((cost, each) for cost, each in near if cost <= most), default=None)
    return best[1] if best else word
