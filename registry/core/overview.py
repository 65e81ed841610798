"""An account at a glance: what it holds, how much it was used in the last days, and what needs attention."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import BigIntegerField, Count, Func, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts import gate
from accounts.audit import lookup
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import access_keys, asking
from accounts.models import AccessKey, Account
from registry.core import permissions, stored
from registry.models import PullCount, Replication, Repository, WorkItem
from registry.values import PUBLIC, RegistryId

DAYS: Final = 7
OLD_KEY: Final = timedelta(days=90)
NEAR: Final = 0.8
"""The part of a limit from which on it is worth a warning."""
MOST_KEYS: Final = 10
FAILED, IN_PROGRESS = Replication.Status.FAILED, Replication.Status.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class RegistryTotals:
    """What the registry of one region, or the public one, holds. `size` counts each image whole."""

    region: str
    repositories: int
    images: int
    size: int


@dataclass(frozen=True, slots=True)
class Copies:
    """Images under tags that could not be replicated, or wait for a peer that is away; `region` is one they are in."""

    failed: int
    held_up: int
    region: str


NO_COPIES: Final = Copies(0, 0, "")


@dataclass(frozen=True, slots=True)
class Use:
    """What happened in the last days, what all of it takes on disk after sharing, and which copies do not arrive."""

    on_disk: int
    pulls: int
    pushes: int
    copies: Copies = NO_COPIES


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that is nearly used up."""

    region: str
    used: int
    limit: int

    @property
    def percent(self) -> int:
        """How much of it is used."""
        return self.used * 100 // self.limit


@dataclass(frozen=True, slots=True)
class Attention:
    """What somebody should look at."""

    old_keys: list[AccessKey]
    storage: Limit | None
    repositories: list[Limit]
    failed_work: list[WorkItem]
    copies: Copies | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing needs attention."""
        return not (self.old_keys or self.storage or self.repositories or self.failed_work or self.copies)


def totals(caller: Caller) -> list[RegistryTotals]:
    """Return what each registry of the caller's account holds that the caller may list, in the deployment's order."""
    found = Repository.objects.filter(account_id=caller.account_id, deleted_at=None)
    sums = found.values("region").order_by().annotate(Count("id"), Sum("image_count"), Sum("stored_size"))
    rows = {
        region: counts
        for region, *counts in sums.values_list("region", "id__count", "image_count__sum", "stored_size__sum")
    }
    return [
        RegistryTotals(region, *rows.get(region, (0, 0, 0)))
        for region in (*settings.REGIONS, PUBLIC)
        if permissions.may(caller, RegistryId(caller.account_id, region), Action.DESCRIBE_REPOSITORIES)
    ]


def use(caller: Caller) -> Use | None:
    """Return the account's pulls and pushes of the last days; None for who may not list its repositories."""
    if not permissions.may(caller, RegistryId(caller.account_id, settings.HOME_REGION), Action.DESCRIBE_REPOSITORIES):
        return None
    since = timezone.now() - timedelta(days=DAYS)
    pulled = PullCount.objects.filter(day__gt=since.date(), image__repository__account_id=caller.account_id)
    pushed = lookup.done(caller.account_id, Action.PUT_IMAGE, since).annotate(one=Value(1))
    failed, held_up = _copies(caller, Q(status=FAILED)), _copies(caller, Q(status=IN_PROGRESS) & ~Q(failure_code=""))
    counted = (each.annotate(one=Value(1)) for each in (failed, held_up))
    sums = _sum(stored.blobs_of(caller.account_id), "size"), _sum(pulled, "count"), _sum(pushed, "one")
    region = Subquery((failed | held_up).order_by("source_region").values("source_region")[:1])
    counts: tuple[Coalesce | Subquery, ...] = (*sums, *(_sum(each, "one") for each in counted), region)
    *numbers, its_region = Account.objects.filter(id=caller.account_id).values_list(*counts).get()
    on_disk, pulls, pushes, failed_copies, held_up_copies = map(int, numbers)
    return Use(on_disk, pulls, pushes, Copies(failed_copies, held_up_copies, its_region or ""))


def _copies(caller: Caller, what: Q) -> QuerySet[Replication]:
    """The account's replications of some state, of images that are there."""
    live = {"account_id": caller.account_id, "image__deleted_at": None, "image__repository__deleted_at": None}
    return Replication.objects.filter(what, **live)


def _sum(rows: QuerySet[Any], field: str) -> Coalesce:
    """The sum of a field over rows, as a part of another statement."""
    total = Func(field, function="SUM", output_field=BigIntegerField())  # Sum would group by the rows
    return Coalesce(Subquery(rows.annotate(total=total).values("total")), 0)


def attention(caller: Caller, held: list[RegistryTotals], used: Use | None, jobs: list[WorkItem]) -> Attention:
    """Return what needs attention, as far as the caller may know of it."""
    quota = settings.STORAGE_QUOTA_BYTES
    storage = Limit("", used.on_disk, quota) if used and quota and used.on_disk >= NEAR * quota else None
    most = settings.MAX_REPOSITORIES
    return Attention(
        old_keys=_old_keys(caller),
        storage=storage,
        repositories=[Limit(each.region, each.repositories, most) for each in held if each.repositories >= NEAR * most],
        failed_work=[item for item in jobs if item.is_over],
        copies=used.copies if used and used.copies.region and _may_know_of_copies(caller) else None,
    )


def _may_know_of_copies(caller: Caller) -> bool:
    home = RegistryId(caller.account_id, settings.HOME_REGION)
    return permissions.may(caller, home, Action.DESCRIBE_IMAGE_REPLICATION_STATUS)


def _old_keys(caller: Caller) -> list[AccessKey]:
    """Active keys that should be changed, the oldest first; none for who may not see the account's keys."""
    everyone = asking.arn_of(caller.account_id, "*")
    if not gate.decide(caller, f"iam:{Action.LIST_ACCESS_KEYS}", everyone).allowed:
        return []
    return access_keys.made_before(caller.account_id, timezone.now() - OLD_KEY, limit=MOST_KEYS)
