"""Pushing blobs: in one request, in two, in chunks, by mount; and what goes wrong on the way."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from accounts.caller import Caller
from registry import storage
from registry.core import addresses, uploads
from registry.errors import StorageFull, StorageUnavailable
from registry.models import Blob, Repository, Upload
from registry.values import Address, Digest
from tests.factories.registry import make_public_repository, make_repository, push_blob
from tests.registry.oci.wire import Answer, Chunks, Wire

CONTENT = b"the bytes of a layer " * 100
DIGEST = Digest.of(CONTENT)


def start(wire: Wire, path: str) -> str:
    """Open an upload and return its location."""
    answer = wire.post(f"{path}/blobs/uploads/")
    assert (answer.status, answer.body) == (202, b"")
    assert answer.headers["Range"] == "0-0"
    assert answer.headers["Location"].endswith(answer.headers["Docker-Upload-UUID"])
    return answer.headers["Location"]


def patch(wire: Wire, location: str, body: Any, content_range: str = "", length: int | None = None) -> Answer:
    """Send a chunk."""
    extra = {"Content-Range": content_range} if content_range else {}
    return wire("PATCH", location, body, headers=extra, length=length)


def finish(wire: Wire, location: str, digest: Digest = DIGEST, body: bytes = b"") -> Answer:
    """Send the last bytes, if any, and the digest."""
    return wire.put(f"{location}?digest={digest}", body)


def assert_created(answer: Answer, wire: Wire, digest: Digest = DIGEST, content: bytes = CONTENT) -> None:
    """The blob is there, at the place that the answer names."""
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers["Docker-Content-Digest"] == str(digest)
    assert wire.get(answer.headers["Location"]).body == content


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_it_works_in_one_request(alices: Wire, private: str, algorithm: str) -> None:
    digest = Digest.of(CONTENT, algorithm)
    answer = alices.post(f"{private}/blobs/uploads/?digest={digest}", CONTENT)
    assert_created(answer, alices, digest)
    assert answer.headers["Location"] == f"{private}/blobs/{digest}"
    assert not Upload.objects.exists()


@pytest.mark.parametrize("slash", ["", "/"])
def test_it_works_in_two_requests(alices: Wire, private: str, slash: str) -> None:
    location = alices.post(f"{private}/blobs/uploads{slash}").headers["Location"]
    assert_created(finish(alices, location, body=CONTENT), alices)


def test_it_works_for_others_of_the_account(bobs: Wire, private: str) -> None:
    assert_created(finish(bobs, start(bobs, private), body=CONTENT), bobs)


def test_it_works_in_one_piece_as_docker_sends_it(alices: Wire, private: str) -> None:
    location = start(alices, private)
    stream = Chunks(*(CONTENT[place : place + 700] for place in range(0, len(CONTENT), 700)))
    answer = patch(alices, location, stream)
    assert (answer.status, answer.headers["Range"]) == (202, f"0-{len(CONTENT) - 1}")
    assert_created(finish(alices, answer.headers["Location"]), alices)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_it_works_in_chunks(alices: Wire, private: str, algorithm: str) -> None:
    digest = Digest.of(CONTENT, algorithm)
    location = start(alices, private)
    for first in range(0, len(CONTENT), 1000):
        piece = CONTENT[first : first + 1000]
        answer = patch(alices, location, piece, f"{first}-{first + len(piece) - 1}")
        assert (answer.status, answer.headers["Range"]) == (202, f"0-{first + len(piece) - 1}")
        location = answer.headers["Location"]
    there = alices.get(location)
    assert (there.status, there.body) == (204, b"")
    assert there.headers["Range"] == f"0-{len(CONTENT) - 1}"
    assert_created(finish(alices, location, digest), alices, digest)


def test_it_works_with_the_last_chunk_in_the_put(alices: Wire, private: str) -> None:
    location = patch(alices, start(alices, private), CONTENT[:1000], "0-999").headers["Location"]
    last = {"Content-Range": f"1000-{len(CONTENT) - 1}"}
    answer = alices("PUT", f"{location}?digest={DIGEST}", CONTENT[1000:], headers=last)
    assert_created(answer, alices)


def test_it_works_for_an_empty_blob(alices: Wire, private: str) -> None:
    assert_created(finish(alices, start(alices, private), Digest.of(b"")), alices, Digest.of(b""), b"")


def test_it_works_for_a_blob_that_is_known(alices: Wire, private: str) -> None:
    for _ in range(2):
        assert_created(alices.post(f"{private}/blobs/uploads/?digest={DIGEST}", CONTENT), alices)
    assert Blob.objects.count() == 1


def test_it_works_to_cancel(alices: Wire, private: str) -> None:
    location = patch(alices, start(alices, private), CONTENT).headers["Location"]
    answer = alices.delete(location)
    assert (answer.status, answer.body) == (204, b"")
    for again in (alices.get(location), alices.delete(location), patch(alices, location, b"x")):
        assert (again.status, again.code) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_it_works_to_name_the_algorithm_first(alices: Wire, private: str) -> None:
    answer = alices.post(f"{private}/blobs/uploads/?digest-algorithm=sha512")
    digest = Digest.of(CONTENT, "sha512")
    assert_created(finish(alices, answer.headers["Location"], digest, CONTENT), alices, digest)


def test_it_refuses_an_algorithm_that_is_not_served(alices: Wire, private: str) -> None:
    answer = alices.post(f"{private}/blobs/uploads/?digest-algorithm=md5")
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")


def test_it_works_to_mount_from_another_repository(alices: Wire, private: str, alice: Caller) -> None:
    source = make_repository(alice, "team/base").address
    push_blob(alice, source, CONTENT)
    answer = alices.post(f"{private}/blobs/uploads/?mount={DIGEST}&from={addresses.path(source)}")
    assert_created(answer, alices)
    assert not Upload.objects.exists()


def test_it_works_to_mount_without_a_source(alices: Wire, private: str, alice: Caller) -> None:
    push_blob(alice, make_repository(alice, "team/base").address, CONTENT)
    assert_created(alices.post(f"{private}/blobs/uploads/?mount={DIGEST}"), alices)


def test_it_works_to_mount_from_anyones_public_repository(charlies: Wire, charlie: Caller, alice: Caller) -> None:
    source = make_public_repository(alice).address
    push_blob(alice, source, CONTENT)
    target = addresses.path(make_repository(charlie, "copy").address)
    answer = charlies.post(f"/v2/{target}/blobs/uploads/?mount={DIGEST}&from={addresses.path(source)}")
    assert_created(answer, charlies)


@pytest.mark.parametrize(
    "source", ["111122223333/team/app", "111122223333/absent", "nosuchalias/app", "NOT A NAME", ""]
)
def test_it_works_as_a_new_upload_if_there_is_nothing_to_mount(alices: Wire, private: str, source: str) -> None:
    answer = alices.post(f"{private}/blobs/uploads/?mount={DIGEST}&from={source}")
    assert answer.status == 202
    assert_created(finish(alices, answer.headers["Location"], body=CONTENT), alices)


def test_it_refuses_to_mount_from_a_strangers_private_repository(
    charlies: Wire, charlie: Caller, alice: Caller, address: Address
) -> None:
    push_blob(alice, address, CONTENT)
    target = f"/v2/{addresses.path(make_repository(charlie, 'copy').address)}"
    for query in (f"&from={addresses.path(address)}", ""):
        answer = charlies.post(f"{target}/blobs/uploads/?mount={DIGEST}{query}")
        assert answer.status == 202
    assert charlies.head(f"{target}/blobs/{DIGEST}").status == 404


@pytest.mark.parametrize("digest", ["", "sha256:1", "md5:" + "0" * 32, "x", f"sha256:{'A' * 64}"])
def test_it_refuses_what_is_no_digest(alices: Wire, private: str, digest: str) -> None:
    location = start(alices, private)
    for answer in (
        alices.put(f"{location}?digest={digest}", CONTENT),
        alices.post(f"{private}/blobs/uploads/?digest={digest}", CONTENT),
        alices.post(f"{private}/blobs/uploads/?mount={digest}"),
    ):
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert alices.get(location).status == 204


def test_it_refuses_to_finish_without_a_digest(alices: Wire, private: str) -> None:
    answer = alices.put(start(alices, private), CONTENT)
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_it_refuses_bytes_with_another_digest(alices: Wire, private: str, algorithm: str) -> None:
    other = Digest.of(b"other", algorithm)
    location = start(alices, private)
    for answer in (
        finish(alices, location, other, CONTENT),
        alices.post(f"{private}/blobs/uploads/?digest={other}", CONTENT),
    ):
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert alices.head(f"{private}/blobs/{other}").status == 404
    assert alices.get(location).status == 404
    assert not Upload.objects.exists()


def test_it_refuses_chunks_out_of_order(alices: Wire, private: str) -> None:
    location = patch(alices, start(alices, private), CONTENT[:1000], "0-999").headers["Location"]
    for content_range in ("0-999", "1001-2000", "2000-2999"):
        answer = patch(alices, location, CONTENT[:1000], content_range)
        assert (answer.status, answer.code) == (416, "BLOB_UPLOAD_INVALID")
        assert answer.headers["Range"] == "0-999"
        assert answer.headers["Location"] == location
    assert_created(finish(alices, location, body=CONTENT[1000:]), alices)


@pytest.mark.parametrize("content_range", ["0-5", "x", "9-0", "bytes */10", "0-99999999999999999999999"])
def test_it_refuses_a_content_range_that_contradicts_the_request(
    alices: Wire, private: str, content_range: str
) -> None:
    location = start(alices, private)
    for answer in (
        patch(alices, location, CONTENT[:1000], content_range),
        alices("PUT", f"{location}?digest={DIGEST}", CONTENT, headers={"Content-Range": content_range}),
    ):
        assert (answer.status, answer.code) == (416, "BLOB_UPLOAD_INVALID")


def test_it_refuses_uploads_that_are_not_of_this_repository(alices: Wire, private: str, alice: Caller) -> None:
    other = f"/v2/{addresses.path(make_repository(alice, 'team/other').address)}"
    location = start(alices, private)
    foreign = location.replace(private, other)
    assert foreign != location
    for place in (foreign, f"{private}/blobs/uploads/{uuid.uuid4()}", f"{private}/blobs/uploads/nonsense"):
        for answer in (
            alices.get(place),
            patch(alices, place, b"x"),
            finish(alices, place, body=CONTENT),
            alices.delete(place),
        ):
            assert (answer.status, answer.code) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert alices.get(location).status == 204


def test_it_refuses_a_finished_upload(alices: Wire, private: str) -> None:
    location = start(alices, private)
    assert finish(alices, location, body=CONTENT).status == 201
    for answer in (alices.get(location), patch(alices, location, b"x"), finish(alices, location, body=CONTENT)):
        assert (answer.status, answer.code) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_it_refuses_a_second_writer(alices: Wire, private: str) -> None:
    location = start(alices, private)
    answers: list[Answer] = []

    class Rival(Chunks):
        """Before its last piece arrives, another request tries to write."""

        def read(self, size: int = -1, /) -> bytes:
            if not answers:
                answers.append(patch(alices, location, b"other bytes"))
            return super().read(size)

    assert patch(alices, location, Rival(CONTENT)).status == 202
    assert [(answer.status, answer.code) for answer in answers] == [(409, "BLOB_UPLOAD_INVALID")]
    assert_created(finish(alices, location), alices)


def test_it_works_to_go_on_after_the_client_was_gone(alices: Wire, private: str) -> None:
    location = start(alices, private)
    answer = patch(alices, location, Chunks(CONTENT[:500], broken=True))
    assert (answer.status, answer.code) == (400, "BLOB_UPLOAD_INVALID")
    assert answer.headers["Range"] == "0-499"
    answer = patch(alices, location, CONTENT[500:700], length=1000)
    assert (answer.status, answer.code) == (400, "BLOB_UPLOAD_INVALID")
    assert alices.get(location).headers["Range"] == "0-699"
    assert_created(finish(alices, location, body=CONTENT[700:]), alices)


def test_it_refuses_to_finish_what_was_cut_short(alices: Wire, private: str) -> None:
    location = start(alices, private)
    answer = alices("PUT", f"{location}?digest={DIGEST}", CONTENT[:500], length=len(CONTENT))
    assert (answer.status, answer.code) == (400, "BLOB_UPLOAD_INVALID")
    answer = alices("POST", f"{private}/blobs/uploads/?digest={DIGEST}", CONTENT[:500], length=len(CONTENT))
    assert (answer.status, answer.code) == (400, "BLOB_UPLOAD_INVALID")
    assert alices.head(f"{private}/blobs/{DIGEST}").status == 404


def test_it_refuses_a_content_length_that_is_no_number(alices: Wire, private: str) -> None:
    location = start(alices, private)
    answer = alices("PATCH", location, b"", headers={"Content-Type": "x/y"}, length=10**20)
    assert (answer.status, answer.code) == (400, "UNSUPPORTED")


def test_it_refuses_blobs_that_are_too_large(alices: Wire, private: str, settings: Settings) -> None:
    settings.MAX_BLOB_BYTES = 1000
    for answer in (
        patch(alices, start(alices, private), CONTENT),
        patch(alices, start(alices, private), Chunks(CONTENT)),
        alices.post(f"{private}/blobs/uploads/?digest={DIGEST}", CONTENT),
    ):
        assert (answer.status, answer.code) == (413, "SIZE_INVALID")


def test_it_refuses_uploads_beyond_the_quota(
    alices: Wire, private: str, settings: Settings, alice: Caller, address: Address
) -> None:
    push_blob(alice, address, CONTENT)
    settings.STORAGE_QUOTA_BYTES = 10
    answer = alices.post(f"{private}/blobs/uploads/")
    assert (answer.status, answer.code) == (403, "DENIED")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(StorageFull(), 507, "UNAVAILABLE"), (StorageUnavailable(), 503, "UNAVAILABLE")],
)
def test_it_works_to_go_on_after_the_storage_failed(
    alices: Wire, private: str, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    location = patch(alices, start(alices, private), CONTENT[:1000]).headers["Location"]

    def fail(*_: Any) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(type(storage.default()), "open_segment", fail)
        answer = patch(alices, location, CONTENT[1000:])
    assert (answer.status, answer.code) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert alices.get(location).headers["Range"] == "0-999"
    assert_created(finish(alices, location, body=CONTENT[1000:]), alices)


def test_it_refuses_a_repository_that_does_not_exist(alices: Wire, absent: Address) -> None:
    path = f"/v2/{addresses.path(absent)}"
    expected = "The repository with name 'team/absent' does not exist in the registry with id '111122223333'"
    for answer in (
        alices.post(f"{path}/blobs/uploads/"),
        alices.post(f"{path}/blobs/uploads/?digest={DIGEST}", CONTENT),
        alices.post(f"{path}/blobs/uploads/?mount={DIGEST}"),
        alices.post(f"{path}/blobs/uploads/?mount={DIGEST}&from=111122223333/absent"),
    ):
        assert (answer.status, answer.code, answer.message) == (404, "NAME_UNKNOWN", expected)
    assert not Repository.objects.exists()


def test_it_refuses_to_read_all_of_a_body_at_once(alices: Wire, private: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    append = uploads.append

    def watch(caller: Caller, address: Address, upload_id: str, chunks: Any, **more: Any) -> int:
        def counted() -> Iterator[bytes]:
            for chunk in chunks:
                seen.append(len(chunk))
                yield chunk

        return append(caller, address, upload_id, counted(), **more)

    monkeypatch.setattr(uploads, "append", watch)
    assert patch(alices, start(alices, private), bytes(1_000_000)).status == 202
    assert sum(seen) == 1_000_000
    assert max(seen) <= 256 * 1024
