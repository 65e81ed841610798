"""The facets of search: what can be chosen, how a listing answers, how choices become a condition. No queries here."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from gallery.catalog.categories import CATEGORIES
from gallery.models import Listing

OPERATING_SYSTEMS: Final = ("Linux", "Windows")
ARCHITECTURES: Final = ("x86-64", "ARM 64", "x86", "ARM")
UPDATED: Final = {"week": timedelta(days=7), "month": timedelta(days=30), "year": timedelta(days=365)}
MOST_VALUES: Final = 8
"""Values of an open facet (publisher, licence) that are offered beside those chosen."""


class Row(NamedTuple):
    """A listing as facets see it; `age` is the shortest of UPDATED that it was updated in, as a number from 3 to 0."""

    id: int
    alias: str
    kind: str
    os_bits: int
    architecture_bits: int
    category_bits: int
    licence: str
    is_verified: bool
    is_signed: bool
    has_sbom: bool
    age: int


def ages() -> Case:
    """The expression of `age`: computed by the database, since a date takes its time to be read."""
    now = timezone.now()
    steps = [When(updated_at__gte=now - length, then=Value(3 - place)) for place, length in enumerate(UPDATED.values())]
    return Case(*steps, default=Value(0), output_field=IntegerField())


def rows(found: QuerySet[Listing], limit: int) -> list[Row]:
    """Listings as facets see them."""
    return [Row._make(each) for each in found.annotate(age=ages()).values_list(*Row._fields)[:limit]]


def bits(known: Sequence[str], words: Iterable[str]) -> int:
    """The words as bits, by their place among those known; others have none."""
    return sum(1 << known.index(word) for word in set(words) if word in known)


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet. `known` are its values in order, empty for an open one; `values_of` tells those of a column."""

    name: str
    column: str
    values_of: Callable[[Any], Iterable[str]]
    condition: Callable[[Sequence[str]], Q]
    known: tuple[str, ...] = ()

    def of(self, row: Row) -> Iterable[str]:
        """The values that a row has."""
        return self.values_of(getattr(row, self.column))


def _by_bits(name: str, column: str, known: Sequence[str]) -> Facet:
    """A facet of a list that is kept as bits."""

    def values_of(held: int) -> list[str]:
        return [value for place, value in enumerate(known) if held >> place & 1]

    def condition(chosen: Sequence[str]) -> Q:
        wanted = Q()
        for value in chosen:
            wanted |= Q(**{f"{name}_bit_{known.index(value)}__gt": 0})
        return wanted

    return Facet(name, column, values_of, condition, tuple(known))


def _by_flag(name: str, column: str) -> Facet:
    """A facet that is yes or nothing."""
    return Facet(name, column, lambda held: ("yes",) if held else (), lambda _: Q(**{column: True}), ("yes",))


def _by_column(name: str, column: str, known: tuple[str, ...] = ()) -> Facet:
    """A facet whose values stand in a column."""
    return Facet(
        name, column, lambda held: (held,) if held else (), lambda chosen: Q(**{f"{column}__in": chosen}), known
    )


def _ages(age: int) -> list[str]:
    """The periods in which something of an age was updated."""
    return list(UPDATED)[3 - age :]


def _since(chosen: Sequence[str]) -> Q:
    """Updated within the longest of the periods."""
    return Q(updated_at__gte=timezone.now() - max(UPDATED[name] for name in chosen))


FACETS: Final = (
    _by_column("kind", "kind", tuple(Listing.Kind.values)),
    _by_bits("os", "os_bits", OPERATING_SYSTEMS),
    _by_bits("arch", "architecture_bits", ARCHITECTURES),
    _by_flag("verified", "is_verified"),
    _by_bits("category", "category_bits", tuple(CATEGORIES)),
    _by_column("publisher", "alias"),
    _by_column("licence", "licence"),
    Facet("updated", "age", _ages, _since, tuple(UPDATED)),
    _by_flag("signed", "is_signed"),
    _by_flag("sbom", "has_sbom"),
)
BY_NAME: Final = {facet.name: facet for facet in FACETS}
BITS: Final = {
    f"{facet}_bit_{place}": F(column).bitand(1 << place)
    for facet, column, known in (
        ("os", "os_bits", OPERATING_SYSTEMS),
        ("arch", "architecture_bits", ARCHITECTURES),
        ("category", "category_bits", tuple(CATEGORIES)),
    )
    for place in range(len(known))
}
"""Expressions that conditions of bits name."""

Chosen = Mapping[str, tuple[str, ...]]
"""Facet -> values that were chosen."""
Counts = dict[str, dict[str, int] | None]
"""Facet -> value -> listings; None where there are too many to count."""


def holds(row: Row, chosen: Chosen, *, but: str = "") -> bool:
    """Whether a row has, for each facet but one, one of the values chosen."""
    return all(
        name == but or not values or any(value in values for value in BY_NAME[name].of(row))
        for name, values in chosen.items()
    )


def count(facet: Facet, rows: Iterable[Row]) -> dict[str, int]:
    """How many rows have each value."""
    return dict(Counter(value for row in rows for value in facet.of(row)))


def count_column(facet: Facet, found: QuerySet[Listing], most: int) -> dict[str, int] | None:
    """The same for listings of which only this facet is of interest; None if there are more than `most`."""
    held = list(found.annotate(age=ages()).values_list(facet.column, flat=True)[: most + 1])
    return None if len(held) > most else dict(Counter(value for each in held for value in facet.values_of(each)))


@dataclass(frozen=True, slots=True)
class Question:
    """What a visitor wants to see; all of it stands in the address of the page."""

    q: str = ""
    chosen: Chosen = field(default_factory=dict)
    deprecated: bool = False
    sort: str = ""
    page: int = 1

    @property
    def active(self) -> list[str]:
        """The facets in which something is chosen."""
        return [name for name, values in self.chosen.items() if values]

    def without(self, facet: str) -> "Question":
        """The same question with one facet open."""
        left = {name: values for name, values in self.chosen.items() if name != facet}
        return Question(self.q, left, self.deprecated, self.sort)
