"""What a storage driver does. tests/contracts/storage_driver.py holds the suite that each driver must pass.

Blobs are durable when `finish` returns. Every method raises StorageFull when no space is left and StorageUnavailable
when the store does not answer or fails in another way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self


@dataclass(frozen=True, slots=True)
class BlobContent:
    """A blob's bytes, opened at their start; who gets it closes the file."""

    file: BinaryIO


class Segment(Protocol):
    """The bytes of one request of an upload. Leaving the context without `commit` throws them away."""

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes."""

    def commit(self) -> dict[str, Any]:
        """Return the driver state under which these bytes count, behind those of the state it was opened with."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Driver(Protocol):
    """Keeps uploads in segments, and blobs under keys that are never used twice.

    `upload` is the upload's id; `state` what the last committed segment returned, `{}` before the first.
    """

    def new_key(self) -> str:
        """Return a key for a blob that was never used before."""

    def open_segment(self, upload: str, state: dict[str, Any], claim: str) -> Segment:
        """Begin a segment for the writer that holds `claim`; it never touches bytes that count already."""

    def read_upload(self, upload: str, state: dict[str, Any]) -> Iterator[bytes]:
        """Yield the bytes that count, in order. StorageDamaged if some are missing."""

    def finish(self, upload: str, state: dict[str, Any], key: str, size: int) -> None:
        """Make the bytes that count the blob `key`. Returns at once if it is there already with that size.

        StorageDamaged if the segments do not hold `size` bytes.
        """

    def discard(self, upload: str, state: dict[str, Any]) -> None:
        """Forget all segments of an upload, those that never counted too; nothing happens if there are none."""

    def open(self, key: str, size: int) -> BlobContent:
        """Open a blob. StorageDamaged if it is missing or not `size` bytes long."""

    def size(self, key: str) -> int | None:
        """Return a blob's length in bytes, None if it is missing."""

    def delete(self, key: str) -> None:
        """Remove a blob; nothing happens if it is missing."""

    def keys(self) -> Iterator[tuple[str, int]]:
        """Yield every stored blob's key and length."""

    def uploads(self) -> Iterator[str]:
        """Yield the ids of uploads that have segments."""
