"""Publishers as staff see them: who has a public registry, and who of them is verified, by whom, because of what."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Staff
from accounts.models import Account
from registry import events
from registry.core import addresses, aliases, catalog
from registry.errors import InvalidValue
from registry.models import Alias, RegistryCatalogData, Repository
from registry.values import PUBLIC, RegistryId

PAGE: Final = 50
LONGEST_EVIDENCE: Final = 2000


@dataclass(frozen=True, slots=True)
class Publisher:
    """An account with a public registry."""

    account: Account
    alias: str
    name: str
    website: str
    repositories: int
    verified_at: datetime | None
    verified_by: str
    verified_because: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some publishers, and how many there are in all."""

    rows: list[Publisher]
    total: int
    number: int
    pages: int


def is_verified(account_id: str) -> bool:
    """Whether staff have verified who is behind an account's public registry."""
    return RegistryCatalogData.objects.filter(account_id=account_id).exclude(verified_at=None).exists()


def page(*, contains: str = "", verified: bool | None = None, number: int = 1) -> Page:
    """Return publishers by name of their account, perhaps only those that are verified or are not."""
    rows = _with_registry()
    if contains:
        named = Alias.objects.filter(account=OuterRef("pk"), released_at=None, name__contains=contains.lower())
        rows = rows.filter(
            Q(name__icontains=contains)
            | Q(id=contains)
            | Q(catalog_data__display_name__icontains=contains)
            | Exists(named)
        )
    if verified is not None:
        checked = RegistryCatalogData.objects.filter(account=OuterRef("pk")).exclude(verified_at=None)
        rows = rows.filter(Exists(checked)) if verified else rows.exclude(Exists(checked))
    total = rows.count()
    pages = max(1, -(-total // PAGE))
    number = min(max(1, number), pages)
    return Page(_described(rows.order_by("name", "id")[(number - 1) * PAGE : number * PAGE]), total, number, pages)


def counts() -> tuple[int, int]:
    """Return how many publishers there are, and how many of them are verified."""
    rows = _with_registry()
    return rows.count(), rows.exclude(catalog_data=None).exclude(catalog_data__verified_at=None).count()


def get(account_id: str) -> Publisher | None:
    """Return one publisher; None for an account without a public registry."""
    found = _described(_with_registry().filter(id=account_id))
    return found[0] if found else None


def verify(staff: Staff, account_id: str, because: str) -> None:
    """Mark a publisher as verified, with the evidence; again, with other evidence. InvalidValue."""
    because = because.strip()
    if not because or len(because) > LONGEST_EVIDENCE or "\x00" in because:
        raise InvalidValue("because", f"takes 1 to {LONGEST_EVIDENCE} characters")
    _mark(staff, account_id, Action.VERIFY_PUBLISHER, at=timezone.now(), by=staff.email, because=because)


def unverify(staff: Staff, account_id: str) -> None:
    """Take the mark away; doing so twice is once."""
    if is_verified(account_id):
        _mark(staff, account_id, Action.UNVERIFY_PUBLISHER, at=None, by="", because="")


def _mark(staff: Staff, account_id: str, action: Action, *, at: datetime | None, by: str, because: str) -> None:
    fields: dict[str, Any] = {"verified_at": at, "verified_by": by, "verified_because": because}
    with transaction.atomic():
        was_verified = is_verified(account_id)
        RegistryCatalogData.objects.update_or_create(account_id=account_id, defaults=fields)
        resource = addresses.registry_arn(RegistryId(account_id, PUBLIC))
        trail.record(staff.on(account_id), action, resource, details={"because": because})
        catalog.announce_publisher(account_id)
        if was_verified != (at is not None):
            outbox.announce(events.PublisherMarked(account_id, at is not None, timezone.now().isoformat()))


def _with_registry() -> QuerySet[Account]:
    """The accounts that have a name in the gallery."""
    return Account.objects.filter(Exists(Alias.objects.filter(account=OuterRef("pk"), released_at=None)))


def _described(accounts: QuerySet[Account]) -> list[Publisher]:
    """The accounts with what is said and known of them."""
    found = list(accounts.select_related("catalog_data"))
    ids = [account.id for account in found]
    live = Repository.objects.filter(account__in=ids, region=PUBLIC, deleted_at=None)
    numbers = dict(live.values_list("account_id").annotate(number=Count("id")).order_by())
    names = aliases.primaries(ids)
    return [_publisher(account, names.get(account.id, ""), numbers.get(account.id, 0)) for account in found]


def _publisher(account: Account, alias: str, repositories: int) -> Publisher:
    said = getattr(account, "catalog_data", None) or RegistryCatalogData()
    return Publisher(
        account=account,
        alias=alias,
        name=said.display_name or account.name,
        website=said.website,
        repositories=repositories,
        verified_at=said.verified_at,
        verified_by=said.verified_by,
        verified_because=said.verified_because,
    )
