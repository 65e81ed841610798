"""Finds listings: the words of a query in name, publisher, description and text, the best match first, with facets.

Up to MOST_COUNTED matches are read as narrow rows; filters, facets, total and order come from those, and the page is
read by its ids. Above that the database filters and orders, and facets are counted where that leaves few enough; for
everything together they are counted beforehand (SearchFigures), but for deprecated listings.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db import connection
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from gallery.models import FacetSet, Listing, SearchFigures
from gallery.search import facets, matching, spelling
from gallery.search.facets import Counts, Question
from gallery.search.folding import fold
from gallery.search.matching import Expected
from registry.core import aliases

PAGE: Final = 24
MOST_PAGES: Final = 50
MOST_COUNTED: Final = 5000
SURELY_MANY: Final = 4
"""Times MOST_COUNTED: of words that so many are guessed to hold, holders are not looked up beside facets."""
MOST_QUESTIONS: Final = 4
"""Facets that are counted by a statement of their own, where there is no text to narrow the rest down."""
MOST_NAMED: Final = 3
"""Publishers that are suggested."""
SORTS: Final = ("relevance", "pulls", "updated", "name")
ORDERS: Final = {
    "pulls": ("-recent_pull_count", "-pull_count", "id"),
    "updated": ("-updated_at", "id"),
    "name": ("name", "alias"),
}


@dataclass(frozen=True, slots=True)
class Results:
    """One page of listings; how many match in all (`is_many`: that many or more); how many per facet and value."""

    rows: list[Listing]
    total: int
    page: int
    pages: int
    is_many: bool = False
    counts: Counts = field(default_factory=dict)
    corrected: str = ""
    """The words that were searched for instead of those asked for, which nothing has."""

    @property
    def is_cut(self) -> bool:
        """Whether there are more pages than are shown."""
        return self.is_many or self.total > MOST_PAGES * PAGE


def find(question: Question) -> Results:
    """Return a page of what answers the question; of a corrected one, if nothing does."""
    results = _find(question)
    if results.total or not question.q:
        return results
    words = matching.words_of(question.q)
    better = spelling.corrected(words)
    if better == words:
        return results
    corrected = Question(" ".join(better), question.chosen, question.deprecated, question.sort, question.page)
    again = _find(corrected)
    if not again.total:
        return results
    return Results(again.rows, again.total, again.page, again.pages, again.is_many, again.counts, corrected=corrected.q)


def _find(question: Question) -> Results:
    words = matching.words_of(question.q)
    base = Listing.objects.all() if question.deprecated else Listing.objects.filter(is_deprecated=False)
    sort = question.sort or ("relevance" if words else "pulls")
    if not words and not question.active:
        few = _some(base) if question.deprecated else []  # figures leave out what is deprecated
        if few and len(few) <= MOST_COUNTED:
            return _filtered(base, _among(base, few), words, sort, question)
        return _everything(base, sort, question)
    if words and not (question.active and matching.are_common(words, SURELY_MANY * MOST_COUNTED)):
        ids = matching.holders(words, MOST_COUNTED + 1)
        if len(ids) <= MOST_COUNTED:
            return _counted(base, _rows(_among(base, ids), sort), words, sort, question)
    if question.active:
        chosen = _chosen(base, question)
        ids = _some(chosen)
        if len(ids) <= MOST_COUNTED:  # so few that each can be asked for the words
            return _filtered(base, matching.matching(_among(base, ids), words, Expected.EACH), words, sort, question)
        ids = _some(matching.matching(chosen, words, Expected.MANY)) if words else ids
        if len(ids) <= MOST_COUNTED:
            return _filtered(base, _among(base, ids), words, sort, question)
    return _large(base, words, sort, question)


def _some(found: QuerySet[Listing]) -> list[int]:
    """The ids, and one more than are counted if there are more."""
    return list(found.values_list("id", flat=True)[: MOST_COUNTED + 1])


def _among(found: QuerySet[Listing], ids: list[int]) -> QuerySet[Listing]:
    """Those with these ids: in PostgreSQL one list, which takes less time to read than many parameters."""
    if connection.vendor == "postgresql" and ids:
        return found.extra(where=["gallery_listing.id = ANY(%s)"], params=[ids])
    return found.filter(id__in=ids)


def _rows(found: QuerySet[Listing], sort: str) -> list[facets.Row]:
    """All of them, in order; what is relevant depends on the words, and is put in front later."""
    return facets.rows(found.order_by(*ORDERS.get(sort, ORDERS["pulls"])), MOST_COUNTED)


def totals_without(question: Question) -> dict[str, int]:
    """How many listings answer when one of the facets chosen is left open, at most as many as are counted; by facet."""
    words = matching.words_of(question.q)
    base = Listing.objects.all() if question.deprecated else Listing.objects.filter(is_deprecated=False)
    base = matching.matching(base, words)
    open_ones = {name: question.without(name) for name in question.active[:MOST_QUESTIONS]}
    return {name: min(len(_some(_chosen(base, each))), MOST_COUNTED) for name, each in open_ones.items()}


def _counted(
    base: QuerySet[Listing], rows: list[facets.Row], words: list[str], sort: str, question: Question
) -> Results:
    """Filter and count in this process what has the words."""
    answering, nearly = facets.sift(rows, question.chosen)
    counts: Counts = {}
    counts |= facets.counted(answering, [name for name in facets.BY_NAME if name not in nearly])
    for name, others in nearly.items():
        counts |= facets.counted([*answering, *others], [name])
    return _shown_of(base, answering, words, sort, question, counts)


def _filtered(
    base: QuerySet[Listing], found: QuerySet[Listing], words: list[str], sort: str, question: Question
) -> Results:
    """Count what the database has filtered; of facets in which something is chosen, without words, by a query each."""
    rows = _rows(found, sort)
    counts: Counts = dict.fromkeys(facets.BY_NAME)
    counts |= facets.counted(rows, [name for name in facets.BY_NAME if name not in question.active])
    if not words:
        counts |= {name: _count_open(base, name, question) for name in question.active[:MOST_QUESTIONS]}
    return _shown_of(base, rows, words, sort, question, counts)


def _shown_of(
    base: QuerySet[Listing],
    rows: Sequence[facets.Row],
    words: list[str],
    sort: str,
    question: Question,
    counts: Counts,
) -> Results:
    """The page that these rows have."""
    page, pages = _page(len(rows), question.page)
    ordered = sorted(rows, key=_relevance(words)) if sort == "relevance" else rows
    ids = [row.id for row in ordered[(page - 1) * PAGE : page * PAGE]]
    by_id = base.in_bulk(ids)
    return Results([by_id[each] for each in ids if each in by_id], len(rows), page, pages, counts=counts)


def _relevance(words: Sequence[str]) -> Callable[[facets.Row], int]:
    """How well a name fits: itself, its last part, its beginning, anywhere in it, the publisher's, elsewhere."""
    asked = " ".join(words)
    alias, _, name = asked.partition("/")

    def place(row: facets.Row) -> int:
        if row.name == asked or (row.name == name and row.alias == alias):
            return 0
        if row.name.endswith(f"/{asked}"):
            return 1
        if row.name.startswith(asked):
            return 2
        if all(word in row.name for word in words):
            return 3
        return 4 if any(word in row.alias for word in words) else 5

    return place


