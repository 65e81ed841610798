"""Steps of a pass about the storage: uploads that were left, objects that no row names, blobs that are missing."""

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from registry import storage
from registry.core import blobs, uploads
from registry.core.collecting.sweep import Sweep
from registry.models import Blob, Upload

PAGE: Final = 1000
OURS: Final = re.compile(r"[0-9a-f]{32}")
"""What every driver's keys look like; anything else in the folder is somebody else's."""
FEW: Final = 10
"""So many missing blobs are damage, whatever their share; more than half of a page is a storage that is not there."""


def left_uploads(sweep: Sweep, after: str) -> str | None:
    """Throw away uploads that nobody has written to for long, and the bytes of those that have no row."""
    if sweep.is_dry:
        for upload in uploads.stale().iterator(chunk_size=PAGE):
            sweep.add("uploads", str(upload.id), upload.offset)
        for upload_id in uploads.left_behind():
            sweep.add("uploads", upload_id)
        return None
    batch = list(uploads.stale()[:100])
    done = 0
    for upload in batch:
        with sweep.storing(f"upload {upload.id}"):
            if uploads.remove(upload.id):
                done += 1
                sweep.add("uploads", str(upload.id), upload.offset)
    if done and len(batch) == 100:
        return "more"
    with sweep.storing("uploads"):
        for upload_id in uploads.left_behind():
            storage.default().discard(upload_id, {})
            sweep.add("uploads", upload_id)
    return None


@dataclass(frozen=True, slots=True)
class Page:
    """The same stretch of keys in the storage and in the database; `upto` is its last key, None at the end."""

    objects: dict[str, tuple[int, datetime]]
    rows: dict[str, Blob]
    upto: str | None


def compare(sweep: Sweep, after: str) -> str | None:
    """Walk over storage and database side by side: remove objects that no row names, mark blobs that are not there."""
    page = read_page(after)
    for key in unnamed(page):
        size, written_at = page.objects[key]
        if written_at < sweep.written_before:
            with sweep.storing(key):
                if not sweep.is_dry:
                    storage.default().delete(key)
                sweep.add("orphans", key, size)
    lost = missing(page)
    if len(lost) > max(FEW, len(page.rows) // 2):
        sweep.problem(
            f"{len(lost)} of {len(page.rows)} blobs behind key {after or '0'} are missing at once, so none was marked:"
            " is this the right folder or bucket, and is it mounted?"
        )
        return page.upto
    for blob in lost:
        sweep.add("missing", blob.digest)
        if not sweep.is_dry:
            blobs.mark_damaged(blob)
    return page.upto


def read_page(after: str) -> Page:
    """Read the next stretch, which ends where the shorter of both lists does. StorageUnavailable."""
    # The objects come first: a row that follows may be newer, but an object that was seen had its row before.
    objects = list(islice(storage.default().keys(after), PAGE))
    rows = list(Blob.objects.filter(storage_key__gt=after).order_by("storage_key")[:PAGE])
    ends = [objects[-1].key] if len(objects) == PAGE else []
    ends += [rows[-1].storage_key] if len(rows) == PAGE else []
    upto = min(ends) if ends else None
    return Page(
        {each.key: (each.size, each.written_at) for each in objects if upto is None or each.key <= upto},
        {row.storage_key: row for row in rows if upto is None or row.storage_key <= upto},
        upto,
    )


def unnamed(page: Page) -> list[str]:
    """The keys that neither an upload nor a blob names, such as a crash may leave behind."""
    open_keys = [key for key in page.objects if key not in page.rows and OURS.fullmatch(key)]
    # In this order: a key goes from the upload to the blob, in one transaction.
    named = set(Upload.objects.filter(storage_key__in=open_keys).values_list("storage_key", flat=True))
    named |= set(Blob.objects.filter(storage_key__in=open_keys).values_list("storage_key", flat=True))
    return [key for key in open_keys if key not in named]


def missing(page: Page) -> list[Blob]:
    """The live blobs whose bytes are not there whole, by a second look at each."""
    found = []
    for key, row in page.rows.items():
        if row.state != Blob.State.LIVE or page.objects.get(key, (None, None))[0] == row.size:
            continue
        if storage.default().size(key) != row.size and Blob.objects.filter(
            id=row.id, storage_key=key, state=Blob.State.LIVE
        ):
            found.append(row)
    return found
