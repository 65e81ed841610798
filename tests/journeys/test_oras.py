"""Artifacts of any type, and what is attached to an image: signatures, SBOMs, and how they are found."""

from pathlib import Path

import pytest

from tests.clients import images
from tests.clients.oras import Oras
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant

SBOM = "application/spdx+json"
SIGNATURE = "application/vnd.dev.cosign.artifact.sig.v1+json"
PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


@pytest.fixture
def oras(tmp_path: Path, alice: Tenant) -> Oras:
    """oras, signed in as alice, with a few files to push."""
    signed_in = Oras(tmp_path / "alice")
    signed_in.login(alice.server.host, USER, alice.password())
    for name in ("notes.txt", "sbom.json", "signature.json", "config.json"):
        (signed_in.folder / name).write_text(f'{{"this is": "{name}"}}\n', encoding="utf-8")
    return signed_in


@pytest.mark.parametrize("is_public", [False, True], ids=["private", "public"])
def test_it_works_to_push_attach_discover_and_pull(is_public: bool, oras: Oras, alice: Tenant, tmp_path: Path) -> None:
    """An artifact without config, an SBOM and a signature attached to it, found again by type."""
    repository = alice.create_public("artifacts") if is_public else alice.private("oras/artifacts")
    subject = f"{repository}:1"
    oras.push(subject, "notes.txt:text/plain", options=("--artifact-type", "application/vnd.example.notes"))
    sbom = oras.attach(subject, SBOM, "sbom.json:application/spdx+json")
    signature = oras.attach(subject, SIGNATURE, f"signature.json:{PAYLOAD}")

    reader = oras
    if is_public:
        reader = Oras(tmp_path / "stranger")
    found = {row["digest"]: row["artifactType"] for row in reader.discover(subject)}
    assert found == {sbom: SBOM, signature: SIGNATURE}
    assert [row["digest"] for row in reader.discover(subject, "--artifact-type", SBOM)] == [sbom]
    reader.pull(subject, tmp_path / "notes")
    assert (tmp_path / "notes" / "notes.txt").read_bytes() == (oras.folder / "notes.txt").read_bytes()
    reader.pull(f"{repository}@{sbom}", tmp_path / "sbom")
    assert (tmp_path / "sbom" / "sbom.json").read_bytes() == (oras.folder / "sbom.json").read_bytes()


def test_it_works_with_a_signature_under_its_own_tag(oras: Oras, alice: Tenant, tmp_path: Path) -> None:
    """The older way of cosign: an image manifest under a tag made of the digest that it signs."""
    repository = alice.create_public("signed")
    skopeo = Skopeo(tmp_path / "skopeo")
    skopeo.login(alice.server.host, USER, alice.password())
    skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{repository}:1")
    tag = skopeo.digest(f"docker://{repository}:1").replace(":", "-") + ".sig"
    oras.push(f"{repository}:{tag}", f"signature.json:{PAYLOAD}", options=("--config", f"config.json:{CONFIG}"))

    manifest = Oras(tmp_path / "stranger").manifest(f"{repository}:{tag}")
    assert manifest["layers"][0]["mediaType"] == PAYLOAD
    assert skopeo.list_tags(repository) == ["1", tag]


def test_it_works_to_delete_what_is_attached(oras: Oras, alice: Tenant) -> None:
    """A deleted SBOM is no longer discovered; the artifact stays."""
    subject = alice.private("oras/deleted") + ":1"
    oras.push(subject, "notes.txt")
    sbom = oras.attach(subject, SBOM, "sbom.json")
    oras.oras("manifest", "delete", "--plain-http", "--force", f"{alice.private('oras/deleted')}@{sbom}")
    assert oras.discover(subject) == []
    assert oras.manifest(subject)["layers"]


def test_it_works_with_blobs_by_themselves(oras: Oras, alice: Tenant, tmp_path: Path) -> None:
    """A blob is pushed, fetched and deleted by its digest."""
    repository = alice.create_private("oras/blobs")
    descriptor = oras.oras("blob", "push", "--plain-http", "--descriptor", repository, "notes.txt")
    digest = descriptor.split('"digest":"')[1].split('"')[0]
    oras.oras("blob", "fetch", "--plain-http", "--output", str(tmp_path / "blob"), f"{repository}@{digest}")
    assert (tmp_path / "blob").read_bytes() == (oras.folder / "notes.txt").read_bytes()
    oras.oras("blob", "delete", "--plain-http", "--force", f"{repository}@{digest}")
    oras.oras.refused("blob", "fetch", "--plain-http", "--output", str(tmp_path / "gone"), f"{repository}@{digest}")


def test_it_refuses_strangers(alice: Tenant, charlie: Tenant, tmp_path: Path) -> None:
    """Wrong passwords, nobody, another account, and a name that is not there."""
    stranger = Oras(tmp_path / "stranger")
    (stranger.folder / "notes.txt").write_text("notes", encoding="utf-8")
    host, private = alice.server.host, alice.create_private("oras/guarded") + ":1"
    assert "unauthorized" in stranger.login_refused(host, USER, "not the password").lower()
    stranger.push_refused(private, "notes.txt")
    stranger.pull_refused(private)
    stranger.login(host, USER, charlie.password())
    assert "403" in stranger.push_refused(private, "notes.txt")
    said = stranger.push_refused(charlie.private("oras/missing") + ":1", "notes.txt")
    assert "does not exist in the registry with id '444455556666'" in said, said
