"""Pulling, pushing and deleting manifests and tags."""

import json
from typing import Any

import pytest
from pytest_django import Settings

from accounts.caller import Caller
from accounts.models import Account
from registry.core import addresses, archive, repositories, templates
from registry.models import Image, ImageTag
from registry.values import Address, Digest
from tests.factories.registry import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_MANIFEST,
    make_repository,
    manifest_bytes,
    push_blob,
    push_image,
    push_index,
)
from tests.registry.oci.wire import Chunks, Wire

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def content(alice: Caller, address: Address) -> bytes:
    """A manifest whose blobs are in the private repository."""
    config = push_blob(alice, address, b"{}") | {"mediaType": OCI_CONFIG}
    return manifest_bytes(config, [push_blob(alice, address, b"layer")])


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_it_works_by_digest(alices: Wire, private: str, content: bytes, algorithm: str) -> None:
    digest = Digest.of(content, algorithm)
    answer = alices.put(f"{private}/manifests/{digest}", content, OCI_MANIFEST)
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers["Location"] == f"{private}/manifests/{digest}"
    assert answer.headers["Docker-Content-Digest"] == str(digest)
    answer = alices.get(f"{private}/manifests/{digest}")
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["Content-Type"] == OCI_MANIFEST
    assert answer.headers["Docker-Content-Digest"] == str(digest)
    assert answer.headers["ETag"] == f'"{digest}"'
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_it_works_by_tag(alices: Wire, private: str, content: bytes) -> None:
    digest = Digest.of(content)
    answer = alices.put(f"{private}/manifests/v1", content, OCI_MANIFEST)
    assert (answer.status, answer.headers["Location"]) == (201, f"{private}/manifests/{digest}")
    assert alices.get(f"{private}/manifests/v1").body == content
    answer = alices.head(f"{private}/manifests/v1")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["Content-Type"] == OCI_MANIFEST
    assert answer.headers["Docker-Content-Digest"] == str(digest)


def test_it_works_in_chunks(alices: Wire, private: str, content: bytes) -> None:
    stream = Chunks(content[:50], content[50:])
    answer = alices("PUT", f"{private}/manifests/v1", stream, headers={"Content-Type": OCI_MANIFEST})
    assert answer.status == 201
    assert alices.get(f"{private}/manifests/v1").body == content


def test_it_works_again_and_again(alices: Wire, private: str, content: bytes) -> None:
    for _ in range(2):
        assert alices.put(f"{private}/manifests/v1", content, OCI_MANIFEST).status == 201
    assert Image.objects.count() == 1


@pytest.mark.parametrize(
    "accept",
    ["", "*/*", "text/html", "application/json", DOCKER_MANIFEST, f"{OCI_MANIFEST}, {OCI_INDEX};q=0.5", "nonsense"],
)
def test_it_works_whatever_the_client_accepts(alices: Wire, private: str, content: bytes, accept: str) -> None:
    alices.put(f"{private}/manifests/v1", content, OCI_MANIFEST)
    answer = alices.get(f"{private}/manifests/v1", Accept=accept)
    assert (answer.status, answer.headers["Content-Type"]) == (200, OCI_MANIFEST)
    assert alices.get(f"{private}/manifests/v2", Accept=accept).code == "MANIFEST_UNKNOWN"


def test_it_works_without_content_type_if_the_body_names_it(alices: Wire, private: str, content: bytes) -> None:
    assert alices("PUT", f"{private}/manifests/v1", content).status == 201
    assert alices.put(f"{private}/manifests/v2", content, f"{OCI_MANIFEST}; charset=utf-8").status == 201


def test_it_works_with_the_subjects_digest_in_a_header(
    alices: Wire, private: str, alice: Caller, address: Address
) -> None:
    subject = push_image(alice, address, "v1")
    config = push_blob(alice, address, b"{}") | {"mediaType": "application/vnd.example+json"}
    named = {"mediaType": OCI_MANIFEST, "digest": subject.digest, "size": subject.manifest_size}
    answer = alices.put(f"{private}/manifests/sig", manifest_bytes(config, [], subject=named), OCI_MANIFEST)
    assert (answer.status, answer.headers["OCI-Subject"]) == (201, subject.digest)
    assert "OCI-Subject" not in alices.put(f"{private}/manifests/x", manifest_bytes(config, []), OCI_MANIFEST).headers


