"""Bytes in a bucket: an upload is a multipart upload at the blob's final key, so that large blobs are never copied.

What a request leaves below the size of a part lies in the bucket too, as an object of its own, so that the next request
may come to any node. A blob without a whole part is copied inside the store once, from there to its key.

blobs/<2 characters>/<key>           finished blobs
uploads/<upload id>/<claim>-<n>      bytes behind the whole parts of an open upload
uploads/<upload id>/<claim>.begun    names a multipart upload that this writer began, so that it can be ended

A crash between the beginning of a multipart upload and its note leaves one that nobody knows: let the bucket's own
lifecycle rule end incomplete multipart uploads after a week.
"""

import json
import uuid
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Any, BinaryIO, Final, Self, cast

from django.conf import settings

from registry.errors import StorageDamaged, StorageUnavailable
from registry.storage import s3_client
from registry.storage.driver import BlobContent
from registry.storage.object_reader import ObjectReader
from registry.storage.parts import PartBuffer
from registry.storage.s3_client import translated

SMALLEST_PART: Final = 8 * 1024 * 1024
"""Bytes; S3 takes parts from 5 MiB on, and 10,000 of them."""
MOST_PARTS: Final = 10_000
MEBIBYTE: Final = 1024 * 1024
NOTE: Final = ".begun"


