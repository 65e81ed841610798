"""The bucket that settings.S3 names: objects, multipart uploads and listings, with errors in the storage's words."""

from collections.abc import Iterator
from typing import IO

from django.conf import settings

from registry.errors import StorageDamaged, StorageUnavailable
from registry.storage import s3_client
from registry.storage.driver import StoredObject
from registry.storage.object_reader import ObjectReader
from registry.storage.s3_client import translated


class Bucket:
    """What the driver asks of S3. All threads may use it."""

    def __init__(self) -> None:
        self.name = settings.S3.bucket
        self.client = s3_client.connect(settings.S3.endpoint)
        public = settings.S3.public_endpoint or settings.S3.endpoint
        # A client takes some 12 MiB: only those who need two addresses have two.
        self._public = self.client if public == settings.S3.endpoint else s3_client.connect(public)
        self._sealed: dict[str, str] = {}
        if settings.S3.encryption:
            self._sealed["ServerSideEncryption"] = settings.S3.encryption
        if settings.S3.kms_key_id:
            self._sealed["SSEKMSKeyId"] = settings.S3.kms_key_id

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self.name, "Key": name}

    # --- objects

    def put(self, name: str, content: bytes | IO[bytes]) -> None:
        """Write a small object."""
        with translated(name):
            self.client.put_object(Body=content, **self._at(name), **self._sealed)

    def copy(self, source: str, name: str) -> None:
        """Copy a small object inside the store."""
        with translated(name):
            self.client.copy_object(CopySource=self._at(source), **self._at(name), **self._sealed)

    def read(self, name: str, size: int | None, key: str = "") -> ObjectReader:
        """Open an object of `size` bytes (None: any). StorageDamaged, with the blob's key if it is one."""
        return ObjectReader(self.client, self._at(name), size, key or name)

    def size(self, name: str) -> int | None:
        """Return an object's length in bytes, None if it is missing; so is all in a bucket that is missing."""
        try:
            with translated(name):
                return int(self.client.head_object(**self._at(name))["ContentLength"])
        except StorageDamaged:
            return None

    def remove(self, name: str) -> None:
        """Remove an object; nothing happens if it is missing."""
        with translated(name):
            self.client.delete_object(**self._at(name))

    def listed(self, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """Walk over objects in the order of their names, from the one that follows `after`."""
        with translated(prefix):
            start = {"StartAfter": after} if after else {}
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix, **start)
            for page in pages:
                for found in page.get("Contents", []):
                    yield StoredObject(found["Key"], int(found["Size"]), found["LastModified"])

    def signed(self, name: str, seconds: int) -> str:
        """Return an address that anyone may GET the object from for some seconds."""
        parameters = self._at(name) | {"ResponseContentType": "application/octet-stream"}
        with translated(name):
            return str(self._public.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds))

    # --- multipart uploads

    def begin(self, name: str) -> str:
        """Begin a multipart upload and return its id."""
        with translated(name):
            return str(self.client.create_multipart_upload(**self._at(name), **self._sealed)["UploadId"])

    def end(self, name: str, multipart: str) -> None:
        """End a multipart upload; a completed one is not known any more, and its object stays."""
        try:
            with translated(name):
                self.client.abort_multipart_upload(UploadId=multipart, **self._at(name))
        except StorageDamaged:
            return

    def highest_part(self, name: str, multipart: str, after: int) -> int:
        """Return the highest number of all parts that are there, `after` if none is behind that."""
        with translated(name):
            pages = self.client.get_paginator("list_parts").paginate(
                UploadId=multipart, PartNumberMarker=after, **self._at(name)
            )
            return max((part["PartNumber"] for page in pages for part in page.get("Parts", [])), default=after)

    def send_part(self, name: str, multipart: str, number: int, content: IO[bytes]) -> str:
        """Send a part and return its etag."""
        with translated(name):
            sent = self.client.upload_part(UploadId=multipart, PartNumber=number, Body=content, **self._at(name))
            return str(sent["ETag"])

    def copy_part(self, name: str, multipart: str, number: int, source: str) -> str:
        """Make an object a part, inside the store, and return its etag."""
        with translated(name):
            done = self.client.upload_part_copy(
                UploadId=multipart, PartNumber=number, CopySource=self._at(source), **self._at(name)
            )
            return str(done["CopyPartResult"]["ETag"])

    def complete(self, name: str, multipart: str, parts: list[tuple[int, str]]) -> None:
        """Make these parts, and no others, one object; StorageDamaged if one of them has another etag."""
        listed = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
        with translated(name):
            self.client.complete_multipart_upload(
                UploadId=multipart, MultipartUpload={"Parts": listed}, **self._at(name)
            )

    # --- the bucket itself

    def exists(self) -> bool:
        """Whether the server knows the bucket. StorageUnavailable if it does not answer, or not to these keys."""
        try:
            with translated(self.name):
                self.client.head_bucket(Bucket=self.name)
        except StorageDamaged:
            return False
        return True

    def require(self) -> None:
        """Return if the bucket is there and answers; raises StorageUnavailable."""
        if not self.exists():
            raise StorageUnavailable(f"there is no bucket {self.name}")

    def make(self) -> None:
        """Make the bucket, unless it is there or somebody else makes it right now."""
        if self.exists():
            return
        region = settings.S3.region
        elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            with translated(self.name):
                self.client.create_bucket(Bucket=self.name, **elsewhere)
        except StorageUnavailable:
            if not self.exists():
                raise