def test_it_works_for_anyone_from_a_public_repository(
    nobodys: Wire, charlies: Wire, public: str, alice: Caller, public_address: Address
) -> None:
    image = push_image(alice, public_address, "latest")
    assert nobodys.get(f"{public}/manifests/latest").headers["Cache-Control"] == "public, no-cache"
    assert nobodys.get(f"{public}/manifests/{image.digest}").headers["Cache-Control"] == "public, max-age=1"
    assert charlies.get(f"{public}/manifests/latest").headers["Cache-Control"] == "private, no-store"


def test_it_works_where_a_template_makes_the_repository(
    alices: Wire, absent: Address, alice: Caller, content: bytes
) -> None:
    templates.create(Account.objects.get(id=alice.account_id), "us-east-1")
    path = f"/v2/{addresses.path(absent)}"
    assert alices.get(f"{path}/manifests/latest").code == "NAME_UNKNOWN"
    config = Digest.of(b"{}")
    assert alices.post(f"{path}/blobs/uploads/?digest={config}", b"{}").status == 201
    assert repositories.get(alice, absent).name == "team/absent"


def test_it_refuses_a_repository_that_does_not_exist(alices: Wire, absent: Address, content: bytes) -> None:
    path = f"/v2/{addresses.path(absent)}"
    for answer in (
        alices.get(f"{path}/manifests/latest"),
        alices.put(f"{path}/manifests/latest", content, OCI_MANIFEST),
        alices.delete(f"{path}/manifests/latest"),
    ):
        assert (answer.status, answer.code) == (404, "NAME_UNKNOWN")
        expected = "The repository with name 'team/absent' does not exist in the registry with id '111122223333'"
        assert answer.message == expected
    assert alices.head(f"{path}/manifests/latest").status == 404


@pytest.mark.parametrize("name", ["nosuchalias/app", "ubuntu", "{alias}/absent"])
def test_it_refuses_unknown_public_names_openly(nobodys: Wire, public: str, name: str) -> None:
    alias = public.split("/")[2]
    answer = nobodys.get(f"/v2/{name.format(alias=alias)}/manifests/latest")
    assert (answer.status, answer.code) == (404, "NAME_UNKNOWN")


@pytest.mark.parametrize("reference", ["v1", f"sha256:{'0' * 64}"])
def test_it_refuses_an_image_that_is_not_there(alices: Wire, private: str, reference: str) -> None:
    path = f"{private}/manifests/{reference}"
    for answer in (alices.get(path), alices.delete(path)):
        assert (answer.status, answer.code) == (404, "MANIFEST_UNKNOWN")
    assert (alices.head(path).status, alices.head(path).body) == (404, b"")


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("-x", "TAG_INVALID"),
        ("a" * 129, "TAG_INVALID"),
        ("a%20b", "TAG_INVALID"),
        ("v1%0A", "TAG_INVALID"),
        ("sha256:1", "DIGEST_INVALID"),
        ("md5:0", "DIGEST_INVALID"),
    ],
)
def test_it_refuses_what_is_neither_tag_nor_digest(
    alices: Wire, private: str, content: bytes, reference: str, code: str
) -> None:
    path = f"{private}/manifests/{reference}"
    for answer in (alices.get(path), alices.put(path, content, OCI_MANIFEST), alices.delete(path)):
        assert (answer.status, answer.code) == (400, code)


def test_it_refuses_a_digest_of_other_bytes(alices: Wire, private: str, content: bytes) -> None:
    answer = alices.put(f"{private}/manifests/{Digest.of(b'other')}", content, OCI_MANIFEST)
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert not Image.objects.exists()


