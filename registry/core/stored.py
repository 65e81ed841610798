"""How many bytes an account's blobs take on disk, each counted once however many of its repositories share it."""

from django.db.models import Sum

from registry.models import Blob


def on_disk(account_id: str) -> int:
    """Return the bytes of the blobs that the account's repositories have."""
    ids = Blob.objects.filter(links__repository__account_id=account_id).values("id").distinct()
    return int(Blob.objects.filter(id__in=ids).aggregate(total=Sum("size", default=0))["total"])
