"""Pulling and deleting blobs: whole, in parts, not at all."""

from pathlib import Path

import pytest
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts.caller import Caller
from accounts.sessions import bearer
from registry.core import archive, blobs, images
from registry.errors import StorageDamaged
from registry.models import Blob, Image
from registry.oci.answers import Blocks
from registry.oci.headers import ByteRange
from registry.values import Address, Digest
from tests.factories.registry import push_blob, push_image
from tests.registry.oci.wire import Wire

CONTENT = bytes(range(256)) * 3000
DIGEST = Digest.of(CONTENT)
ABSENT = Digest.of(b"absent")


@pytest.fixture
def blob(alice: Caller, address: Address, private: str) -> str:
    """The path of a blob in the private repository."""
    push_blob(alice, address, CONTENT)
    return f"{private}/blobs/{DIGEST}"


@pytest.fixture
def public_blob(alice: Caller, public_address: Address, public: str) -> str:
    """The path of a blob in the public repository."""
    push_blob(alice, public_address, CONTENT)
    return f"{public}/blobs/{DIGEST}"


def stored_file(data_folder: Path) -> Path:
    """The one file below the blobs' folder."""
    (file,) = (path for path in (data_folder / "blobs").rglob("*") if path.is_file())
    return file


def test_it_works_whole(alices: Wire, blob: str) -> None:
    answer = alices.get(blob)
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Docker-Content-Digest"] == str(DIGEST)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"] == f'"{DIGEST}"'
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_it_works_as_head(alices: Wire, blob: str) -> None:
    answer = alices.head(blob)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Docker-Content-Digest"] == str(DIGEST)


