"""The driver for buckets: the suite of all drivers against a real S3 server, reading, encryption, settings, outages."""

import dataclasses
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
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
from registry.storage.object_store import ObjectStoreDriver
from tests.clients.s3 import REGION, SECRET_ACCESS_KEY, ObjectStore
from tests.contracts.storage_driver import (
    BIG,
    StorageDriverContract,
    append,
    append_all,
    counting,
    new_upload,
    store,
)
from tests.registry.storage.bucket import BUCKET, PART, answering, driver, s3, server
from tests.registry.storage.test_filesystem import file_size_limit

__all__ = ["driver", "s3", "server"]


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
