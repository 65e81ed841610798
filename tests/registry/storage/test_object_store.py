"""The driver for buckets: the suite of all drivers against a real S3 server, parts, writers that meet, and outages."""

import dataclasses
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from io import SEEK_END
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from pytest_django import Settings

from config import env
from config.settings.object_store import ObjectStore as S3Settings
from registry import storage
from registry.errors import StorageDamaged, StorageFull, StorageUnavailable
from registry.storage import object_segment
from registry.storage.object_store import ObjectStoreDriver
from tests.clients.s3 import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, ObjectStore, running
from tests.contracts.storage_driver import (
    BIG,
    BLOCK,
    StorageDriverContract,
    append,
    append_all,
    content_of,
    counting,
    new_claim,
    new_upload,
    store,
)
from tests.registry.storage.test_filesystem import file_size_limit

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


class TestObjectStoreDriver(StorageDriverContract):
    """The suite that every driver is put to."""

    @pytest.fixture
    def full_store(self, driver: ObjectStoreDriver) -> Callable[[], AbstractContextManager[None]]:
        """The server has no space for anything."""
        return lambda: answering(driver, 507, "XMinioStorageFull", "PUT", "POST")

    @pytest.fixture
    def damage(self, driver: ObjectStoreDriver, server: ObjectStore) -> Callable[[str, int], None]:
        """Replace the object by a shorter one, or remove it."""
        client = server.client()

        def cut(key: str, size: int) -> None:
            place = {"Bucket": BUCKET, "Key": f"blobs/{key[:2]}/{key}"}
            if size < 0:
                client.delete_object(**place)
            else:
                client.put_object(**place, Body=BIG[:size])

        return cut


def test_the_settings_name_the_driver(settings: Settings, s3: S3Settings) -> None:
    settings.STORAGE_DRIVER = "s3"
    storage.default.cache_clear()
    assert isinstance(storage.default(), ObjectStoreDriver)
    storage.default().check()
    storage.default.cache_clear()


# --- parts