def _everything(base: QuerySet[Listing], sort: str, question: Question) -> Results:
    """All listings, as they were counted last."""
    known = figures()
    page, pages = _page(known.total, question.page)
    rows = list(base.order_by(*ORDERS.get(sort, ORDERS["pulls"]))[(page - 1) * PAGE : page * PAGE])
    return Results(rows, known.total, page, pages, counts=dict(known.counts))


def _large(base: QuerySet[Listing], words: list[str], sort: str, question: Question) -> Results:
    """Filter and order in the database what is too much to be counted, until there is a page."""
    answering = matching.matching(base, words, Expected.MANY if question.active else Expected.MOST)
    answering = _chosen(answering, question, by_sets=False)
    counts: Counts = dict.fromkeys(facets.BY_NAME)
    if not words:
        counts |= {name: _count_open(base, name, question) for name in question.active[:MOST_QUESTIONS]}
    page, pages = _page(MOST_PAGES * PAGE, question.page)
    first, last = (page - 1) * PAGE, page * PAGE
    ordered = answering.order_by(*ORDERS.get(sort, ORDERS["pulls"]))
    exact = list(ordered.filter(name=" ".join(words))[:PAGE]) if sort == "relevance" else []
    rest = ordered.exclude(id__in=[row.id for row in exact])
    rows = exact[first:last] + list(rest[max(0, first - len(exact)) : last - len(exact)])
    return Results(rows, MOST_COUNTED, page, pages, is_many=True, counts=counts)


def _count_open(base: QuerySet[Listing], name: str, question: Question) -> dict[str, int] | None:
    """The counts of a facet as if nothing were chosen in it."""
    others = question.without(name)
    if not others.active and not others.deprecated:
        known: dict[str, int] | None = figures().counts.get(name)
        return known
    return facets.count_column(facets.BY_NAME[name], _chosen(base, others), MOST_COUNTED)


def _exact_first(found: QuerySet[Listing], words: Sequence[str]) -> QuerySet[Listing]:
    """The listing of exactly this name, then by pulls."""
    name = " ".join(words)
    is_it = Case(When(name=name, then=Value(0)), default=Value(1), output_field=IntegerField())
    return found.order_by(is_it, *ORDERS["pulls"])


def _chosen(found: QuerySet[Listing], question: Question, *, by_sets: bool = True) -> QuerySet[Listing]:
    """Those that have what was chosen: found by their sets of bits, for which there is an index, or one by one."""
    sets = FacetSet.objects.all()
    for name, values in question.chosen.items():
        facet = facets.BY_NAME[name]
        if values and facet.is_bits and by_sets:
            sets = sets.filter(facet.condition(values, "bits"))
        elif values:
            found = found.filter(facet.condition(values))
    return found.filter(facet_bits__in=sets.values("bits")) if sets.query.where else found


