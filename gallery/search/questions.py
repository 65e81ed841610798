"""The address of a search <-> what is asked: every filter, sort and page stands in the query string."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from gallery.catalog.categories import CATEGORIES
from gallery.models import Listing
from gallery.search import facets
from gallery.search.facets import FACETS, Question
from gallery.search.query import SORTS, Results

LONGEST: Final = 200
MOST_CHOSEN: Final = 20
Text = str | Promise
TITLES: Final[Mapping[str, Text]] = {
    "kind": _("Kind"),
    "os": _("Operating system"),
    "arch": _("Architecture"),
    "verified": _("Publisher"),
    "category": _("Category"),
    "publisher": _("Published by"),
    "licence": _("Licence"),
    "updated": _("Updated"),
    "signed": _("Signature"),
    "sbom": _("SBOM"),
}
NAMES: Final[Mapping[str, Mapping[str, Text]]] = {
    "kind": dict(Listing.Kind.choices),
    "verified": {"yes": _("Verified publisher")},
    "category": CATEGORIES,
    "updated": {"week": _("Last week"), "month": _("Last month"), "year": _("Last year")},
    "signed": {"yes": _("Has a signature")},
    "sbom": {"yes": _("Has an SBOM")},
}


class BadQuestion(ValueError):
    """A filter, sort or page that there is none of."""


def parse(query: QueryDict) -> Question:
    """Read an address; unknown keys are left alone. BadQuestion."""
    chosen = {}
    for facet in FACETS:
        values = tuple(dict.fromkeys(value[:256] for value in query.getlist(facet.name) if value))
        if len(values) > MOST_CHOSEN or (facet.known and any(value not in facet.known for value in values)):
            raise BadQuestion(facet.name)
        if values:
            chosen[facet.name] = values
    sort, page = query.get("sort", ""), query.get("page", "1")
    if sort not in {"", *SORTS}:
        raise BadQuestion("sort")
    if not page.isascii() or not page.isdecimal() or len(page) > 6:
        raise BadQuestion("page")
    deprecated = query.get("deprecated", "")
    if deprecated not in {"", "yes"}:
        raise BadQuestion("deprecated")
    return Question(query.get("q", "").strip()[:LONGEST], chosen, deprecated == "yes", sort, int(page))


def address(question: Question, **changes: Any) -> str:
    """The query string of a question, without defaults and page; changes replace facets, `q` or `sort`."""
    query = QueryDict(mutable=True)
    if q := changes.get("q", question.q):
        query["q"] = q
    for facet in FACETS:
        values = changes.get(facet.name, question.chosen.get(facet.name, ()))
        if values:
            query.setlist(facet.name, list(values))
    if changes.get("deprecated", question.deprecated):
        query["deprecated"] = "yes"
    if sort := changes.get("sort", question.sort):
        query["sort"] = sort
    return query.urlencode()


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet as the page offers it; `count` is None where there are too many to count."""

    value: str
    name: Text
    is_chosen: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A facet as the page shows it."""

    name: str
    title: Text
    values: list[Value]


def name_of(facet: str, value: str) -> Text:
    """What a value is called; what publishers wrote (aliases, licences) stays as it is."""
    known = NAMES.get(facet, {}).get(value)
    return value if known is None else capfirst(str(known))


def shown(question: Question, results: Results) -> list[Shown]:
    """The facets with values that are chosen or would find something; empty facets are left out."""
    listed = []
    for facet in FACETS:
        counts = results.counts.get(facet.name)
        chosen = question.chosen.get(facet.name, ())
        if facet.known:
            order = list(facet.known)
        else:
            by_count = sorted(counts or {}, key=lambda value: (-(counts or {})[value], value))
            order = list(dict.fromkeys([*chosen, *by_count[: facets.MOST_VALUES]]))
        values = [
            Value(value, name_of(facet.name, value), value in chosen, None if counts is None else counts.get(value, 0))
            for value in order
            if value in chosen or counts is None or counts.get(value)
        ]
        if values:
            listed.append(Shown(facet.name, TITLES[facet.name], values))
    return listed


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter, and the address without it."""

    title: Text
    name: Text
    address: str
    count: int = 0


def chips(question: Question) -> list[Chip]:
    """The filters that are active."""
    made = [
        Chip(
            TITLES[name],
            name_of(name, value),
            address(question, **{name: tuple(each for each in values if each != value)}),
        )
        for name, values in question.chosen.items()
        for value in values
    ]
    if question.deprecated:
        made.append(Chip(_("Deprecated"), capfirst(_("included")), address(question, deprecated=False)))
    return made
