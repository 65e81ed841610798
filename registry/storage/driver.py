"""What a storage driver does. tests/contracts/storage_driver.py holds the suite that each driver must pass.

Bytes are durable when the method that keeps them returns. Every method raises StorageFull when no space is left, and
StorageUnavailable when the store does not answer or fails in another way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self


@dataclass(frozen=True, slots=True)
class BlobContent:
    """A blob's bytes, opened at their start; who gets it closes the file."""

    file: BinaryIO


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a listing says of a blob: its key, its length in bytes, and when its last byte was written."""

    key: str
    size: int
    written_at: datetime


class Segment(Protocol):
    """The bytes of one request of an upload. Leaving the context without `commit` throws them away."""

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes. StorageFull spoils the segment, never what counted before it was opened."""

    def commit(self) -> dict[str, Any]:
        """Close, and return the state under which these bytes count, behind those that counted before.

        They do once the caller has saved that state; until then the old one stays good.
        """

    def abort(self) -> None:
        """Close, and throw the bytes away; nothing happens after a commit."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Driver(Protocol):
    """Keeps uploads in segments, and blobs under keys that are never used twice.

    `upload` is the upload's id; `state` what the last committed segment returned (JSON), `{}` before the first.
    """

    def new_key(self, state: dict[str, Any] | None = None) -> str:
        """Return the key for the blob of an upload, of at most 255 characters; no other blob ever has or had it."""

    def open_segment(self, upload: str, state: dict[str, Any], claim: str) -> Segment:
        """Begin a segment for the writer that holds `claim`; it never touches bytes that count already."""

    def finish(self, upload: str, state: dict[str, Any], key: str, size: int) -> None:
        """Make the bytes that count the blob `key`, whole or not at all; returns at once if it is there already.

        It may be called again after a crash, or twice at the same time. StorageDamaged if the segments do not hold
        `size` bytes; after StorageFull they are as they were.
        """

    def discard(self, upload: str, state: dict[str, Any]) -> None:
        """Forget all segments of an upload, those that never counted too; nothing happens if there are none."""

    def open(self, key: str, size: int) -> BlobContent:
        """Open a blob. StorageDamaged if it is missing or not `size` bytes long; when read, if it is lost meanwhile."""

    def size(self, key: str) -> int | None:
        """Return a blob's length in bytes, None if it is missing."""

    def delete(self, key: str) -> None:
        """Remove a blob; nothing happens if it is missing."""

    def keys(self, after: str = "") -> Iterator[StoredObject]:
        """Yield every stored blob, in the order of the keys, from the one that follows `after`."""

    def uploads(self) -> Iterator[str]:
        """Yield the ids of uploads that have segments, open or left behind."""

    def relative_path(self, key: str) -> str | None:
        """Return where a blob is below the blob folder, for a web server that reads it too; None without one."""

    def url(self, key: str, *, seconds: int) -> str | None:
        """Return an address that anyone may GET the blob from for some seconds; None without one."""

    def check(self) -> None:
        """Return if the store can be used; raises StorageUnavailable or StorageFull."""

    def prepare(self) -> None:
        """Make the folder or bucket if it is not there."""