def test_it_works_in_large_blocks(alice: Caller, address: Address, blob: str) -> None:
    blocks = Blocks(blobs.open_for_reading(alice, address, DIGEST), ByteRange(0, len(CONTENT)))
    try:
        sizes = [len(block) for block in blocks]
    finally:
        blocks.close()
    assert sizes == [262144, 262144, 243712]


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=500-1499", 500, 1499),
        ("bytes=300000-700000", 300_000, 700_000),
        ("bytes=767999-", 767_999, 767_999),
        ("bytes=-10", 767_990, 767_999),
        ("bytes=700000-9000000", 700_000, 767_999),
    ],
)
def test_it_works_in_part(alices: Wire, blob: str, value: str, first: int, last: int) -> None:
    answer = alices.get(blob, Range=value)
    assert (answer.status, answer.body) == (206, CONTENT[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"
    assert answer.headers["Content-Length"] == str(last - first + 1)


def test_it_works_whole_if_several_parts_are_asked_for(alices: Wire, blob: str) -> None:
    answer = alices.get(blob, Range="bytes=0-1,5-6")
    assert (answer.status, len(answer.body)) == (200, len(CONTENT))
    assert "Content-Range" not in answer.headers


@pytest.mark.parametrize("value", ["bytes=768000-", "bytes=5-4", "bytes=-0"])
def test_it_refuses_a_part_outside(alices: Wire, blob: str, value: str) -> None:
    answer = alices.get(blob, Range=value)
    assert (answer.status, answer.code) == (416, "RANGE_INVALID")
    assert answer.headers["Content-Range"] == "bytes */768000"


def test_it_works_without_content_if_the_client_has_it(alices: Wire, blob: str) -> None:
    answer = alices.get(blob, If_None_Match=f'"{DIGEST}"')
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["ETag"] == f'"{DIGEST}"'
    assert alices.get(blob, If_None_Match='"other"').status == 200


def test_it_works_for_anyone_from_a_public_repository(nobodys: Wire, charlies: Wire, public_blob: str) -> None:
    for wire in (nobodys, Wire(f"Bearer {bearer.issue(None).value}")):
        answer = wire.get(public_blob)
        assert (answer.status, answer.body) == (200, CONTENT)
        assert answer.headers["Cache-Control"] == "public, max-age=1"
    assert charlies.get(public_blob).headers["Cache-Control"] == "private, no-store"
    assert nobodys.head(public_blob).status == 200


def test_it_refuses_a_blob_that_is_not_there(alices: Wire, private: str) -> None:
    path = f"{private}/blobs/{ABSENT}"
    for answer in (alices.get(path), alices.delete(path)):
        assert (answer.status, answer.code) == (404, "BLOB_UNKNOWN")
    assert (alices.head(path).status, alices.head(path).body) == (404, b"")


def test_it_refuses_a_blob_of_another_repository(alices: Wire, blob: str, public: str) -> None:
    assert alices.get(f"{public}/blobs/{DIGEST}").code == "BLOB_UNKNOWN"


@pytest.mark.parametrize("digest", ["sha256:1", "latest", "md5:" + "0" * 32, f"sha256:{'A' * 64}"])
def test_it_refuses_what_is_no_digest(alices: Wire, private: str, digest: str) -> None:
    for method in ("GET", "DELETE"):
        answer = alices(method, f"{private}/blobs/{digest}")
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert alices.head(f"{private}/blobs/{digest}").status == 400


@pytest.mark.parametrize("name", ["UPPER/app", "111122223333/a", "111122223333/-a", "111122223333/a//b", "a" * 300])
def test_it_refuses_illegal_names(alices: Wire, name: str) -> None:
    answer = alices.get(f"/v2/{name}/blobs/{DIGEST}")
    assert (answer.status, answer.code) == (400, "NAME_INVALID")


def test_it_works_to_delete(alices: Wire, blob: str) -> None:
    answer = alices.delete(blob)
    assert (answer.status, answer.body) == (202, b"")
    assert alices.get(blob).status == 404


def test_it_refuses_to_delete_what_an_image_needs(alices: Wire, private: str, alice: Caller, address: Address) -> None:
    push_image(alice, address, "latest", layers=[CONTENT])
    answer = alices.delete(f"{private}/blobs/{DIGEST}")
    assert (answer.status, answer.code) == (403, "DENIED")
    assert alices.get(f"{private}/blobs/{DIGEST}").status == 200


@pytest.mark.parametrize("damage", ["missing", "cut short"])
def test_it_refuses_to_send_damaged_bytes_and_heals_by_a_push(
    alices: Wire, blob: str, private: str, data_folder: Path, damage: str
) -> None:
    file = stored_file(data_folder)
    if damage == "missing":
        file.unlink()
    else:
        file.chmod(0o600)
        with file.open("r+b") as content:
            content.truncate(1000)
    answer = alices.get(blob)
    assert (answer.status, answer.code) == (404, "BLOB_UNKNOWN")
    assert alices.head(blob).status == 404
    assert Blob.objects.get().state == Blob.State.DAMAGED
    assert alices.post(f"{private}/blobs/uploads/?digest={DIGEST}", CONTENT).status == 201
    assert alices.get(blob).body == CONTENT


def test_it_refuses_to_end_as_if_whole_when_the_file_shrinks(
    alice: Caller, address: Address, blob: str, data_folder: Path
) -> None:
    opened = blobs.open_for_reading(alice, address, DIGEST)
    blocks = Blocks(opened, ByteRange(0, len(CONTENT)))
    next(blocks)
    file = stored_file(data_folder)
    file.chmod(0o600)
    with file.open("r+b") as content:
        content.truncate(262144)
    with capture_logs() as lines, pytest.raises(StorageDamaged):
        list(blocks)
    assert [(line["log_level"], line["digest"]) for line in lines] == [("error", str(DIGEST))]
    blocks.close()
    assert opened.file.closed


def test_it_works_at_an_ecr_shaped_host(alices: Wire, blob: str, public_blob: str, settings: Settings) -> None:
    settings.DOMAIN = "kho.example"
    own = alices.at("111122223333.dkr.ecr.us-east-1.kho.example")
    assert own.get(f"/v2/team/app/blobs/{DIGEST}").status == 200
    assert own.get(blob).code == "NAME_UNKNOWN"
    other = alices.at("111122223333.dkr.ecr.eu-west-1.kho.example")
    assert other.get(f"/v2/team/app/blobs/{DIGEST}").code == "NAME_UNKNOWN"
    assert alices.at("public.kho.example").get(public_blob).status == 200
    answer = alices.at("public.kho.example").get(blob)
    assert (answer.status, answer.code) == (404, "NAME_UNKNOWN")


def archived(caller: Caller, address: Address, image: Image) -> None:
    """Put an image into the archive."""
    archive.update(caller, address, Digest.parse(image.digest), None, "ARCHIVE")


def test_what_only_archived_images_have_is_not_found_until_one_is_restored(
    alice: Caller, alices: Wire, private: str, address: Address
) -> None:
    """As their manifests. Whoever pushes asks by HEAD, and need not send what is there."""
    first = push_image(alice, address, "1", layers=[CONTENT])
    second = push_image(alice, address, "2", layers=[CONTENT, b"more"])
    layer = f"{private}/blobs/{DIGEST}"
    archived(alice, address, first)
    assert alices.get(layer).body == CONTENT, "the other image has it, too"
    archived(alice, address, second)
    config = first.blobs.get(is_config=True).blob.digest
    for place in (layer, f"{private}/blobs/{config}"):
        for headers in ({}, {"Range": "bytes=0-9"}, {"If-None-Match": f'"{DIGEST}"'}):
            answer = alices("GET", place, headers=headers)
            assert (answer.status, answer.code) == (404, "BLOB_UNKNOWN") and "in the archive" in answer.message
        assert alices.head(place).status == 200
    archive.update(alice, address, Digest.parse(second.digest), None, "STANDARD")
    assert alices.get(layer).body == CONTENT
    assert alices.get(f"{private}/blobs/{Digest.of(b'more')}").body == b"more"


def test_the_archive_of_a_repository_is_its_own(
    alice: Caller, alices: Wire, private: str, public: str, address: Address, public_address: Address
) -> None:
    """What another repository archived, what no image has, and what only a deleted image had, is sent."""
    push_image(alice, public_address, "1", layers=[CONTENT])
    archived(alice, address, push_image(alice, address, "1", layers=[CONTENT]))
    assert alices.get(f"{private}/blobs/{DIGEST}").status == 404
    assert alices.get(f"{public}/blobs/{DIGEST}").body == CONTENT
    push_blob(alice, address, b"loose")
    assert alices.get(f"{private}/blobs/{Digest.of(b'loose')}").body == b"loose"
    images.delete(alice, address, Digest.parse(Image.objects.get(repository__region="us-east-1").digest))
    assert alices.get(f"{private}/blobs/{DIGEST}").body == CONTENT, "it waits for collection, as of any deleted image"


def test_strangers_learn_nothing_of_the_archive(
    alice: Caller, charlies: Wire, nobodys: Wire, private: str, address: Address
) -> None:
    archived(alice, address, push_image(alice, address, "1", layers=[CONTENT]))
    for wire, status in ((charlies, 403), (nobodys, 401)):
        there, absent = (wire.get(f"{private}/blobs/{digest}") for digest in (DIGEST, ABSENT))
        assert there.status == absent.status == status and there.message == absent.message
