"""The bytes of one request on their way into a bucket: whole parts at once, the rest at the commit."""

import json
import uuid
from types import TracebackType
from typing import Any, Final, Self

from django.conf import settings

from registry.errors import StorageUnavailable
from registry.storage.bucket import Bucket
from registry.storage.parts import PartBuffer

MEBIBYTE: Final = 1024 * 1024
SMALLEST_PART: Final = 8 * MEBIBYTE
"""Bytes; S3 takes parts from 5 MiB on."""
MOST_PARTS: Final = 10_000
PLANNED_PARTS: Final = 4500
"""Small requests leave a number free behind each part, and retries some more."""
NOTE: Final = ".begun"


def part_size() -> int:
    """How many bytes a part has: as many as it takes for the largest blob, in whole MiB."""
    return max(SMALLEST_PART, -(-settings.MAX_BLOB_BYTES // (PLANNED_PARTS * MEBIBYTE)) * MEBIBYTE)


def new_key() -> str:
    """A random key."""
    return uuid.uuid4().hex


def path(key: str) -> str:
    """Where a finished blob is."""
    return f"blobs/{key[:2]}/{key}"


def folder(upload: str) -> str:
    """Where all objects of an open upload are."""
    return f"uploads/{upload}/"


def free_number(bucket: Bucket, state: dict[str, Any], parts: list[list[Any]]) -> int:
    """Return a part number behind all that are there, with one between for what a stalled writer still sends.

    Should two writers meet on one number after all, its etag changes and the upload is refused: never mixed.
    """
    last = parts[-1][0] if parts else 0
    highest = bucket.highest_part(path(state["key"]), state["multipart"], last)
    return highest + 2 if highest else 1


class ObjectSegment:
    """One request's bytes; nothing is sent before the first part is full, or before the commit."""

    def __init__(self, bucket: Bucket, upload: str, state: dict[str, Any], claim: str) -> None:
        self._bucket, self._folder, self._claim = bucket, folder(upload), claim
        self._state = dict(state)
        self._parts: list[list[Any]] = [list(part) for part in state.get("parts", [])]
        self._buffer: PartBuffer | None = None
        self._number = 0
        self._began = False
        self._closed = False

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes; whenever a part is full, it is sent."""
        view = memoryview(data)
        while view:
            if self._buffer is None:
                self._buffer = self._taken_up()
            view = view[self._buffer.add(view) :]
            if self._buffer.is_full:
                self._send(self._buffer)

    def _taken_up(self) -> PartBuffer:
        """Take up the bytes that the last request left below the size of a part."""
        buffer = PartBuffer(part_size())
        if tail := self._state.get("tail"):
            with self._bucket.read(tail[0], tail[1]) as rest:
                while block := rest.read(MEBIBYTE):
                    view = memoryview(block)
                    while view:
                        if buffer.is_full:  # it was left by a process with larger parts
                            self._send(buffer)
                        view = view[buffer.add(view) :]
        return buffer

    def _send(self, buffer: PartBuffer) -> None:
        """Send a part under a number that counts for nobody else."""
        if "multipart" not in self._state:
            self._begin()
        self._number = self._number + 1 if self._number else free_number(self._bucket, self._state, self._parts)
        if self._number > MOST_PARTS:
            raise StorageUnavailable("the upload has too many parts; send larger chunks")
        place = path(self._state["key"]), self._state["multipart"]
        etag = self._bucket.send_part(*place, self._number, buffer.rewound())
        self._parts.append([self._number, etag, buffer.size])
        buffer.clear()

    def _begin(self) -> None:
        """Begin a multipart upload at a new key, and note it, so that it can be ended."""
        key = new_key()
        begun = {"key": key, "multipart": self._bucket.begin(path(key))}
        self._began = True
        self._state |= begun
        self._bucket.put(f"{self._folder}{self._claim}{NOTE}", json.dumps(begun).encode())

    def commit(self) -> dict[str, Any]:
        """Put what is below the size of a part into the bucket, and return the state with it."""
        if self._buffer is not None:
            self._state["parts"] = self._parts
            self._state.pop("tail", None)
            if self._buffer.size:
                name = f"{self._folder}{self._claim}-{len(self._parts)}"
                self._bucket.put(name, self._buffer.rewound())
                self._state["tail"] = [name, self._buffer.size]
            self._buffer.close()
        self._closed = True
        return self._state

    def abort(self) -> None:
        """End the multipart upload if it was begun here; parts of an older one count for nobody and go with it."""
        if self._closed:
            return
        self._closed = True
        if self._buffer is not None:
            self._buffer.close()
        if self._began:
            self._bucket.end(path(self._state["key"]), self._state["multipart"])
            self._bucket.remove(f"{self._folder}{self._claim}{NOTE}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()
