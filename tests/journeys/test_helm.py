"""A chart is made, pushed, pulled and shown by Helm."""

import hashlib
from pathlib import Path

from tests.clients import records
from tests.clients.helm import Helm
from tests.clients.processes import wait_for
from tests.clients.tenants import USER, Tenant


def sha256(path: Path) -> str:
    """The digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_it_works_with_a_private_and_a_public_chart(alice: Tenant, tmp_path: Path) -> None:
    """The package comes back byte for byte, the public one without a login."""
    public = alice.create_public("charts/web").removesuffix("/web")
    private = alice.private("charts")
    here, there = Helm(tmp_path / "here"), Helm(tmp_path / "there")
    package = here.chart("web", "1.2.3")
    here.login(alice.server.host, USER, alice.password())
    here.push(package, private)
    here.push(package, public)

    assert sha256(there.pull(f"{public}/web", "1.2.3", tmp_path / "public")) == sha256(package)
    there.pull_refused(f"{private}/web", "1.2.3")
    shown = there.show_chart(f"{public}/web", "1.2.3")
    assert "name: web" in shown
    assert "version: 1.2.3" in shown

    there.login(alice.server.host, alice.key_id, alice.secret)
    assert sha256(there.pull(f"{private}/web", "1.2.3", tmp_path / "private")) == sha256(package)
    # Helm reads the manifest once by itself when it pushes.
    wait_for("the pull is counted", lambda: records.read(alice, "charts/web", public=False).pulls == 2)
    assert [row[:2] for row in records.read(alice, "charts/web", public=False).tag_history] == [["1.2.3", "created"]]


def test_it_works_with_a_version_that_a_tag_cannot_hold(alice: Tenant, tmp_path: Path) -> None:
    """Helm writes the plus sign of a version as an underscore, and finds the newest version by listing the tags."""
    helm = Helm(tmp_path / "helm")
    helm.login(alice.server.host, USER, alice.password())
    private = alice.private("charts")
    for version in ("0.9.0", "0.10.0+build.5"):
        helm.push(helm.chart("plus", version), private)
    assert "version: 0.10.0+build.5" in helm.helm("show", "chart", "--plain-http", f"oci://{private}/plus")


def test_it_refuses_strangers(alice: Tenant, charlie: Tenant, tmp_path: Path) -> None:
    """Wrong passwords, nobody, another account, and a name that is not there."""
    helm = Helm(tmp_path / "helm")
    package = helm.chart("web", "1.0.0")
    host = alice.server.host
    assert "unauthorized" in helm.login_refused(host, USER, "not the password").lower()
    helm.push_refused(package, alice.private("charts"))
    helm.login(host, USER, charlie.password())
    assert "403" in helm.push_refused(package, alice.private("charts"))
    assert "404" in helm.push_refused(package, charlie.private("charts"))
