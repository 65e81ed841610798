"""Images travel by skopeo: in and out, whole indexes, other compressions, listing and deleting."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.clients import images, records
from tests.clients.processes import Client, CommandFailed, wait_for
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant

ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
# Without it skopeo may take another engine's compression of a layer, which it remembers for the whole machine.
EXACT = "--preserve-digests"


@pytest.fixture
def skopeo(tmp_path: Path, alice: Tenant) -> Skopeo:
    """skopeo, signed in as alice."""
    signed_in = Skopeo(tmp_path / "alice")
    signed_in.login(alice.server.host, USER, alice.password())
    return signed_in


def test_it_works_with_a_real_image_both_ways(skopeo: Skopeo, alice: Tenant, tmp_path: Path) -> None:
    """Debian goes into a private and a public repository and comes out again, byte for byte; it runs when unpacked."""
    layout = f"oci:{images.debian()}:1"
    private, public = alice.private("skopeo/debian") + ":1", alice.create_public("debian-skopeo") + ":1"
    skopeo.copy(layout, f"docker://{private}", EXACT)
    skopeo.copy(layout, f"docker://{public}", EXACT)
    digest = skopeo.digest(layout)
    assert skopeo.digest(f"docker://{private}") == digest

    stranger = Skopeo(tmp_path / "stranger")
    stranger.copy(f"docker://{public}", f"oci:{tmp_path / 'out'}:1", EXACT)
    assert stranger.digest(f"oci:{tmp_path / 'out'}:1") == digest
    stranger.copy_refused(f"docker://{private}", f"oci:{tmp_path / 'refused'}:1")
    skopeo.copy(f"docker://{private}", f"oci:{tmp_path / 'private'}:1", EXACT)
    assert skopeo.digest(f"oci:{tmp_path / 'private'}:1") == digest

    Client("umoci")("unpack", "--image", f"{tmp_path / 'out'}:1", str(tmp_path / "bundle"))
    assert Client("chroot")(str(tmp_path / "bundle" / "rootfs"), "cat", "/etc/debian_version").startswith("12.")
    wait_for("the pull is counted", lambda: records.read(alice, "debian-skopeo", public=True).pulls == 1)
    found = records.read(alice, "debian-skopeo", public=True)
    assert found.pulls_by_digest == {digest: 1}
    assert any(name == "BatchGetImage" and arn == "" and "skopeo" in client for name, arn, client in found.audit)


def test_it_works_between_two_repositories(skopeo: Skopeo, alice: Tenant) -> None:
    """A copy inside the registry arrives with the same digest."""
    source, target = alice.private("skopeo/source") + ":1", alice.create_public("skopeo-target") + ":1"
    skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{source}")
    skopeo.copy(f"docker://{source}", f"docker://{target}", EXACT)
    assert skopeo.digest(f"docker://{target}") == skopeo.digest(f"docker://{source}")


def test_it_works_with_an_index_of_two_platforms(skopeo: Skopeo, alice: Tenant, tmp_path: Path) -> None:
    """The index and both its images travel, and each platform is found in it; pulls count for the index alone."""
    public = alice.create_public("two-platforms") + ":1"
    skopeo.copy(f"oci:{images.two_platforms()}:1", f"docker://{public}", "--all", EXACT)
    index = skopeo.digest(f"docker://{public}")
    assert index == skopeo.digest(f"oci:{images.two_platforms()}:1")

    stranger = Skopeo(tmp_path / "stranger")
    stranger.copy(f"docker://{public}", f"oci:{tmp_path / 'all'}:1", "--all", EXACT)
    wait_for("the pull is counted", lambda: records.read(alice, "two-platforms", public=True).pulls > 0)
    assert records.read(alice, "two-platforms", public=True).pulls_by_digest[index] >= 1
    for architecture in ("amd64", "arm64"):
        choose = f"--override-arch={architecture}"
        layout = f"oci:{tmp_path / architecture}:1"
        stranger.skopeo(choose, "copy", "--src-tls-verify=false", f"docker://{public}", layout)
        assert stranger.inspect(layout)["Architecture"] == architecture
    found = records.read(alice, "two-platforms", public=True).pulls_by_digest
    assert all(pulls == 0 for digest, pulls in found.items() if digest != index)


def test_it_works_when_several_push_the_same_at_once(skopeo: Skopeo, alice: Tenant, tmp_path: Path) -> None:
    """Clients that race for one new repository, the same blobs and one tag all succeed."""
    layout = images.fresh(tmp_path / "fresh")
    private = alice.private("skopeo/raced") + ":1"
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: skopeo.copy(f"oci:{layout}:1", f"docker://{private}", EXACT), range(6)))
    skopeo.copy(f"docker://{private}", f"oci:{tmp_path / 'back'}:1", EXACT)
    assert skopeo.digest(f"oci:{tmp_path / 'back'}:1") == skopeo.digest(f"oci:{layout}:1")
    history = records.read(alice, "skopeo/raced", public=False).tag_history
    assert [row[:2] for row in history] == [["1", "created"]]


@pytest.mark.parametrize("form", ["v2s2", "oci"])
def test_it_works_in_both_formats(form: str, skopeo: Skopeo, alice: Tenant) -> None:
    """Docker schema 2 and OCI manifests are kept as they were sent."""
    private = alice.private(f"skopeo/{form}") + ":1"
    skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{private}", f"--format={form}")
    media_type = skopeo.inspect(f"docker://{private}", "--raw")["config"]["mediaType"]
    assert media_type.startswith("application/vnd.docker" if form == "v2s2" else "application/vnd.oci")


def test_it_works_with_zstd_layers(skopeo: Skopeo, alice: Tenant, tmp_path: Path) -> None:
    """Layers compressed by zstd are pushed and pulled like others."""
    private = alice.private("skopeo/zstd") + ":1"
    layout = images.fresh(tmp_path / "fresh")
    archive = f"docker-archive:{tmp_path / 'fresh.tar'}"
    skopeo.copy(f"oci:{layout}:1", f"{archive}:fresh:1")
    skopeo.copy(archive, f"docker://{private}", "--format=oci", "--dest-compress-format=zstd")
    (layer,) = skopeo.inspect(f"docker://{private}", "--raw")["layers"]
    assert layer["mediaType"] == ZSTD
    skopeo.copy(f"docker://{private}", f"oci:{tmp_path / 'back'}:1", EXACT)
    assert skopeo.digest(f"oci:{tmp_path / 'back'}:1") == skopeo.digest(f"docker://{private}")


def test_it_works_to_list_inspect_and_delete(skopeo: Skopeo, alice: Tenant) -> None:
    """Tags are listed in order, an image is described, and a deleted one is gone with its tags."""
    repository = alice.private("skopeo/listed")
    for tag in ("b", "a", "C.1"):
        skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{repository}:{tag}")
    assert skopeo.list_tags(repository) == ["C.1", "a", "b"]
    described = skopeo.inspect(f"docker://{repository}:a")
    assert (described["Os"], described["Architecture"]) == ("linux", "amd64")
    assert described["Labels"] == {"org.opencontainers.image.title": "busybox"}
    assert described["RepoTags"] == ["C.1", "a", "b"]

    skopeo.delete(f"{repository}:a")
    assert skopeo.list_tags(repository) == []
    with pytest.raises(CommandFailed, match=r"(?i)manifest.unknown|not found"):
        skopeo.inspect(f"docker://{repository}:b")
    history = records.read(alice, "skopeo/listed", public=False).tag_history
    assert sorted(tag for tag, kind, _, _ in history if kind == "deleted") == ["C.1", "a", "b"]


def test_it_refuses_strangers(alice: Tenant, charlie: Tenant, tmp_path: Path) -> None:
    """Wrong passwords, nobody, and another account."""
    host = alice.server.host
    existing = alice.create_private("skopeo/guarded")
    stranger = Skopeo(tmp_path / "stranger")
    assert "invalid username/password" in stranger.login_refused(host, USER, "not the password")
    stranger.copy_refused(f"oci:{images.busybox()}:1", f"docker://{existing}:1")
    stranger.login(host, USER, charlie.password())
    said = stranger.copy_refused(f"oci:{images.busybox()}:1", f"docker://{existing}:1")
    assert "403 (Forbidden)" in said, said
    missing = charlie.private("skopeo/missing")
    said = stranger.copy_refused(f"oci:{images.busybox()}:1", f"docker://{missing}:1")
    assert "name unknown" in said or "does not exist in the registry" in said, said