def without(content: bytes, **changes: Any) -> bytes:
    """The manifest with some keys changed, or removed by None."""
    changed = json.loads(content) | changes
    return json.dumps({key: value for key, value in changed.items() if value is not None}).encode()


def test_it_refuses_what_is_no_manifest(alices: Wire, private: str, content: bytes) -> None:
    for body, media_type in [
        (b"", OCI_MANIFEST),
        (b"not JSON", OCI_MANIFEST),
        (b"[]", OCI_MANIFEST),
        (content + b"}", OCI_MANIFEST),
        (content, OCI_INDEX),
        (content, "text/plain"),
        (without(content, mediaType=None), "application/json"),
        (without(content, schemaVersion=1), OCI_MANIFEST),
        (without(content, config=None), OCI_MANIFEST),
        (without(content, manifests=[]), OCI_MANIFEST),
        (without(content, layers=[{"mediaType": "a/b", "digest": "sha256:1", "size": 1}]), OCI_MANIFEST),
        (b"[" * 100_000, OCI_MANIFEST),
    ]:
        answer = alices.put(f"{private}/manifests/v1", body, media_type)
        assert (answer.status, answer.code) == (400, "MANIFEST_INVALID"), body[:100]
    assert not Image.objects.exists()


def test_it_refuses_missing_blobs_by_name(alices: Wire, private: str, content: bytes) -> None:
    digest = str(Digest.of(b"absent"))
    layers = [{"mediaType": "a/b", "digest": digest, "size": 6}]
    answer = alices.put(f"{private}/manifests/v1", without(content, layers=layers), OCI_MANIFEST)
    assert (answer.status, answer.code) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert digest in answer.message
    assert not Image.objects.exists()


def test_it_refuses_missing_children_by_name(alices: Wire, private: str) -> None:
    digest = str(Digest.of(b"absent"))
    entries = [{"mediaType": OCI_MANIFEST, "digest": digest, "size": 6}]
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}).encode()
    answer = alices.put(f"{private}/manifests/v1", index, OCI_INDEX)
    assert (answer.status, answer.code) == (400, "MANIFEST_BLOB_UNKNOWN")
    assert digest in answer.message


def test_it_refuses_manifests_that_are_too_large(alices: Wire, private: str, settings: Settings) -> None:
    settings.MAX_MANIFEST_BYTES = 1000
    for body in (bytes(1001), Chunks(bytes(600), bytes(600))):
        answer = alices("PUT", f"{private}/manifests/v1", body, headers={"Content-Type": OCI_MANIFEST})
        assert (answer.status, answer.code) == (413, "SIZE_INVALID")


def test_it_refuses_a_manifest_that_ends_early(alices: Wire, private: str, content: bytes) -> None:
    type_ = {"Content-Type": OCI_MANIFEST}
    path = f"{private}/manifests/v1"
    for answer in (
        alices("PUT", path, content, headers=type_, length=len(content) + 5),
        alices("PUT", path, Chunks(content[:50], broken=True), headers=type_),
        alices("PUT", path, Chunks(content[:50]), headers=type_),
    ):
        assert (answer.status, answer.code) == (400, "MANIFEST_INVALID")
    assert not Image.objects.exists()


def test_it_refuses_to_move_an_immutable_tag(alices: Wire, alice: Caller) -> None:
    address = make_repository(alice, "team/fixed", image_tag_mutability="IMMUTABLE").address
    path = f"/v2/{addresses.path(address)}/manifests/v1"
    push_image(alice, address, "v1")
    config = push_blob(alice, address, b"{}") | {"mediaType": OCI_CONFIG}
    answer = alices.put(path, manifest_bytes(config, []), OCI_MANIFEST)
    assert (answer.status, answer.code) == (400, "TAG_INVALID")
    expected = "The image tag 'v1' already exists in the 'team/fixed' repository and cannot be overwritten "
    assert answer.message == expected + "because the tag is immutable."


