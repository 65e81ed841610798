"""Reads an object of a bucket as a file: one request from where the reading begins."""

import io
from typing import Any

from registry.errors import StorageDamaged, StorageUnavailable
from registry.storage.s3_client import translated


class ObjectReader(io.RawIOBase):
    """An object's bytes, from the start or from where `seek` went before the first read.

    If the object is removed or replaced meanwhile, reading ends with StorageDamaged: never with other bytes.
    """

    def __init__(self, client: Any, place: dict[str, str], size: int | None, key: str) -> None:
        super().__init__()
        self._client, self._place, self._key = client, place, key
        self._position = 0
        with translated(key):
            got = client.get_object(**place)
        self._stream, self._etag, self._size = got["Body"], got["ETag"], int(got["ContentLength"])
        if size is not None and self._size != size:
            self.close()
            raise StorageDamaged(key)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes: at the cost of a request if bytes are jumped over."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position from the start, from here or from the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        target = max(0, base + offset)
        if target != self._position:
            self._stream.close()
            self._stream = None
            self._position = target
        return target

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, all that are left for -1; empty at the end."""
        left = self._size - self._position
        wanted = left if size < 0 else min(size, left)
        if wanted <= 0:
            return b""
        with translated(self._key):
            block = bytes(self._opened().read(wanted))
        if not block:
            raise StorageDamaged(self._key)
        self._position += len(block)
        return block

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        view = memoryview(buffer).cast("B")
        block = self.read(len(view))
        view[: len(block)] = block
        return len(block)

    def _opened(self) -> Any:
        """The response's stream, asked for again after a jump."""
        if self._stream is None:
            asked = self._client.get_object(Range=f"bytes={self._position}-", IfMatch=self._etag, **self._place)
            if int(asked["ContentLength"]) != self._size - self._position:
                asked["Body"].close()
                raise StorageUnavailable("the object store answers with another range than it was asked for")
            self._stream = asked["Body"]
        return self._stream

    def close(self) -> None:
        """End the response."""
        if not self.closed and self._stream is not None:
            self._stream.close()
        super().close()
