"""The three ways of a blob to the client: through this process, the web server in front, or a redirect."""

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.caller import Caller
from registry import storage
from registry.core import reading
from registry.models import Blob
from registry.oci import hot
from registry.storage.filesystem import FilesystemDriver
from registry.values import Address, Digest
from tests.factories.registry import push_blob
from tests.registry.oci.wire import Wire

CONTENT = bytes(range(256)) * 300
SMALL = b"a config"
DIGEST = Digest.of(CONTENT)


@pytest.fixture
def blob(alice: Caller, address: Address, private: str) -> str:
    """The path of a blob in the private repository."""
    push_blob(alice, address, CONTENT)
    return f"{private}/blobs/{DIGEST}"


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """The store has addresses of its own."""
    settings.DELIVERY = "redirect"
    address = "https://blobs.example.com/{}?signed-for={}"
    monkeypatch.setattr(FilesystemDriver, "url", lambda self, key, seconds: address.format(key, seconds))


def test_it_works_by_the_web_server_in_front(alices: Wire, blob: str, settings: Settings) -> None:
    settings.DELIVERY = "accel"
    answer = alices.get(blob)
    place = answer.headers["X-Accel-Redirect"]
    assert (answer.status, answer.body) == (200, b"")
    assert (storage.default().root / place.removeprefix("/_kho/")).read_bytes() == CONTENT  # type: ignore[attr-defined]
    assert place.startswith("/_kho/blobs/")
    assert answer.headers["ETag"] == f'"{DIGEST}"' and answer.headers["Cache-Control"] == "private, no-store"
    part = alices.get(blob, range="bytes=1-2")
    assert (part.status, part.headers["X-Accel-Redirect"]) == (200, place), "the web server cuts the part out"


def test_it_works_by_a_redirect(alices: Wire, blob: str, signed: None) -> None:
    answer = alices.get(blob)
    key = Blob.objects.get().storage_key
    assert (answer.status, answer.body) == (307, b"")
    assert answer.headers["Location"] == f"https://blobs.example.com/{key}?signed-for=300"
    assert answer.headers["Cache-Control"] == "private, no-store", "nobody may keep the address"
    assert answer.headers["Docker-Content-Digest"] == str(DIGEST)
    assert alices.get(blob, range="bytes=1-2").status == 307, "the client asks there for the part"


@pytest.mark.parametrize("delivery", ["file", "accel", "redirect"])
def test_head_is_always_answered_here(alices: Wire, blob: str, signed: None, settings: Settings, delivery: str) -> None:
    settings.DELIVERY = delivery
    answer = alices.head(blob)
    assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(CONTENT)))
    assert "Location" not in answer.headers and "X-Accel-Redirect" not in answer.headers


@pytest.mark.parametrize("delivery", ["file", "accel", "redirect"])
def test_who_has_it_gets_no_bytes(alices: Wire, blob: str, signed: None, settings: Settings, delivery: str) -> None:
    settings.DELIVERY = delivery
    answer = alices.get(blob, if_none_match=f'"{DIGEST}"')
    assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize("delivery", ["file", "accel", "redirect"])
def test_a_small_blob_comes_from_memory(
    alices: Wire, alice: Caller, address: Address, private: str, signed: None, settings: Settings, delivery: str
) -> None:
    settings.DELIVERY = delivery
    push_blob(alice, address, SMALL)
    path = f"{private}/blobs/{Digest.of(SMALL)}"
    assert (alices.get(path).status, alices.get(path).body) == (200, SMALL)
    assert alices.get(path, range="bytes=2-").body == SMALL[2:]


def test_a_small_blob_with_other_bytes_is_refused(
    alices: Wire, alice: Caller, address: Address, private: str, data_folder: Path
) -> None:
    reading.contents.clear()
    push_blob(alice, address, SMALL)
    [file] = (path for path in (data_folder / "blobs").rglob("*") if path.is_file())
    file.chmod(0o600)
    file.write_bytes(SMALL[::-1])
    assert alices.get(f"{private}/blobs/{Digest.of(SMALL)}").code == "BLOB_UNKNOWN"
    assert Blob.objects.get().state == Blob.State.DAMAGED


@pytest.mark.parametrize("delivery", ["file", "accel", "redirect"])
def test_it_refuses_what_is_damaged(alices: Wire, blob: str, signed: None, settings: Settings, delivery: str) -> None:
    settings.DELIVERY = delivery
    storage.default().delete(Blob.objects.get().storage_key)
    assert alices.get(blob).code == "BLOB_UNKNOWN"
    assert Blob.objects.get().state == Blob.State.DAMAGED


@pytest.mark.parametrize("delivery", ["accel", "redirect"])
def test_the_short_way_delivers_the_same(
    alice: Caller, public_address: Address, public: str, signed: None, settings: Settings, delivery: str
) -> None:
    push_blob(alice, public_address, CONTENT)
    settings.DELIVERY = delivery
    path = f"{public}/blobs/{DIGEST}"
    expected = Wire().get(path)
    with CaptureQueriesContext(connection) as queries:
        meta = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_HOST": "kho.test"}
        answer = hot.answer(meta, "192.0.2.7", "r" * 32)
    assert answer is not None and answer.status == expected.status and len(queries) <= 3
    own = {name: value for name, value in expected.headers.items() if name != "X-Request-Id"}
    assert answer.headers | {"Content-Length": "0"} == own
