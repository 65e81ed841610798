"""Listing what is attached to an image: all, by type, page by page."""

import pytest

from accounts.caller import Caller
from registry.core import addresses
from registry.models import Image
from registry.oci.views import referrers
from registry.values import Address, Digest
from tests.factories.registry import OCI_INDEX, OCI_MANIFEST, push_image, push_index
from tests.registry.oci.wire import Wire

SBOM, SIGNATURE = "application/spdx+json", "application/vnd.example.signature"


def attach(caller: Caller, address: Address, subject: str, artifact_type: str) -> Image:
    """Push a manifest about `subject`."""
    named = {"mediaType": OCI_MANIFEST, "digest": subject, "size": 2}
    annotations = {"org.example.by": "alice"}
    return push_image(caller, address, subject=named, artifactType=artifact_type, annotations=annotations)


@pytest.fixture
def subject(alice: Caller, address: Address) -> str:
    """The digest of an image."""
    return push_image(alice, address, "v1").digest


@pytest.fixture
def attached(alice: Caller, address: Address, subject: str) -> list[Image]:
    """Three manifests about it, by digest."""
    made = [attach(alice, address, subject, kind) for kind in (SBOM, SIGNATURE, SBOM)]
    return sorted(made, key=lambda image: image.digest)


def test_it_works_as_an_index(alices: Wire, private: str, subject: str, attached: list[Image]) -> None:
    answer = alices.get(f"{private}/referrers/{subject}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, OCI_INDEX)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert {key: answer.json[key] for key in ("schemaVersion", "mediaType")} == {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
    }
    assert answer.json["manifests"] == [
        {
            "mediaType": OCI_MANIFEST,
            "digest": image.digest,
            "size": image.manifest_size,
            "artifactType": image.artifact_type,
            "annotations": {"org.example.by": "alice"},
        }
        for image in attached
    ]
    assert "OCI-Filters-Applied" not in answer.headers


def test_it_works_by_type(alices: Wire, private: str, subject: str, attached: list[Image]) -> None:
    answer = alices.get(f"{private}/referrers/{subject}?artifactType=application/spdx%2Bjson")
    expected = [image.digest for image in attached if image.artifact_type == SBOM]
    assert [entry["digest"] for entry in answer.json["manifests"]] == expected
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"
    answer = alices.get(f"{private}/referrers/{subject}?artifactType=no/such")
    assert answer.json["manifests"] == []
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"


@pytest.mark.parametrize("query", ["", "&artifactType=application/spdx%2Bjson"])
def test_it_works_page_by_page(
    alices: Wire, private: str, subject: str, attached: list[Image], monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(referrers, "LARGEST_PAGE", 1)
    found: list[str] = []
    path = f"{private}/referrers/{subject}?x=y{query}"
    while path:
        answer = alices.get(path)
        (entry,) = answer.json["manifests"]
        found.append(entry["digest"])
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert found == [image.digest for image in attached if not query or image.artifact_type == SBOM]


def test_it_works_without_referrers(alices: Wire, private: str) -> None:
    answer = alices.get(f"{private}/referrers/{Digest.of(b'nothing')}")
    assert (answer.status, answer.json["manifests"]) == (200, [])


def test_it_works_before_the_subject_is_there(alices: Wire, private: str, alice: Caller, address: Address) -> None:
    later = str(Digest.of(b"later", "sha512"))
    image = attach(alice, address, later, SBOM)
    (entry,) = alices.get(f"{private}/referrers/{later}").json["manifests"]
    assert entry["digest"] == image.digest


def test_it_works_without_what_was_deleted(alices: Wire, private: str, subject: str, attached: list[Image]) -> None:
    assert alices.delete(f"{private}/manifests/{attached[0].digest}").status == 202
    left = alices.get(f"{private}/referrers/{subject}").json["manifests"]
    assert [entry["digest"] for entry in left] == [image.digest for image in attached[1:]]


def test_it_works_for_anyone_of_a_public_repository(nobodys: Wire, public: str) -> None:
    assert nobodys.get(f"{public}/referrers/{Digest.of(b'x')}").headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("digest", ["latest", "sha256:1"])
def test_it_refuses_what_is_no_digest(alices: Wire, private: str, digest: str) -> None:
    answer = alices.get(f"{private}/referrers/{digest}")
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")


def test_it_refuses_a_repository_that_does_not_exist(alices: Wire, absent: Address) -> None:
    answer = alices.get(f"/v2/{addresses.path(absent)}/referrers/{Digest.of(b'x')}")
    assert (answer.status, answer.code) == (404, "NAME_UNKNOWN")


def test_it_works_for_an_index_that_says_nothing_of_itself(
    alices: Wire, private: str, subject: str, alice: Caller, address: Address
) -> None:
    named = {"mediaType": OCI_MANIFEST, "digest": subject, "size": 2}
    index = push_index(alice, address, "about", [push_image(alice, address)], subject=named)
    (entry,) = alices.get(f"{private}/referrers/{subject}").json["manifests"]
    assert entry == {"mediaType": OCI_INDEX, "digest": index.digest, "size": index.manifest_size}
