"""Publishers as the gallery shows them: by name, verified ones, one by its alias."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import reduce
from operator import or_
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from accounts.models import Account
from gallery.models import Listing
from registry.core import aliases, keyset
from registry.core.keyset import Cut, Order
from registry.models import RegistryCatalogData

PAGE: Final = 60
ORDER: Final = Order("alias", is_unique=True)
PIECE: Final = 3
MOST_PIECES: Final = 12
MOST_CANDIDATES: Final = 500
NEAR: Final = 0.6
"""How like a near name is, as difflib counts it; names that share no three letters in a row are not looked at."""


@dataclass(frozen=True, slots=True)
class Publisher:
    """An account with public repositories, by the alias that it goes by."""

    alias: str
    name: str
    description: str
    website: str
    logo: str
    verified_at: datetime | None
    joined_at: datetime
    other_aliases: list[str]
    repositories: int = 0
    pulls: int = 0

    @property
    def is_verified(self) -> bool:
        """Whether staff have checked who it is."""
        return self.verified_at is not None


def get(account_id: str) -> Publisher:
    """Return a publisher with the sums over its repositories."""
    account = Account.objects.select_related("catalog_data").get(id=account_id)
    said: RegistryCatalogData | None = getattr(account, "catalog_data", None)
    names = [row.name for row in aliases.of_account(account_id)]
    primary = aliases.primary(account_id)
    sums = Listing.objects.filter(alias=primary).aggregate(repositories=Count("id"), pulls=Sum("pull_count", default=0))
    return Publisher(
        alias=primary,
        name=(said.display_name if said else "") or account.name,
        description=said.description if said else "",
        website=said.website if said else "",
        logo=(said.logo_id or "") if said else "",
        verified_at=said.verified_at if said else None,
        joined_at=account.created_at,
        other_aliases=[name for name in names if name != primary],
        **sums,
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """A publisher in a list."""

    alias: str
    name: str
    is_verified: bool
    repositories: int
    pulls: int


def listed(
    *, verified: bool = False, contains: str = "", after: str = "", before: str = "", limit: int = PAGE
) -> Cut[Entry]:
    """Return publishers by alias, behind or before an alias."""
    found = _entries(Listing.objects.all())
    if verified:
        found = found.filter(is_verified=True)
    if contains:
        found = found.filter(Q(alias__contains=contains.lower()) | Q(publisher__icontains=contains))
    cut = keyset.cut(found, ORDER, after=after, before=before, limit=limit)
    return Cut([_entry(row) for row in cut.rows], cut.next, cut.previous)


def verified(limit: int = 12) -> list[Entry]:
    """The verified publishers that are pulled from most."""
    rows = _entries(Listing.objects.filter(is_verified=True)).order_by("-pulls", "alias")
    return [_entry(row) for row in rows[:limit]]


def _entries(found: QuerySet[Listing]) -> Any:
    """One row for each alias, with sums."""
    sums = {"repositories": Count("id"), "pulls": Sum("pull_count")}
    return found.values("alias", "publisher", "is_verified").annotate(**sums)


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(row["alias"], row["publisher"], row["is_verified"], row["repositories"], row["pulls"])


def aliases_in_order() -> list[str]:
    """The aliases that publishers with listings go by, for the sitemap."""
    return list(Listing.objects.order_by("alias").values_list("alias", flat=True).distinct())


def nearest(name: str, limit: int = 5) -> list[str]:
    """Aliases with listings that are spelled much like one that nobody has, the nearest first."""
    pieces = list(dict.fromkeys(name[at : at + PIECE] for at in range(max(1, len(name) - PIECE + 1))))
    shares_one = reduce(or_, (Q(name__contains=piece) for piece in pieces[:MOST_PIECES]))
    listed = Exists(Listing.objects.filter(alias=OuterRef("name")))
    candidates = aliases.active().filter(shares_one, listed).order_by("name").values_list("name", flat=True)
    return get_close_matches(name, candidates[:MOST_CANDIDATES], n=limit, cutoff=NEAR)
