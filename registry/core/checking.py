"""Compares what the database says is stored with what the storage holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from registry import storage
from registry.core import blobs
from registry.models import Blob, Upload


class Problem(StrEnum):
    """What can be wrong with stored bytes."""

    MISSING = "missing"
    CUT_SHORT = "cut short"
    UNKNOWN = "not named by any row"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem: of a blob (with its digest), or of an object that no row names (digest empty)."""

    problem: Problem
    storage_key: str
    digest: str = ""


def damaged() -> Iterator[Finding]:
    """Look at the bytes of every blob; mark those that are missing or cut short, so that the next push repairs them."""
    driver = storage.default()
    for blob in Blob.objects.exclude(state=Blob.State.DELETING).order_by("id").iterator(chunk_size=1000):
        size = driver.size(blob.storage_key)
        if size == blob.size:
            continue
        if blob.state == Blob.State.LIVE:
            blobs.mark_damaged(blob)
        yield Finding(Problem.MISSING if size is None else Problem.CUT_SHORT, blob.storage_key, blob.digest)


def unknown() -> Iterator[Finding]:
    """Find stored objects that neither a blob nor an upload names, such as a crash may leave behind."""
    stored = storage.default().keys()
    for key, _ in stored:
        # In this order: a key goes from the upload to the blob, in one transaction.
        if not (Upload.objects.filter(storage_key=key).exists() or Blob.objects.filter(storage_key=key).exists()):
            yield Finding(Problem.UNKNOWN, key)
