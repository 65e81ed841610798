"""Bytes in a bucket: an upload is a multipart upload at the blob's final key, so that large blobs are never copied.

What a request leaves below the size of a part lies in the bucket too, as an object of its own, so that the next request
may come to any node. A blob without a whole part is copied inside the store once, from there to its key.

blobs/<2 characters>/<key>           finished blobs
uploads/<upload id>/<claim>-<n>      bytes behind the whole parts of an open upload
uploads/<upload id>/<claim>.begun    names a multipart upload that this writer began, so that it can be ended

A crash between the beginning of a multipart upload and its note leaves one that nobody knows: let the bucket's own
lifecycle rule end incomplete multipart uploads after a while.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO, cast

from registry.errors import StorageDamaged
from registry.storage.bucket import Bucket
from registry.storage.driver import BlobContent, StoredObject
from registry.storage.object_segment import NOTE, ObjectSegment, folder, free_number, new_key, path
from registry.storage.s3_client import Unsupported


class ObjectStoreDriver:
    """Keeps blobs and uploads in the bucket that settings.S3 names.

    The state of an upload: `key` and `multipart` (once a part was full), `parts` (number, etag, size) and `tail`
    (name, size).
    """

    def __init__(self) -> None:
        self._bucket = Bucket()

    def new_key(self, state: dict[str, Any] | None = None) -> str:
        """Return the key that the multipart upload of the state is at already, or a random one."""
        return str((state or {}).get("key") or new_key())

    def open_segment(self, upload: str, state: dict[str, Any], claim: str) -> ObjectSegment:
        """Begin a segment; nothing is sent before the first bytes are there."""
        return ObjectSegment(self._bucket, upload, state, claim)

    def finish(self, upload: str, state: dict[str, Any], key: str, size: int) -> None:
        """Complete the multipart upload, or copy the few bytes that there are."""
        if self._bucket.size(path(key)) == size:
            return
        if sum(part[2] for part in state.get("parts", [])) + state.get("tail", ("", 0))[1] != size:
            raise StorageDamaged(key)
        if "multipart" in state:
            self._complete(state, key, size)
        elif tail := state.get("tail"):
            self._bucket.copy(tail[0], path(key))
        else:
            self._bucket.put(path(key), b"")
        if self._bucket.size(path(key)) != size:
            raise StorageDamaged(key)

    def _complete(self, state: dict[str, Any], key: str, size: int) -> None:
        """Make the parts that count one object: their etags make sure that they are these and no others."""
        if key != state["key"]:
            raise StorageDamaged(key)
        parts = [(number, etag) for number, etag, _ in state["parts"]]
        try:
            if tail := state.get("tail"):
                parts.append(self._last_part(state, tail))
            self._bucket.complete(path(key), state["multipart"], parts)
        except StorageDamaged:
            # Another request may have completed the same upload just now.
            if self._bucket.size(path(key)) != size:
                raise

    def _last_part(self, state: dict[str, Any], tail: tuple[str, int]) -> tuple[int, str]:
        """Make the bytes behind the whole parts the last part; return its number and etag.

        Not every server copies into a part; there the few bytes go through this process.
        """
        place = path(state["key"]), state["multipart"]
        number = free_number(self._bucket, state, state["parts"])
        try:
            return number, self._bucket.copy_part(*place, number, tail[0])
        except Unsupported:
            with self._bucket.read(*tail) as rest:
                content = io.BytesIO(rest.read())
            return number, self._bucket.send_part(*place, number, content)

    def discard(self, upload: str, state: dict[str, Any]) -> None:
        """End all multipart uploads that writers of this upload began, and remove its objects."""
        for each in self._bucket.listed(folder(upload)):
            if each.key.endswith(NOTE):
                self._end_noted(each.key)
            self._bucket.remove(each.key)

    def _end_noted(self, name: str) -> None:
        """End the multipart upload that a note names."""
        try:
            with self._bucket.read(name, None) as file:
                begun = json.loads(file.read())
        except StorageDamaged:  # another request discards the same upload, and was here before
            return
        self._bucket.end(path(begun["key"]), begun["multipart"])

    def open(self, key: str, size: int) -> BlobContent:
        """Ask for the object; its bytes come as they are read."""
        return BlobContent(cast(BinaryIO, self._bucket.read(path(key), size, key)))

    def size(self, key: str) -> int | None:
        """Return the object's length. A missing bucket must not look like missing blobs, so it is asked for then."""
        size = self._bucket.size(path(key))
        if size is None:
            self._bucket.require()
        return size

    def delete(self, key: str) -> None:
        """Remove the object."""
        self._bucket.remove(path(key))

    def keys(self, after: str = "") -> Iterator[StoredObject]:
        """Walk over the objects below blobs/."""
        for each in self._bucket.listed("blobs/", path(after) if after else ""):
            key = each.key.rpartition("/")[2]
            if path(key) == each.key:
                yield replace(each, key=key)

    def uploads(self) -> Iterator[str]:
        """Walk over the objects below uploads/, which come in the order of their names."""
        last = ""
        for each in self._bucket.listed("uploads/"):
            if (upload := each.key.split("/")[1]) != last:
                yield upload
                last = upload

    def relative_path(self, key: str) -> str | None:
        """None: no folder holds the bytes."""
        return None

    def url(self, key: str, *, seconds: int) -> str | None:
        """Sign an address for GET that works for some seconds."""
        return self._bucket.signed(path(key), seconds)

    def check(self) -> None:
        """Ask for the bucket."""
        self._bucket.require()

    def prepare(self) -> None:
        """Make the bucket, unless it is there."""
        self._bucket.make()
