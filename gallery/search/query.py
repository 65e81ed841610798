"""Finds listings: words of a query in name, publisher and description, the best match first."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Case, IntegerField, QuerySet, Value, When

from gallery.models import Listing
from gallery.search.folding import fold

PAGE: Final = 24
MOST_PAGES: Final = 50
MOST_WORDS: Final = 8
SORTS: Final = ("relevance", "pulls", "updated", "name")
ORDERS: Final = {
    "pulls": ("-recent_pull_count", "-pull_count", "alias", "name"),
    "updated": ("-pushed_at", "alias", "name"),
    "name": ("name", "alias"),
}


@dataclass(frozen=True, slots=True)
class Results:
    """One page of listings, and how many match in all."""

    rows: list[Listing]
    total: int
    page: int
    pages: int


def find(q: str = "", *, kind: str = "", alias: str = "", sort: str = "", page: int = 1) -> Results:
    """Return a page of the listings that hold every word of the query, of one kind or publisher if asked.

    `sort` is one of SORTS; by relevance with a query, by pulls without one.
    """
    found = Listing.objects.all()
    if kind:
        found = found.filter(kind=kind)
    if alias:
        found = found.filter(alias=alias)
    words = fold(q).split()[:MOST_WORDS]
    for word in words:
        found = found.filter(search_text__contains=word)
    total = found.count()
    pages = min(max(1, -(-total // PAGE)), MOST_PAGES)
    page = min(max(1, page), pages)
    ordered = _ordered(found, words, sort or ("relevance" if words else "pulls"))
    return Results(list(ordered[(page - 1) * PAGE : page * PAGE]), total, page, pages)


def _ordered(found: QuerySet[Listing], words: list[str], sort: str) -> QuerySet[Listing]:
    """Order by the sort's fields; relevance is exact name, then its beginning, then anywhere in it, then the rest."""
    if sort in ORDERS:
        return found.order_by(*ORDERS[sort])
    name = " ".join(words)
    rank = Case(
        When(name=name, then=Value(0)),
        When(name__startswith=name, then=Value(1)),
        When(name__contains=name, then=Value(2)),
        When(alias__contains=name, then=Value(3)),
        default=Value(4),
        output_field=IntegerField(),
    )
    return found.order_by(rank, *ORDERS["pulls"])


def popular(limit: int = 12) -> list[Listing]:
    """The listings with most pulls in the last 30 days."""
    return list(Listing.objects.exclude(newest_tag="").order_by(*ORDERS["pulls"])[:limit])


def newest(limit: int = 8) -> list[Listing]:
    """The listings that were pushed to last."""
    return list(Listing.objects.exclude(newest_tag="").order_by(*ORDERS["updated"])[:limit])


def get(alias: str, name: str) -> Listing | None:
    """The listing of one repository, if it has been made yet."""
    return Listing.objects.filter(alias=alias, name=name).first()
