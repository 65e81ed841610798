"""What somebody may have meant who typed a word that nothing has."""

from collections.abc import Sequence
from typing import Final

from django.db.models import Q, QuerySet

from gallery.models import Term

SHORTEST: Final = 3
"""Letters of a word that may be corrected."""
MOST: Final = 3000
"""Words that are compared, of each first letter."""


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
    unknown = [word for word in words if word not in known and len(word) >= SHORTEST]
    starts = sorted({letter for word in unknown for letter in word[:2]})
    terms = _beginning(starts) if starts else []
    return [_nearest(word, terms) if word in unknown else word for word in words]


def _beginning(starts: Sequence[str]) -> list[str]:
    """The first terms that begin with each of the letters, in one query."""
    found = Q()
    for start in starts:
        found |= Q(word__in=_first_of(start))
    return list(Term.objects.filter(found).values_list("word", flat=True))


def _first_of(start: str) -> QuerySet[Term, str]:
    terms = Term.objects.filter(word__gte=start, word__lt=start + "\U0010ffff")
    return terms.order_by("word").values_list("word", flat=True)[:MOST]


def _nearest(word: str, terms: Sequence[str]) -> str:
    """The nearest of the terms: one letter may be wrong, two from six letters on."""
    most = 2 if len(word) > 5 else 1
    found = [each for each in terms if each[0] in word[:2]]
    near = ((distance(word, each, most), each) for each in found)
    best = min(((cost, each) for cost, each in near if cost <= most), default=None)
    return best[1] if best else word
