"""Removes stored bytes that nothing needs any more, in two steps, so that a push of the same digest never loses.

A blob is marked DELETING under the lock of its row if nothing refers to it; then it counts as absent, and a push makes
a new row with a new key. Only after that commit do the bytes go, and the row last: what is killed in between is taken
up again by the next call.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from registry import storage
from registry.models import Blob, BlobLink, Image, ImageBlob, Manifest, Repository

log = structlog.get_logger(__name__)


def remove_unneeded(blob_ids: Iterable[UUID]) -> int:
    """Remove those of the blobs that no repository links and no image names; return how many bytes went."""
    freed = 0
    for blob_id in blob_ids:
        if _mark(blob_id):
            freed += _remove(blob_id)
    return freed


def _mark(blob_id: UUID) -> bool:
    """The first step: whether the blob is to go."""
    with transaction.atomic():
        blob = Blob.objects.select_for_update().filter(id=blob_id).first()
        if blob is None:
            return False
        if blob.state != Blob.State.DELETING:
            if BlobLink.objects.filter(blob=blob).exists() or ImageBlob.objects.filter(blob=blob).exists():
                return False
            blob.state = Blob.State.DELETING
            blob.save(update_fields=["state"])
    return True


def _remove(blob_id: UUID) -> int:
    """The second step, which may be repeated: the bytes, then the row."""
    blob = Blob.objects.filter(id=blob_id, state=Blob.State.DELETING).first()
    if blob is None:
        return 0
    storage.default().delete(blob.storage_key)
    blob.delete()
    log.info("removed a blob", digest=blob.digest, size=blob.size)
    return blob.size


def forget_deleted(repository: Repository, digest: str, blob_ids: Collection[UUID]) -> None:
    """Remove the rows of a repository's deleted images that have a digest or name one of the blobs, for ever."""
    with transaction.atomic():
        gone = Image.objects.filter(repository=repository).exclude(deleted_at=None)
        its = gone.filter(Q(digest=digest) | Q(blobs__blob_id__in=blob_ids) | Q(blobs=None))
        rows = dict(its.values_list("id", "manifest_id"))
        Image.objects.filter(id__in=rows).delete()
        Manifest.objects.filter(digest__in=set(rows.values()), images=None).delete()