def _page(total: int, wanted: int) -> tuple[int, int]:
    """The page that is shown, and how many there are."""
    pages = min(max(1, -(-total // PAGE)), MOST_PAGES)
    return min(max(1, wanted), pages), pages


def figures() -> SearchFigures:
    """What was counted last over all listings."""
    return SearchFigures.objects.first() or SearchFigures()


def window(q: str, *, sort: str, first: int, limit: int) -> tuple[list[Listing], int]:
    """Return `limit` listings from the `first` on, for programs that read on and on, and how many there are."""
    words = matching.words_of(q)
    found = matching.matching(Listing.objects.all(), words)
    ordered = (
        _exact_first(found, words)
        if sort == "relevance" and words
        else found.order_by(*ORDERS.get(sort, ORDERS["pulls"]))
    )
    return list(ordered[first : first + limit]), found.count()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to go to at once: a publisher (`name` empty) or a repository."""

    alias: str
    name: str
    text: str

    @property
    def path(self) -> str:
        """Its page."""
        return f"/{self.alias}/{self.name}" if self.name else f"/{self.alias}"


def suggestions(q: str, limit: int = 8) -> list[Suggestion]:
    """Return publishers and repositories whose names begin like the query, then repositories that hold it."""
    text = fold(q[: matching.LONGEST]).strip()
    if len(text) < 2 or "\x00" in text:
        return []
    after = text + matching.AFTER_ALL
    listed = Listing.objects.filter(is_deprecated=False)
    found = _publishers(listed, text, after)
    begin = listed.filter(name__gte=text, name__lt=after).order_by(*ORDERS["pulls"])
    rows = list(begin.only("alias", "name", "description")[:limit])
    words = matching.words_of(text)
    if len(rows) < limit and any(len(word) >= matching.LETTERS for word in words):
        rest = matching.matching(listed, words).exclude(id__in=[row.id for row in rows])
        rows += list(rest.order_by(*ORDERS["pulls"]).only("alias", "name", "description")[: limit - len(rows)])
    found += [Suggestion(row.alias, row.name, row.description) for row in rows]
    return found[:limit]


def _publishers(listed: QuerySet[Listing], text: str, after: str) -> list[Suggestion]:
    """Publishers by each of their aliases, shown under the primary one; then by the names that they show."""
    named = aliases.active().filter(name__gte=text, name__lt=after).values_list("account_id", flat=True)
    others = {name for name in aliases.primaries(named[:PAGE]).values() if not name.startswith(text)}
    condition = Q(alias__gte=text, alias__lt=after)
    if others:
        condition |= Q(alias__in=others)
    found = dict(listed.filter(condition).order_by("alias").values_list("alias", "publisher").distinct()[:MOST_NAMED])
    if len(found) < MOST_NAMED:
        called = listed.filter(publisher_folded__gte=text, publisher_folded__lt=after).exclude(alias__in=found)
        names = called.order_by("publisher_folded", "alias").values_list("alias", "publisher").distinct()
        found |= dict(names[: MOST_NAMED - len(found)])
    return [Suggestion(alias, "", publisher) for alias, publisher in found.items()]


def popular(limit: int = 12) -> list[Listing]:
    """The listings with most pulls in the last 30 days."""
    return list(_shown().order_by(*ORDERS["pulls"])[:limit])


def newest(limit: int = 8) -> list[Listing]:
    """The listings that were pushed to last."""
    return list(_shown().order_by(*ORDERS["updated"])[:limit])


def of_publisher(alias: str, *, q: str = "", kind: str = "", sort: str = "", page: int = 1) -> Results:
    """Return a page of one publisher's listings, deprecated ones too."""
    found = matching.matching(Listing.objects.filter(alias=alias), matching.words_of(q))
    if kind:
        found = found.filter(kind=kind)
    total = found.count()
    number, pages = _page(total, page)
    ordered = found.order_by(*ORDERS.get(sort, ORDERS["pulls"]))
    return Results(list(ordered[(number - 1) * PAGE : number * PAGE]), total, number, pages)


def _shown() -> QuerySet[Listing]:
    """Listings that lists without a query show."""
    return Listing.objects.filter(is_deprecated=False).exclude(newest_tag="")


def get(alias: str, name: str) -> Listing | None:
    """The listing of one repository, if it has been made yet."""
    return Listing.objects.filter(alias=alias, name=name).first()


def near(words: str, limit: int = 5) -> list[Listing]:
    """Listings whose names are like what somebody looked for in vain."""
    return find(Question(words)).rows[:limit]


def all_listings() -> QuerySet[Listing]:
    """Every listing in an order that does not change, for the sitemap."""
    return Listing.objects.order_by("id")