def test_it_works_to_untag(alices: Wire, private: str, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "v1")
    answer = alices.delete(f"{private}/manifests/v1")
    assert (answer.status, answer.body) == (202, b"")
    assert alices.get(f"{private}/manifests/v1").status == 404
    assert alices.get(f"{private}/manifests/{image.digest}").status == 200


def test_it_works_to_delete_by_digest(alices: Wire, private: str, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "v1")
    assert alices.delete(f"{private}/manifests/{image.digest}").status == 202
    assert alices.get(f"{private}/manifests/{image.digest}").status == 404
    assert alices.get(f"{private}/manifests/v1").status == 404
    assert not ImageTag.objects.exists()


def test_it_refuses_to_delete_what_an_index_names(alices: Wire, private: str, alice: Caller, address: Address) -> None:
    child = push_image(alice, address)
    push_index(alice, address, "multi", [child])
    answer = alices.delete(f"{private}/manifests/{child.digest}")
    assert (answer.status, answer.code) == (403, "DENIED")
    assert alices.get(f"{private}/manifests/{child.digest}").status == 200


def test_it_works_under_several_tags_at_once(alices: Wire, private: str, content: bytes) -> None:
    digest = Digest.of(content, "sha512")
    answer = alices.put(f"{private}/manifests/{digest}?tag=1&tag=1.2&tag=latest&tag=1", content, OCI_MANIFEST)
    assert answer.status == 201
    assert set(answer.headers["OCI-Tag"].split(", ")) == {"1", "1.2", "latest"}
    assert alices.get(f"{private}/tags/list").json["tags"] == ["1", "1.2", "latest"]
    assert alices.head(f"{private}/manifests/latest").headers["Docker-Content-Digest"] == str(digest)


def test_it_refuses_all_tags_if_one_is_immutable(alices: Wire, alice: Caller) -> None:
    address = make_repository(alice, "team/fixed", image_tag_mutability="IMMUTABLE").address
    path = f"/v2/{addresses.path(address)}/manifests"
    push_image(alice, address, "v1")
    config = push_blob(alice, address, b"{}") | {"mediaType": OCI_CONFIG}
    content = manifest_bytes(config, [])
    answer = alices.put(f"{path}/{Digest.of(content)}?tag=new&tag=v1", content, OCI_MANIFEST)
    assert (answer.status, answer.code) == (400, "TAG_INVALID")
    assert alices.get(f"{path}/new").status == alices.get(f"{path}/{Digest.of(content)}").status == 404


@pytest.mark.parametrize(
    ("reference", "query", "status"),
    [
        ("digest", "tag=-x", 400),
        ("digest", "tag=", 400),
        ("v1", "tag=v2", 400),
        ("digest", "&".join(f"tag={number}" for number in range(101)), 414),
    ],
)
def test_it_refuses_parameters_that_are_no_tags(
    alices: Wire, private: str, content: bytes, reference: str, query: str, status: int
) -> None:
    place = reference.replace("digest", str(Digest.of(content)))
    answer = alices.put(f"{private}/manifests/{place}?{query}", content, OCI_MANIFEST)
    assert (answer.status, answer.code) == (status, "TAG_INVALID")
    assert not Image.objects.exists()


def test_what_is_archived_is_not_found_until_it_is_restored(
    alice: Caller, alices: Wire, private: str, address: Address
) -> None:
    """By tag and digest, GET and HEAD; a push of the same manifest brings it back."""
    image = push_image(alice, address, "1")
    content = alices.get(f"{private}/manifests/1").body
    archive.update(alice, address, Digest.parse(image.digest), None, "ARCHIVE")
    for reference in ("1", image.digest):
        answer = alices.get(f"{private}/manifests/{reference}")
        assert (answer.status, answer.code) == (404, "MANIFEST_UNKNOWN") and "archive" in answer.message
        assert alices.head(f"{private}/manifests/{reference}").status == 404
    assert alices.put(f"{private}/manifests/1", content, OCI_MANIFEST).status == 201
    assert alices.get(f"{private}/manifests/1").body == content