def part_size() -> int:
    """How many bytes a part has: as many as it takes for the largest blob, in whole MiB."""
    return max(SMALLEST_PART, -(-settings.MAX_BLOB_BYTES // 8000 // MEBIBYTE) * MEBIBYTE)


class ObjectSegment:
    """One request's bytes: whole parts go to the multipart upload at once, the rest at the commit."""

    def __init__(self, driver: "ObjectStoreDriver", upload: str, state: dict[str, Any], claim: str) -> None:
        self._driver, self._upload, self._claim = driver, upload, claim
        self._state = dict(state)
        self._parts: list[list[Any]] = [list(part) for part in state.get("parts", [])]
        self._buffer: PartBuffer | None = None
        self._number = 0
        self._began = False
        self._committed = False

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes; whenever a part is full, it is sent."""
        view = memoryview(data)
        while view:
            if self._buffer is None:
                self._buffer = self._begin()
            view = view[self._buffer.add(view) :]
            if self._buffer.is_full:
                self._send(self._buffer)

    def _begin(self) -> PartBuffer:
        """Take up the bytes that the last request left below the size of a part."""
        buffer = PartBuffer(part_size())
        if tail := self._state.get("tail"):
            with self._driver.read(tail[0], tail[1]) as rest:
                while block := rest.read(MEBIBYTE):
                    buffer.add(memoryview(block))
        return buffer

    def _send(self, buffer: PartBuffer) -> None:
        """Send a part under a number that counts for nobody else."""
        if "multipart" not in self._state:
            key, multipart = self._driver.begin(self._upload, self._claim)
            self._state |= {"key": key, "multipart": multipart}
            self._began = True
        self._number = self._number + 1 if self._number else self._driver.free_number(self._state, self._parts)
        if self._number > MOST_PARTS:
            raise StorageUnavailable("the upload has too many parts; send larger chunks")
        size, etag = buffer.size, self._driver.send_part(self._state, self._number, buffer.rewound())
        self._parts.append([self._number, etag, size])
        buffer.clear()

    def commit(self) -> dict[str, Any]:
        """Put what is below the size of a part into the bucket, and return the state with it."""
        if self._buffer is not None:
            self._state["parts"] = self._parts
            self._state.pop("tail", None)
            if self._buffer.size:
                name = f"uploads/{self._upload}/{self._claim}-{len(self._parts)}"
                self._driver.put(name, self._buffer.rewound())
                self._state["tail"] = [name, self._buffer.size]
            self._buffer.close()
        self._committed = True
        return self._state

    def abort(self) -> None:
        """End the multipart upload if it was begun here; parts of an older one count for nobody and go with it."""
        if self._committed:
            return
        self._committed = True
        if self._buffer is not None:
            self._buffer.close()
        if self._began:
            self._driver.end(self._state["key"], self._state["multipart"])
            self._driver.remove(f"uploads/{self._upload}/{self._claim}{NOTE}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()


class ObjectStoreDriver:
    """Keeps blobs and uploads in the bucket that settings.S3 names.

    The state of an upload: `key` and `multipart` (once a part was full), `parts` (number, etag, size) and `tail`
    (name, size).
    """

    def __init__(self) -> None:
        self._client = s3_client.connect(settings.S3.endpoint)
        self._public = s3_client.connect(settings.S3.public_endpoint or settings.S3.endpoint)
        self._place = {"Bucket": settings.S3.bucket}
        self._sealed: dict[str, str] = {}
        if settings.S3.encryption:
            self._sealed["ServerSideEncryption"] = settings.S3.encryption
        if settings.S3.kms_key_id:
            self._sealed["SSEKMSKeyId"] = settings.S3.kms_key_id

    # --- the contract

    def new_key(self, state: dict[str, Any] | None = None) -> str:
        """Return the key that the multipart upload of the state is at already, or a random one."""
        return str((state or {}).get("key") or uuid.uuid4().hex)

    def open_segment(self, upload: str, state: dict[str, Any], claim: str) -> ObjectSegment:
        """Begin a segment; nothing is sent before the first bytes are there."""
        return ObjectSegment(self, upload, state, claim)

    def finish(self, upload: str, state: dict[str, Any], key: str, size: int) -> None:
        """Complete the multipart upload, or copy the few bytes that there are."""
        if self.size(key) == size:
            return
        if sum(part[2] for part in state.get("parts", [])) + state.get("tail", ("", 0))[1] != size:
            raise StorageDamaged(key)
        if "multipart" in state:
            self._complete(state, key, size)
        elif tail := state.get("tail"):
            with translated(key):
                source = self._place | {"Key": tail[0]}
                self._client.copy_object(CopySource=source, **self._blob(key), **self._sealed)
        else:
            self.put(_path(key), b"")
        if self.size(key) != size:
            raise StorageDamaged(key)

    def _complete(self, state: dict[str, Any], key: str, size: int) -> None:
        """Make the parts that count one object: their etags make sure that they are these and no others."""
        if key != state["key"]:
            raise StorageDamaged(key)
        multipart = self._blob(key) | {"UploadId": state["multipart"]}
        parts = [{"PartNumber": number, "ETag": etag} for number, etag, _ in state["parts"]]
        try:
            with translated(key):
                if tail := state.get("tail"):
                    number, source = self.free_number(state, state["parts"]), self._place | {"Key": tail[0]}
                    copied = self._client.upload_part_copy(PartNumber=number, CopySource=source, **multipart)
                    parts.append({"PartNumber": number, "ETag": copied["CopyPartResult"]["ETag"]})
                self._client.complete_multipart_upload(MultipartUpload={"Parts": parts}, **multipart)
        except StorageDamaged:
            # Another request may have completed the same upload just now.
            if self.size(key) != size:
                raise

    def discard(self, upload: str, state: dict[str, Any]) -> None:
        """End all multipart uploads that writers of this upload began, and remove its objects."""
        for name, _ in self._list(f"uploads/{upload}/"):
            if name.endswith(NOTE):
                with self.read(name, None) as file:
                    begun = json.loads(file.read())
                self.end(begun["key"], begun["multipart"])
            self.remove(name)

    def open(self, key: str, size: int) -> BlobContent:
        """Ask for the object; its bytes come as they are read."""
        return BlobContent(cast(BinaryIO, self.read(_path(key), size, key)))

    def size(self, key: str) -> int | None:
        """Return the object's length."""
        try:
            with translated(key):
                return int(self._client.head_object(**self._blob(key))["ContentLength"])
        except StorageDamaged:
            return None

    def delete(self, key: str) -> None:
        """Remove the object."""
        self.remove(_path(key))

    def keys(self) -> Iterator[tuple[str, int]]:
        """Walk over the objects below blobs/."""
        for name, size in self._list("blobs/"):
            yield name.rpartition("/")[2], size

    def uploads(self) -> Iterator[str]:
        """Walk over the objects below uploads/, which come in the order of their names."""
        last = ""
        for name, _ in self._list("uploads/"):
            if (upload := name.split("/")[1]) != last:
                yield upload
                last = upload

    def relative_path(self, key: str) -> str | None:
        """None: no folder holds the bytes."""
        return None

    def url(self, key: str, *, seconds: int) -> str | None:
        """Sign an address for GET that works for some seconds."""
        parameters = self._blob(key) | {"ResponseContentType": "application/octet-stream"}
        with translated(key):
            return str(self._public.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds))

    def check(self) -> None:
        """Ask for the bucket."""
        try:
            with translated(settings.S3.bucket):
                self._client.head_bucket(**self._place)
        except StorageDamaged as error:
            raise StorageUnavailable(f"there is no bucket {settings.S3.bucket}") from error

    def prepare(self) -> None:
        """Make the bucket, unless it is there."""
        try:
            self.check()
        except StorageUnavailable:
            region = settings.S3.region
            elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            with translated(settings.S3.bucket):
                self._client.create_bucket(**self._place, **elsewhere)

    # --- what segments need

    def begin(self, upload: str, claim: str) -> tuple[str, str]:
        """Begin a multipart upload at a new key, and note it; return the key and the multipart upload's id."""
        key = self.new_key()
        with translated(key):
            made = self._client.create_multipart_upload(**self._blob(key), **self._sealed)
        note = json.dumps({"key": key, "multipart": made["UploadId"]}).encode()
        self.put(f"uploads/{upload}/{claim}{NOTE}", note)
        return key, str(made["UploadId"])

    def end(self, key: str, multipart: str) -> None:
        """End a multipart upload; a completed one is not known any more, and its object stays."""
        try:
            with translated(key):
                self._client.abort_multipart_upload(UploadId=multipart, **self._blob(key))
        except StorageDamaged:
            return

    def free_number(self, state: dict[str, Any], parts: list[list[Any]]) -> int:
        """Return a part number behind all that are there, with one between for what a stalled writer still sends.

        Should two writers meet on one number after all, its etag changes and the upload is refused: never mixed.
        """
        last = parts[-1][0] if parts else 0
        place = self._blob(state["key"]) | {"UploadId": state["multipart"]}
        with translated(state["key"]):
            pages = self._client.get_paginator("list_parts").paginate(**place)
            numbers = [part["PartNumber"] for page in pages for part in page.get("Parts", [])]
        highest = max([last, *numbers])
        return highest + 2 if highest else 1

    def send_part(self, state: dict[str, Any], number: int, content: IO[bytes]) -> str:
        """Send a part and return its etag."""
        with translated(state["key"]):
            place = self._blob(state["key"]) | {"UploadId": state["multipart"]}
            return str(self._client.upload_part(PartNumber=number, Body=content, **place)["ETag"])

    def put(self, name: str, content: bytes | IO[bytes]) -> None:
        """Write a small object."""
        with translated(name):
            self._client.put_object(Key=name, Body=content, **self._place, **self._sealed)

    def read(self, name: str, size: int | None, key: str = "") -> ObjectReader:
        """Open an object of `size` bytes (None: any). StorageDamaged, with the blob's key if it is one."""
        return ObjectReader(self._client, self._place | {"Key": name}, size, key or name)

    def remove(self, name: str) -> None:
        """Remove an object; nothing happens if it is missing."""
        with translated(name):
            self._client.delete_object(Key=name, **self._place)

    def _blob(self, key: str) -> dict[str, str]:
        return self._place | {"Key": _path(key)}

    def _list(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Walk over names and lengths."""
        with translated(prefix):
            for page in self._client.get_paginator("list_objects_v2").paginate(Prefix=prefix, **self._place):
                for found in page.get("Contents", []):
                    yield found["Key"], int(found["Size"])


def _path(key: str) -> str:
    """Where a finished blob is."""
    return f"blobs/{key[:2]}/{key}"
