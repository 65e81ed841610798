"""What the console's lists of repositories read: sorted and filtered on the server, in one query and a count."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Q, QuerySet, Sum, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import addresses, keyset, permissions, registries, repositories, scan_rules
from registry.core.browsing import PAGE, Page
from registry.core.keyset import Order
from registry.models import ImageTag, Repository
from registry.values import Address, RegistryId

SORTS: Final = {
    "name": Order("name"),
    "mutability": Order("image_tag_mutability"),
    "images": Order("image_count", int),
    "size": Order("stored_size", int),
    "pushed": Order("last_push_at", datetime, is_nullable=True),
    "pulled": Order("last_pull_at", datetime, is_nullable=True),
}
"""What a list can be sorted by."""


@dataclass(frozen=True, slots=True)
class RepositoryFilter:
    """Which repositories are shown; a field that is empty or None lets all through.

    `tag` is a resource tag, as `key` or `key=value`; `scanning` a scan frequency; `not_pulled_for` is in days.
    """

    contains: str = ""
    prefix: str = ""
    tag: str = ""
    mutability: str = ""
    scanning: str = ""
    is_empty: bool | None = None
    has_policy: bool | None = None
    not_pulled_for: int | None = None


ALL: Final = RepositoryFilter()


@dataclass(frozen=True, slots=True)
class RepositoryRow:
    """A repository in a list; `scanning` is the scan frequency that holds for it."""

    repository: Repository
    path: str
    image_count: int
    size: int
    last_pull: datetime | None
    scanning: str

    @property
    def namespace(self) -> str:
        """The name up to its last slash; empty if it has none."""
        return self.repository.name.rpartition("/")[0]

    @property
    def own_name(self) -> str:
        """The name behind its last slash."""
        return self.repository.name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Effects:
    """What is lost with a repository."""

    images: int
    tags: int
    size: int
    pulls: int
    has_policy: bool = False
    is_protected: bool = False


def page(
    caller: Caller,
    registry: RegistryId,
    *,
    only: RepositoryFilter = ALL,
    sort: str = "name",
    after: str = "",
    before: str = "",
    limit: int = PAGE,
) -> Page[RepositoryRow]:
    """Return a registry's repositories in the order of one of SORTS, with `-` before it the other way round."""
    how = registries.configured_scanning(registry)
    found = _found(caller, registry, only, how)
    order = SORTS[sort.removeprefix("-")]
    listed = keyset.counted(found)
    cut = keyset.cut(listed, order, descending=sort.startswith("-"), after=after, before=before, limit=limit)
    prefix = addresses.prefix(registry)
    shown = [
        RepositoryRow(
            row,
            f"{prefix}/{row.name}",
            row.image_count,
            row.stored_size,
            row.last_pull_at,
            registries.scan_by(how, row.name, on_push=row.scan_on_push).frequency,
        )
        for row in cut.rows
    ]
    total = keyset.total(cut, found)
    return Page(shown, cut.next, total, cut.previous)


def names(caller: Caller, registry: RegistryId, only: RepositoryFilter = ALL) -> list[str]:
    """Return the names of all repositories that match, in order."""
    return list(_found(caller, registry, only).order_by("name").values_list("name", flat=True))


def existing(caller: Caller, registry: RegistryId, wanted: Collection[str]) -> list[str]:
    """Return those of the names that there are repositories of, in order."""
    found: list[str] = []
    for some in batched(sorted(set(wanted))):
        found += _found(caller, registry, ALL).filter(name__in=some).values_list("name", flat=True)
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Totals:
    """What some repositories hold together."""

    repositories: int
    images: int
    size: int


def totals(caller: Caller, registry: RegistryId) -> Totals:
    """Return how much a registry holds, each image counted whole."""
    return _totals(_found(caller, registry, ALL))


def sums(caller: Caller, registry: RegistryId, wanted: Collection[str]) -> Totals:
    """Return how much some repositories hold."""
    parts = [_totals(_found(caller, registry, ALL).filter(name__in=some)) for some in batched(wanted)]
    return Totals(sum(x.repositories for x in parts), sum(x.images for x in parts), sum(x.size for x in parts))


def _totals(found: QuerySet[Repository]) -> Totals:
    counted = found.aggregate(
        count=Count("id"), images=Sum("image_count", default=0), size=Sum("stored_size", default=0)
    )
    return Totals(counted["count"], counted["images"], counted["size"])


def batched(names: Collection[str], size: int = 500) -> Iterator[list[str]]:
    """The names in lists that a statement can hold."""
    rows = list(names)
    return (rows[start : start + size] for start in range(0, len(rows), size))


def effects(caller: Caller, address: Address) -> Effects:
    """Count what would be lost with a repository."""
    repository = repositories.authorized(caller, address, Action.DELETE_REPOSITORY)
    tags = ImageTag.objects.filter(repository=repository).count()
    return Effects(
        repository.image_count,
        tags,
        repository.stored_size,
        repository.pull_count,
        bool(repository.policy_text or repository.lifecycle_policy_text),
        repository.deletion_protection,
    )


def _found(
    caller: Caller, registry: RegistryId, only: RepositoryFilter, how: scan_rules.Configuration | None = None
) -> QuerySet[Repository]:
    """The live repositories of a registry that match, for who may list them; `how` its images are scanned, if known."""
    permissions.require_in_registry(caller, registry, Action.DESCRIBE_REPOSITORIES)
    found = Repository.objects.filter(account_id=registry.account_id, region=registry.region, deleted_at=None)
    if only.contains:
        found = found.filter(name__contains=only.contains)
    if only.prefix:
        found = found.filter(name__startswith=only.prefix)
    if only.mutability:
        found = found.filter(image_tag_mutability=only.mutability)
    if only.scanning:
        found = found.filter(scan_rules.scanned_at(how or registries.configured_scanning(registry), only.scanning))
    if only.is_empty is not None:
        found = found.filter(image_count=0) if only.is_empty else found.exclude(image_count=0)
    if only.has_policy is not None:
        found = found.exclude(policy_text="") if only.has_policy else found.filter(policy_text="")
    if only.not_pulled_for is not None:
        since = timezone.now() - timedelta(days=only.not_pulled_for)
        found = found.filter(Q(last_pull_at=None) | Q(last_pull_at__lt=since))
    return _tagged(found, only.tag) if only.tag else found


def _tagged(found: QuerySet[Repository], tag: str) -> QuerySet[Repository]:
    """Those with a resource tag. A key of digits alone would be read as a place in a list: it is looked for as text."""
    key, separator, value = tag.partition("=")
    found = found.filter(resource_tags__has_key=key)
    if not separator:
        return found
    if key.removeprefix("-").isdecimal():
        written = json.dumps({key: value}, ensure_ascii=False)[1:-1]
        return found.annotate(written=Cast(F("resource_tags"), TextField())).filter(written__contains=written)
    text = Cast(KeyTextTransform(key, "resource_tags"), TextField())
    return found.annotate(value=text).filter(value=value)
