"""A real S3 server with a bucket, a driver for it, and what is in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from pytest_django import Settings

from config.settings.object_store import ObjectStore as S3Settings
from registry.storage import object_segment
from registry.storage.object_store import ObjectStoreDriver
from tests.clients.s3 import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, ObjectStore, running
from tests.contracts.storage_driver import (
    BLOCK,
)

BUCKET = "kho-blobs"
PART = 5 * BLOCK


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A real S3 server."""
    with running(tmp_path_factory.mktemp("s3")) as started:
        started.create_bucket(BUCKET)
        yield started


@pytest.fixture
def s3(server: ObjectStore, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> S3Settings:
    """Settings for an empty bucket of the server; parts are small."""
    client = server.client()
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for found in page.get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=found["Key"])
    for begun in client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []):
        client.abort_multipart_upload(Bucket=BUCKET, Key=begun["Key"], UploadId=begun["UploadId"])
    monkeypatch.setattr(object_segment, "part_size", lambda: PART)
    s3 = S3Settings(BUCKET, server.endpoint, server.endpoint, REGION, ACCESS_KEY_ID, SECRET_ACCESS_KEY, True, "", "")
    settings.S3 = s3
    return s3


@pytest.fixture
def driver(s3: S3Settings) -> ObjectStoreDriver:
    """A driver with the empty bucket."""
    return ObjectStoreDriver()


def left_open(server: ObjectStore) -> list[str]:
    """The keys of multipart uploads that were neither completed nor ended."""
    return [begun["Key"] for begun in server.client().list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]


def objects(server: ObjectStore) -> list[str]:
    """All objects of the bucket."""
    return [found["Key"] for found in server.client().list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@contextmanager
def answering(driver: ObjectStoreDriver, status: int, code: str, *methods: str, header: str = "") -> Iterator[None]:
    """Let the server answer requests (all, or those with a header) with an error, at the wire."""

    def answer(request: Any, **_: Any) -> Any:
        if request.method not in methods or (header and header not in request.headers):
            return None
        body = f"<Error><Code>{code}</Code><Message>words</Message></Error>".encode()
        raw = type("Raw", (), {"stream": lambda self, **_: iter([body]), "read": lambda self, *_: body})()
        return AWSResponse(request.url, status, {"Content-Type": "application/xml"}, raw)

    events = driver._bucket.client.meta.events
    events.register("before-send.s3", answer)
    try:
        yield
    finally:
        events.unregister("before-send.s3", answer)
