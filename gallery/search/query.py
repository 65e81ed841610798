"""Finds listings: the words of a query in name, publisher, description and text, the best match first, with facets.

Up to MOST_COUNTED matches are read as narrow rows in one statement; filters, facets and total come from those, and a
second statement reads the page. Above that the database filters, and facets are counted where that leaves few enough;
for everything together they are counted beforehand (SearchFigures).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from gallery.models import Listing, SearchFigures
from gallery.search import facets, matching, spelling
from gallery.search.facets import FACETS, Counts, Question
from gallery.search.folding import fold
from gallery.search.matching import Expected

PAGE: Final = 24
MOST_PAGES: Final = 50
MOST_COUNTED: Final = 5000
MOST_QUESTIONS: Final = 4
"""Facets that are counted by a statement of their own, where there is no text to narrow the rest down."""
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
        return _everything(base, sort, question)
    if words and matching.holders(words, MOST_COUNTED + 1) <= MOST_COUNTED:
        return _counted(matching.matching(base, words), words, sort, question)
    return _large(base, words, sort, question)


def _is_many(found: QuerySet[Listing]) -> bool:
    """Whether there are more than are counted."""
    return len(found.values_list("id", flat=True)[: MOST_COUNTED + 1]) > MOST_COUNTED


def _counted(found: QuerySet[Listing], words: list[str], sort: str, question: Question) -> Results:
    """Filter, count and order in this process."""
    rows = facets.rows(found, MOST_COUNTED)
    answering = [row for row in rows if facets.holds(row, question.chosen)]
    counts: Counts = {}
    for facet in FACETS:
        among = answering
        if facet.name in question.active:
            among = [row for row in rows if facets.holds(row, question.chosen, but=facet.name)]
        counts[facet.name] = facets.count(facet, among)
    page, pages = _page(len(answering), question.page)
    shown = Listing.objects.filter(id__in=[row.id for row in answering])
    ordered = _by_relevance(shown, words) if sort == "relevance" else shown.order_by(*ORDERS[sort])
    return Results(list(ordered[(page - 1) * PAGE : page * PAGE]), len(answering), page, pages, counts=counts)


def _by_relevance(found: QuerySet[Listing], words: Sequence[str]) -> QuerySet[Listing]:
    """How well a name fits: itself, its last part, its beginning, anywhere in it, the publisher's, elsewhere."""
    asked = " ".join(words)
    inside, publisher = Q(), Q()
    for word in words:
        inside &= Q(name__contains=word)
        publisher |= Q(alias__contains=word)
    alias, _, name = asked.partition("/")
    steps = (Q(name=asked) | Q(alias=alias, name=name), Q(name__endswith=f"/{asked}"), Q(name__startswith=asked))
    cases = [When(step, then=Value(place)) for place, step in enumerate((*steps, inside, publisher))]
    return found.order_by(Case(*cases, default=Value(9), output_field=IntegerField()), *ORDERS["pulls"])


def _everything(base: QuerySet[Listing], sort: str, question: Question) -> Results:
    """All listings, as they were counted last."""
    known = figures()
    page, pages = _page(known.total, question.page)
    rows = list(base.order_by(*ORDERS.get(sort, ORDERS["pulls"]))[(page - 1) * PAGE : page * PAGE])
    return Results(rows, known.total, page, pages, counts=dict(known.counts))


def _large(base: QuerySet[Listing], words: list[str], sort: str, question: Question) -> Results:
    """Filter and order in the database; count what is few enough."""
    base = matching.matching(base, words, Expected.MANY if question.active else Expected.MOST)
    answering = _chosen(base, question)
    sample: list[facets.Row] = []
    is_many = not question.active or (not words and _is_many(answering))
    if not is_many:
        sample = facets.rows(answering, MOST_COUNTED + 1)
        is_many = len(sample) > MOST_COUNTED
    total = MOST_COUNTED if is_many else len(sample)
    counts: Counts = {facet.name: None for facet in FACETS}
    if not is_many:
        counts |= {facet.name: facets.count(facet, sample) for facet in FACETS if facet.name not in question.active}
    if not words:
        counts |= {name: _count_open(base, name, question) for name in question.active[:MOST_QUESTIONS]}
    page, pages = _page(MOST_PAGES * PAGE if is_many else total, question.page)
    first, last = (page - 1) * PAGE, page * PAGE
    ordered = answering.order_by(*ORDERS.get(sort, ORDERS["pulls"]))
    if sort != "relevance":
        return Results(list(ordered[first:last]), total, page, pages, is_many, counts)
    exact = list(answering.filter(name=" ".join(words)).order_by(*ORDERS["pulls"])[:PAGE]) if page == 1 else []
    rest = [row for row in ordered[first:last] if row not in exact]
    return Results([*exact, *rest][:PAGE], total, page, pages, is_many, counts)


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


def _chosen(found: QuerySet[Listing], question: Question) -> QuerySet[Listing]:
    """Those that have what was chosen."""
    for name, values in question.chosen.items():
        if values:
            bits = {key: expression for key, expression in facets.BITS.items() if key.startswith(f"{name}_bit_")}
            found = found.alias(**bits).filter(facets.BY_NAME[name].condition(values))
    return found


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
    aliases = listed.filter(alias__gte=text, alias__lt=after).order_by("alias").values_list("alias", "publisher")
    found = [Suggestion(alias, "", publisher) for alias, publisher in aliases.distinct()[:3]]
    begin = listed.filter(name__gte=text, name__lt=after).order_by(*ORDERS["pulls"])
    rows = list(begin.only("alias", "name", "description")[:limit])
    words = matching.words_of(text)
    if len(rows) < limit and any(len(word) >= matching.LETTERS for word in words):
        rest = matching.matching(listed, words).exclude(id__in=[row.id for row in rows])
        rows += list(rest.order_by(*ORDERS["pulls"]).only("alias", "name", "description")[: limit - len(rows)])
    found += [Suggestion(row.alias, row.name, row.description) for row in rows]
    return found[:limit]


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
