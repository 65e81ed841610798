"""How many bytes an account's blobs take on disk, each counted once however many of its repositories share it."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Sum

from registry.errors import QuotaExceeded
from registry.models import Blob


def on_disk(account_id: str) -> int:
    """Return the bytes of the blobs that the account's repositories have."""
    return int(blobs_of(account_id).aggregate(total=Sum("size", default=0))["total"])


def blobs_of(account_id: str) -> QuerySet[Blob]:
    """Return the blobs that the account's repositories have, each once."""
    ids = Blob.objects.filter(links__repository__account_id=account_id).values("id").distinct()
    return Blob.objects.filter(id__in=ids)


def require_quota(account_id: str) -> None:
    """Return if the account's blobs are within its quota. QuotaExceeded."""
    quota = settings.STORAGE_QUOTA_BYTES
    if quota and on_disk(account_id) >= quota:
        raise QuotaExceeded(quota)


@dataclass(frozen=True, slots=True)
class Health:
    """Stored blobs of all accounts: how many, their bytes, and how many of them are damaged."""

    blobs: int
    size: int
    damaged: int


def health() -> Health:
    """Count the rows of all blobs, those left out that are being removed."""
    rows = Blob.objects.exclude(state=Blob.State.DELETING)
    damaged = Count("id", filter=Q(state=Blob.State.DAMAGED))
    return Health(**rows.aggregate(blobs=Count("id"), size=Sum("size", default=0), damaged=damaged))
