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
from registry.core.collecting.images import remove_manifests
from registry.models import Blob, BlobLink, Image, ImageBlob, Repository

log = structlog.get_logger(__name__)


def remove_unneeded(blob_ids: Iterable[UUID]) -> int:
    """Remove those of the blobs that no repository links and no image names; return how many went."""
    gone = 0
    for blob_id in blob_ids:
        for blob in mark([blob_id]):
            remove_bytes(blob)
            gone += len(remove_rows([blob.id]))
    return gone


def mark(blob_ids: Collection[UUID]) -> list[Blob]:
    """The first step: return which of the blobs are to go. Nothing brings back what is marked once."""
    with transaction.atomic():
        held = list(Blob.objects.select_for_update().filter(id__in=blob_ids).order_by("id"))
        unmarked = {blob.id for blob in held if blob.state != Blob.State.DELETING}
        needed: set[UUID] = set()
        for references in (BlobLink.objects, ImageBlob.objects):
            needed |= set(references.filter(blob_id__in=unmarked - needed).values_list("blob_id", flat=True))
        Blob.objects.filter(id__in=unmarked - needed).update(state=Blob.State.DELETING)
    return [blob for blob in held if blob.id not in needed]


def remove_bytes(blob: Blob) -> None:
    """The second step, which may be repeated: the bytes of a blob that is marked. Its key is nobody else's, ever."""
    storage.default().delete(blob.storage_key)
    log.info("removed a blob", digest=blob.digest, size=blob.size)


def remove_rows(blob_ids: Collection[UUID]) -> set[UUID]:
    """The last step: forget blobs whose bytes are gone; return those that this call has forgotten."""
    with transaction.atomic():
        held = Blob.objects.select_for_update().filter(id__in=blob_ids, state=Blob.State.DELETING).order_by("id")
        gone = set(held.values_list("id", flat=True))
        Blob.objects.filter(id__in=gone).delete()
    return gone


def forget_deleted(repository: Repository, digest: str, blob_ids: Collection[UUID]) -> None:
    """Remove the rows of a repository's deleted images that have a digest or name one of the blobs, for ever.

    Indexes, which name no blobs, go if they were taken down; without a digest all of them do.
    """
    with transaction.atomic():
        gone = Image.objects.filter(repository=repository).exclude(deleted_at=None)
        indexes = Q(blobs=None, deleted_by="") if digest else Q(blobs=None)
        its = gone.filter(Q(digest=digest) | Q(blobs__blob_id__in=blob_ids) | indexes)
        rows = dict(its.values_list("id", "manifest_id"))
        Image.objects.filter(id__in=rows).delete()
    remove_manifests(set(rows.values()))
