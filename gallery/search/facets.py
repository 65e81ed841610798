"""The facets of search: what can be chosen, how a listing answers, how choices become a condition.

Facets with few values are bits of one number: listings with equal values share it, so that they are counted together.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.lookups import GreaterThan
from django.utils import timezone

from gallery.catalog.categories import CATEGORIES
from gallery.models import Listing

OPERATING_SYSTEMS: Final = ("Linux", "Windows")
ARCHITECTURES: Final = ("x86-64", "ARM 64", "x86", "ARM")
UPDATED: Final = {"week": timedelta(days=7), "month": timedelta(days=30), "year": timedelta(days=365)}
MOST_VALUES: Final = 8
"""Values of an open facet (publisher, licence) that are offered beside those chosen."""


class Row(NamedTuple):
    """A listing as search sees it; `age` is the shortest of UPDATED that it was updated in, as a number from 3 to 0."""

    id: int
    facet_bits: int
    alias: str
    licence: str
    age: int
    name: str


def ages() -> Case:
    """The expression of `age`: computed by the database, since a date takes its time to be read."""
    now = timezone.now()
    steps = [When(updated_at__gte=now - length, then=Value(3 - place)) for place, length in enumerate(UPDATED.values())]
    return Case(*steps, default=Value(0), output_field=IntegerField())


def rows(found: QuerySet[Listing], limit: int) -> list[Row]:
    """Listings as search sees them."""
    return [Row._make(each) for each in found.annotate(age=ages()).values_list(*Row._fields)[:limit]]


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet. `known` are its values in order, empty for an open one; `first` is the bit of the first of them."""

    name: str
    column: str
    known: tuple[str, ...] = ()
    first: int = 0

    @property
    def is_bits(self) -> bool:
        """Whether its values are bits; elsewhere they stand in a column."""
        return self.column == "facet_bits"

    def bits(self, values: Iterable[str]) -> int:
        """Values as bits; those that are not known have none."""
        return sum(1 << self.first + self.known.index(value) for value in set(values) if value in self.known)

    def count(self, held: Mapping[Any, int]) -> dict[str, int]:
        """How many listings have each value, of how many hold what in the column."""
        if self.name == "updated":
            return {value: total for value, age in AGES.items() if (total := sum(held[n] for n in held if n >= age))}
        if not self.is_bits:
            return {value: total for value, total in held.items() if value}
        mask, equal = self.bits(self.known), Counter[int]()
        for bits, total in held.items():
            equal[bits & mask] += total
        counts = Counter[str]()
        for bits, total in equal.items():
            counts.update({value: total for place, value in enumerate(self.known) if bits >> self.first + place & 1})
        return dict(counts)

    def condition(self, chosen: Sequence[str], column: str = "facet_bits") -> Q | GreaterThan:
        """What listings fulfil that have one of the values, for the database; `column` is where bits are."""
        if self.is_bits:
            return GreaterThan(F(column).bitand(self.bits(chosen)), 0)
        if self.name == "updated":
            return Q(updated_at__gte=timezone.now() - max(UPDATED[value] for value in chosen))
        return Q(**{f"{self.column}__in": chosen})

    def test(self, chosen: Sequence[str]) -> Callable[[Row], bool]:
        """The same for a row."""
        if self.is_bits:
            wanted = self.bits(chosen)
            return lambda row: bool(row.facet_bits & wanted)
        if self.name == "updated":
            least = min(AGES[value] for value in chosen)
            return lambda row: row.age >= least
        return lambda row: getattr(row, self.column) in chosen


AGES: Final = {value: 3 - place for place, value in enumerate(UPDATED)}
# Between the bits is room for values to come: a value never changes its place.
FACETS: Final = (
    Facet("kind", "facet_bits", tuple(Listing.Kind.values), 0),
    Facet("os", "facet_bits", OPERATING_SYSTEMS, 8),
    Facet("arch", "facet_bits", ARCHITECTURES, 12),
    Facet("verified", "facet_bits", ("yes",), 24),
    Facet("category", "facet_bits", tuple(CATEGORIES), 28),
    Facet("publisher", "alias"),
    Facet("licence", "licence"),
    Facet("updated", "age", tuple(UPDATED)),
    Facet("signed", "facet_bits", ("yes",), 25),
    Facet("sbom", "facet_bits", ("yes",), 26),
)
BY_NAME: Final = {facet.name: facet for facet in FACETS}

Chosen = Mapping[str, tuple[str, ...]]
"""Facet -> values that were chosen."""
Counts = dict[str, dict[str, int] | None]
"""Facet -> value -> listings; None where there are too many to count."""


def bits(listing: Mapping[str, Any]) -> int:
    """The bits of a listing with these fields."""
    held = {
        "kind": [listing["kind"]],
        "os": listing["operating_systems"],
        "arch": listing["architectures"],
        "category": listing["categories"],
        "verified": ["yes"] if listing["is_verified"] else [],
        "signed": ["yes"] if listing["is_signed"] else [],
        "sbom": ["yes"] if listing["has_sbom"] else [],
    }
    return sum(BY_NAME[name].bits(values) for name, values in held.items())


def counted(rows: Sequence[Row], names: Iterable[str]) -> dict[str, dict[str, int]]:
    """How many rows have each value of these facets."""
    asked = [BY_NAME[name] for name in names]
    places = {facet.column: Row._fields.index(facet.column) for facet in asked}
    held = {column: Counter(map(itemgetter(place), rows)) for column, place in places.items()}
    return {facet.name: facet.count(held[facet.column]) for facet in asked}


def sift(rows: Sequence[Row], chosen: Chosen) -> tuple[Sequence[Row], dict[str, list[Row]]]:
    """Those that have what was chosen; and, by facet, those that only this facet keeps out."""
    tests = [(name, BY_NAME[name].test(values)) for name, values in chosen.items() if values]
    if not tests:
        return rows, {}
    answering: list[Row] = []
    nearly: dict[str, list[Row]] = {name: [] for name, _ in tests}
    for row in rows:
        failed = [name for name, holds in tests if not holds(row)]
        if not failed:
            answering.append(row)
        elif len(failed) == 1:
            nearly[failed[0]].append(row)
    return answering, nearly


def count_column(facet: Facet, found: QuerySet[Listing], most: int) -> dict[str, int] | None:
    """The counts where only this facet is of interest; None if there are more listings than `most`."""
    limited = found.annotate(age=ages()).values(facet.column)[: most + 1]
    sql, parameters = limited.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {facet.column}, COUNT(*) FROM ({sql}) AS few GROUP BY 1", parameters)  # noqa: S608 - a column of ours
        held = dict(cursor.fetchall())
    return None if sum(held.values()) > most else facet.count(held)


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
