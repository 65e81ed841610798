"""Steps of a pass about blobs: links that no image of their repository needs, then blobs that nothing needs.

Both change rows only under the lock of the blob's row, as everything does that links one: push, mount and manifest.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from registry.core.collecting import removal
from registry.core.collecting.sweep import Sweep, in_batches, window
from registry.models import Blob, BlobLink, ImageBlob

AT_ONCE: Final = 200
"""Blobs whose bytes are removed before progress is saved."""


def links(sweep: Sweep, after: str) -> str | None:
    """Take blobs out of repositories that have no image with them, once nobody has asked for them for a while."""
    rows, upto = window(BlobLink.objects.all(), after)
    going = list(_unneeded(sweep, rows).values_list("id", "repository__name", "blob__digest", "blob_id"))
    if sweep.is_dry:
        for _, name, digest, _blob in going:
            sweep.add("links", f"{name}@{digest}")
        return upto
    for batch in in_batches(going):
        gone = _unlink(sweep, batch)
        for link_id, name, digest, _blob in batch:
            if link_id in gone:
                sweep.add("links", f"{name}@{digest}")
    return upto


def _unneeded(sweep: Sweep, rows: QuerySet[BlobLink]) -> QuerySet[BlobLink]:
    """Those of the links that may go; in a dry pass also those whose last image goes with it."""
    needing = ImageBlob.objects.filter(blob=OuterRef("blob"), image__repository=OuterRef("repository"))
    if sweep.is_dry:
        needing = needing.exclude(_settled(sweep))
    asked = Q(keep_until__gte=sweep.kept_until) & ~Q(repository__deleted_at__lt=sweep.deleted_before)
    return rows.exclude(asked).filter(~Exists(needing))


def _settled(sweep: Sweep) -> Q:
    """Images that go, and whose blobs have no grace any more because of them."""
    before = min(sweep.deleted_before, sweep.now - sweep.grace)
    return Q(image__deleted_at__lt=before) | Q(image__repository__deleted_at__lt=sweep.deleted_before)


def _unlink(sweep: Sweep, batch: Sequence[tuple[Any, ...]]) -> set[int]:
    """Remove links, those that were asked for or used meanwhile left out; return which went."""
    ids = [link_id for link_id, *_ in batch]
    with transaction.atomic():
        # The lock comes first and the second look after it: only then does it see what a push has just committed.
        held = Blob.objects.select_for_update(no_key=True).filter(id__in={each[3] for each in batch}).order_by("id")
        list(held.values_list("id", flat=True))
        going = set(_unneeded(sweep, BlobLink.objects.filter(id__in=ids)).values_list("id", flat=True))
        # A HEAD renews the grace without that lock, so the statement that deletes asks for it once more.
        deleted = Q(repository__deleted_at__lt=sweep.deleted_before)
        free = set(BlobLink.objects.filter(deleted, id__in=going).values_list("id", flat=True))
        BlobLink.objects.filter(id__in=free).delete()
        BlobLink.objects.filter(id__in=going - free, keep_until__lt=sweep.kept_until).delete()
        return going - set(BlobLink.objects.filter(id__in=going).values_list("id", flat=True))


def blobs(sweep: Sweep, after: str) -> str | None:
    """Remove blobs that no repository has and no image names: first marked, then their bytes, then their rows."""
    rows, upto = window(Blob.objects.all(), after)
    going = rows.filter(state=Blob.State.DELETING), _unused(sweep, rows)
    if sweep.is_dry:
        for each in going:
            for digest, size in each.values_list("digest", "size"):
                sweep.add("blobs", digest, size)
        return upto
    found = [row for each in going for row in each.values_list("id", "digest", "size")[:AT_ONCE]]
    found = sorted(found)[:AT_ONCE]
    if len(found) == AT_ONCE:  # a store may take its time for each
        upto = str(found[-1][0])
    for batch in in_batches(found):
        marked, freed = removal.mark([blob_id for blob_id, _, _ in batch]), []
        try:
            for blob in marked:
                with sweep.storing(f"blob {blob.id}"):
                    removal.remove_bytes(blob)
                    freed.append(blob.id)
        finally:
            gone = removal.remove_rows(freed)
            for blob_id, digest, size in batch:
                if blob_id in gone:
                    sweep.add("blobs", digest, size)
    return upto


def _unused(sweep: Sweep, rows: QuerySet[Blob]) -> QuerySet[Blob]:
    """Those of the blobs that nothing has or names; in a dry pass also those whose last link or image goes with it."""
    links, names = BlobLink.objects.filter(blob=OuterRef("pk")), ImageBlob.objects.filter(blob=OuterRef("pk"))
    if sweep.is_dry:
        # A link stays because it was asked for, or because an image of its repository needs it.
        names = names.exclude(sweep.going("image__"))
        links = links.exclude(repository__deleted_at__lt=sweep.deleted_before)
        needing = ImageBlob.objects.filter(blob=OuterRef("pk"), image__repository__blob_links__blob=OuterRef("pk"))
        rows = rows.filter(~Exists(needing.exclude(_settled(sweep))))
        links = links.filter(keep_until__gte=sweep.kept_until)
    # Each condition by itself, so that PostgreSQL can join.
    return rows.filter(~Exists(links), ~Exists(names)).exclude(state=Blob.State.DELETING)