def test_a_large_blob_goes_to_its_key_in_parts(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    whole = os.urandom(2 * PART + 100)
    upload = new_upload()
    state = append(driver, upload, {}, whole)
    assert [size for _, _, size in state["parts"]] == [PART, PART] and state["tail"][1] == 100
    key = driver.new_key(state)
    driver.finish(upload, state, key, len(whole))
    assert content_of(driver, key, len(whole)) == whole
    driver.discard(upload, state)
    assert left_open(server) == [] and objects(server) == [f"blobs/{key[:2]}/{key}"]


@pytest.mark.parametrize("pieces", [[PART], [1, PART, 1], [PART - 1, 1], [PART - 1, 2, PART, 3], [3, 3, 3]])
def test_chunks_of_any_size_continue_on_any_node(s3: S3Settings, server: ObjectStore, pieces: list[int]) -> None:
    upload, contents = new_upload(), [os.urandom(size) for size in pieces]
    whole = b"".join(contents)
    state: dict[str, Any] = {}
    for content in contents:
        state = append(ObjectStoreDriver(), upload, state, content)
    driver = ObjectStoreDriver()
    key = driver.new_key(state)
    driver.finish(upload, state, key, len(whole))
    assert content_of(driver, key, len(whole)) == whole
    driver.discard(upload, state)
    driver.finish(upload, state, key, len(whole))
    assert left_open(server) == [] and list(driver.uploads()) == []


def test_a_stalled_writer_never_touches_parts_that_count(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    upload, first, right = new_upload(), os.urandom(PART), os.urandom(2 * PART)
    before = append(driver, upload, {}, first)
    stalled = driver.open_segment(upload, before, new_claim())
    stalled.write(os.urandom(PART))
    retry = append(driver, upload, before, right)
    stalled.write(os.urandom(PART + 1))
    stalled.commit()
    assert counting(driver, upload, retry, 3 * PART) == first + right
    driver.discard(upload, retry)
    assert left_open(server) == []


def test_two_first_writers_begin_at_different_keys(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    upload, right = new_upload(), os.urandom(PART + 5)
    stalled = driver.open_segment(upload, {}, new_claim())
    stalled.write(os.urandom(PART))
    retry = append(driver, upload, {}, right)
    stalled.write(b"late")
    assert stalled.commit()["key"] != retry["key"]
    assert len(left_open(server)) == 2
    assert counting(driver, upload, retry, len(right)) == right
    driver.discard(upload, retry)
    assert left_open(server) == [], "the other one's is ended too"
    assert content_of(driver, retry["key"], len(right)) == right


def test_a_segment_that_is_thrown_away_ends_what_it_began(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    with driver.open_segment(new_upload(), {}, new_claim()) as segment:
        segment.write(os.urandom(PART + 5))
        assert len(left_open(server)) == 1
    assert left_open(server) == [] and objects(server) == []


def test_parts_that_were_replaced_are_never_mixed_in(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    upload, right = new_upload(), os.urandom(2 * PART)
    state = append(driver, upload, {}, right)
    place = {"Bucket": BUCKET, "Key": f"blobs/{state['key'][:2]}/{state['key']}", "UploadId": state["multipart"]}
    server.client().upload_part(**place, PartNumber=state["parts"][0][0], Body=os.urandom(PART))
    # The protocol refuses the etag; this server knows both parts, and takes the one that the etag names.
    with suppress(StorageDamaged):
        driver.finish(upload, state, state["key"], 2 * PART)
        assert content_of(driver, state["key"], 2 * PART) == right
    wrong = state | {"parts": [[number, '"' + "0" * 32 + '"', size] for number, _, size in state["parts"]]}
    with pytest.raises(StorageDamaged):
        driver.finish(upload, wrong, driver.new_key(), 2 * PART)


def test_parts_grow_with_the_largest_blob(settings: Settings) -> None:
    settings.MAX_BLOB_BYTES = 52_000 * BLOCK
    assert object_segment.part_size() == 12 * BLOCK
    settings.MAX_BLOB_BYTES = 1_000_000 * BLOCK
    assert object_segment.part_size() == 223 * BLOCK
    settings.MAX_BLOB_BYTES = BLOCK
    assert object_segment.part_size() == 8 * BLOCK


def test_bytes_left_by_a_process_with_larger_parts_are_taken_up(
    driver: ObjectStoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, whole = new_upload(), os.urandom(2 * PART + 3)
    with monkeypatch.context() as patch:
        patch.setattr(object_segment, "part_size", lambda: 3 * PART)
        state = append(driver, upload, {}, whole[:-1])
    state = append(driver, upload, state, whole[-1:])
    assert [size for _, _, size in state["parts"]] == [PART, PART]
    assert counting(driver, upload, state, len(whole)) == whole


def test_a_server_that_copies_into_no_part_gets_the_bytes_again(driver: ObjectStoreDriver) -> None:
    upload, whole = new_upload(), os.urandom(PART + 100)
    state = append(driver, upload, {}, whole)
    with answering(driver, 501, "NotImplemented", "PUT", header="x-amz-copy-source"):
        assert counting(driver, upload, state, len(whole)) == whole


def test_two_requests_may_discard_one_upload(driver: ObjectStoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = new_upload()
    state = append(driver, upload, {}, os.urandom(PART + 1))
    seen = list(driver._bucket.listed(f"uploads/{upload}/"))
    assert len(seen) == 2
    driver.discard(upload, state)
    monkeypatch.setattr(driver._bucket, "listed", lambda prefix: iter(seen))
    driver.discard(upload, state)


def test_an_upload_with_too_many_parts_is_refused(driver: ObjectStoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_segment, "MOST_PARTS", 1)
    with pytest.raises(StorageUnavailable):
        append(driver, new_upload(), {}, os.urandom(2 * PART))


# --- reading


def test_a_reader_jumps_where_it_is_told(driver: ObjectStoreDriver) -> None:
    with driver.open(store(driver, BIG), len(BIG)).file as file:
        assert file.seekable() and file.readable()
        assert file.seek(1000) == file.tell() == 1000
        assert file.read(10) == BIG[1000:1010]
        assert file.seek(-5, SEEK_END) == len(BIG) - 5
        assert (file.read(100), file.read(100)) == (BIG[-5:], b"")
        buffer = bytearray(7)
        file.seek(0)
        assert file.readinto(buffer) == 7 and bytes(buffer) == BIG[:7]  # type: ignore[attr-defined]


def test_a_reader_never_gives_other_bytes(driver: ObjectStoreDriver, server: ObjectStore) -> None:
    key = store(driver, BIG)
    with driver.open(key, len(BIG)).file as file:
        server.client().put_object(Bucket=BUCKET, Key=f"blobs/{key[:2]}/{key}", Body=b"x" * len(BIG))
        file.seek(10)
        with pytest.raises(StorageDamaged):
            file.read(10)


def test_a_reader_refuses_another_range(driver: ObjectStoreDriver, monkeypatch: pytest.MonkeyPatch) -> None:
    with driver.open(store(driver, BIG), len(BIG)).file as file:
        file.seek(10)
        get = driver._bucket.client.get_object
        monkeypatch.setattr(driver._bucket.client, "get_object", lambda Range, **place: get(**place))  # noqa: N803
        with pytest.raises(StorageUnavailable):
            file.read(10)


def test_a_signed_address_works_without_credentials_for_a_while(driver: ObjectStoreDriver) -> None:
    key = store(driver, BIG)
    address = driver.url(key, seconds=60)
    assert address is not None and "Expires=60" in address and SECRET_ACCESS_KEY not in address
    request = urllib.request.Request(address, headers={"Range": "bytes=5-9"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert (answer.status, answer.read()) == (206, BIG[5:10])
        assert answer.headers["Content-Type"] == "application/octet-stream"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address.replace("Signature=", "Signature=0"), timeout=10)
    assert refused.value.code == 403
    refused.value.close()
    assert driver.relative_path(key) is None


def test_signed_addresses_are_of_the_public_endpoint(settings: Settings, s3: S3Settings) -> None:
    settings.S3 = dataclasses.replace(s3, public_endpoint="https://blobs.example.com")
    address = ObjectStoreDriver().url("0" * 32, seconds=60)
    assert address is not None and address.startswith(f"https://blobs.example.com/{BUCKET}/blobs/00/")


# --- encryption, outages


@pytest.mark.parametrize("encryption", ["AES256", ""])
@pytest.mark.parametrize("size", [4096, PART, PART + 4096], ids=["tail", "part", "part and tail"])
def test_the_server_encrypts_all_bytes(
    settings: Settings, s3: S3Settings, server: ObjectStore, encryption: str, size: int
) -> None:
    settings.S3 = dataclasses.replace(s3, encryption=encryption)
    driver, upload, whole = ObjectStoreDriver(), new_upload(), os.urandom(size)
    state = append_all(driver, upload, [whole[:1000], whole[1000:]])
    assert counting(driver, upload, state, size) == whole
    on_disk = b"".join(file.read_bytes() for file in (server.folder / "store").glob("*.dat"))
    assert [whole[start : start + 64] in on_disk for start in (2000, size - 64)] == [not encryption] * 2


def test_objects_are_encrypted_as_the_settings_say(settings: Settings, s3: S3Settings) -> None:
    settings.S3 = dataclasses.replace(s3, encryption="aws:kms", kms_key_id="a-key")
    driver, seen = ObjectStoreDriver(), []

    def look(request: Any, **_: Any) -> Any:
        names = {name.lower(): value for name, value in request.headers.items()}
        seen.append((request.method, names.get("x-amz-server-side-encryption")))
        assert names["x-amz-server-side-encryption-aws-kms-key-id"] in ("a-key", b"a-key")
        raw = type("Raw", (), {"stream": lambda self, **_: iter([b""]), "read": lambda self, *_: b""})()
        return AWSResponse(request.url, 200, {}, raw)

    driver._bucket.client.meta.events.register("before-send.s3", look)
    driver._bucket.put("uploads/x/y", b"bytes")
    driver._bucket.copy("uploads/x/y", "blobs/00/0")
    with pytest.raises(KeyError):  # the made-up answer names no upload
        driver._bucket.begin("blobs/00/0")
    assert [method for method, _ in seen] == ["PUT", "PUT", "POST"]
    assert {str(kind, "ascii") if isinstance(kind, bytes) else kind for _, kind in seen} == {"aws:kms"}


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "AccessDenied", StorageUnavailable),
        (404, "NoSuchBucket", StorageUnavailable),
        (503, "SlowDown", StorageUnavailable),
        (500, "InternalError", StorageUnavailable),
        (403, "QuotaExceeded", StorageFull),
        (507, "InsufficientStorage", StorageFull),
        (404, "NoSuchKey", StorageDamaged),
    ],
)
def test_errors_get_the_storage_s_words(
    driver: ObjectStoreDriver, status: int, code: str, error: type[Exception]
) -> None:
    key = store(driver, b"12345")
    with answering(driver, status, code, "GET", "PUT"):
        with pytest.raises(error):
            driver.open(key, 5)
        with pytest.raises(error):
            append(driver, new_upload(), {}, b"more")


def test_a_server_that_is_away_is_storage_unavailable(settings: Settings, s3: S3Settings) -> None:
    settings.S3 = dataclasses.replace(s3, endpoint="http://127.0.0.1:9")
    driver = ObjectStoreDriver()
    for ask in (
        driver.check,
        lambda: driver.size("0" * 32),
        lambda: list(driver.keys()),
        lambda: append(driver, new_upload(), {}, b"x"),
    ):
        with pytest.raises(StorageUnavailable):
            ask()


def test_a_missing_bucket_is_storage_unavailable(settings: Settings, s3: S3Settings) -> None:
    settings.S3 = dataclasses.replace(s3, bucket="no-such-bucket")
    driver = ObjectStoreDriver()
    with pytest.raises(StorageUnavailable, match="no-such-bucket"):
        driver.check()
    with pytest.raises(StorageUnavailable, match="no-such-bucket"):
        driver.size("0" * 32)


def test_the_bucket_is_made_once(settings: Settings, s3: S3Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.S3 = dataclasses.replace(s3, bucket="made-by-kho")
    driver = ObjectStoreDriver()
    driver.prepare()
    driver.prepare()
    driver.check()
    exists = driver._bucket.exists
    with monkeypatch.context() as patch:  # two nodes at once: it was not there a moment ago
        patch.setattr(driver._bucket, "exists", lambda: patch.setattr(driver._bucket, "exists", exists))
        driver.prepare()
    store(driver, b"x")


@pytest.mark.parametrize("own", [True, False], ids=["own keys", "keys of the environment"])
def test_keys_are_never_mixed(settings: Settings, monkeypatch: pytest.MonkeyPatch, *, own: bool) -> None:
    pair = ("own", "own-secret") if own else ("", "")
    settings.S3 = S3Settings(BUCKET, "http://127.0.0.1:9", "http://127.0.0.1:9", REGION, *pair, True, "", "")
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    for name in names:
        monkeypatch.setenv(name, f"{name} of the environment")
    address = ObjectStoreDriver().url("0" * 32, seconds=60)
    assert address is not None
    assert ("Credential=own%2F" in address) is own
    assert ("AWS_ACCESS_KEY_ID" in address, "AWS_SESSION_TOKEN" in address) == (not own, not own)


def test_a_full_disk_of_the_node_is_storage_full(driver: ObjectStoreDriver) -> None:
    upload = new_upload()
    before = append(driver, upload, {}, b"kept")
    with file_size_limit(), pytest.raises(StorageFull):
        append(driver, upload, before, BIG)
    assert counting(driver, upload, before, 4) == b"kept"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"KHO_S3_BUCKET": ""}, "KHO_S3_BUCKET is required"),
        ({"KHO_S3_BUCKET": "Upper"}, "KHO_S3_BUCKET"),
        ({"KHO_S3_ENDPOINT": "s3.example.com"}, "KHO_S3_ENDPOINT"),
        ({"KHO_S3_ACCESS_KEY_ID": "a"}, "given together"),
        ({"KHO_S3_KMS_KEY_ID": "a"}, "needs KHO_S3_ENCRYPTION=aws:kms"),
        ({"KHO_S3_ENCRYPTION": "DES"}, "AES256 or aws:kms"),
    ],
)
def test_bad_settings_stop_the_start(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], words: str) -> None:
    for name, value in ({"KHO_S3_BUCKET": "blobs"} | given).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(env.BadSetting, match=words):
        S3Settings.read(used=True)


def test_no_bucket_is_needed_for_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    monkeypatch.setenv("KHO_S3_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("KHO_S3_SECRET_ACCESS_KEY_FILE", str(secret))
    read = S3Settings.read(used=False)
    assert (read.bucket, read.secret_access_key) == ("", "s3cret") and "s3cret" not in repr(read)
    assert not read.path_style


def test_pieces_arrive_whole_in_any_order_of_sizes(driver: ObjectStoreDriver) -> None:
    pieces = [os.urandom(size) for size in (0, 1, PART // 2, PART // 2, PART, 7)]
    upload = new_upload()
    state = append_all(driver, upload, pieces)
    whole = b"".join(pieces)
    assert counting(driver, upload, state, len(whole)) == whole
