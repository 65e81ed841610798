"""A real Debian image goes from one machine to another through a private and a public repository, with each engine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients import images, records
from tests.clients.containerd import Containerd
from tests.clients.engines import Engine
from tests.clients.processes import wait_for
from tests.clients.tenants import USER, Tenant
from tests.journeys.conftest import ENGINES

Machines = Callable[[str], Engine]


@pytest.mark.parametrize("engine", ENGINES)
def test_it_works_from_push_to_a_running_container(engine: str, machine: Machines, alice: Tenant) -> None:
    """Private with a password, public without any, and the same image each time."""
    private = alice.private(f"team/{engine}") + ":1"
    public = alice.create_public(f"debian-{engine}") + ":1"
    here, there = machine(engine), machine(engine)
    here.load(images.debian_archive(), private, public)
    image_id = here.image_id(private)

    here.login(alice.server.host, USER, alice.password())
    here.push(private)
    here.push(public)

    there.pull(public)
    assert there.image_id(public) == image_id
    assert there.run(public, "cat", "/etc/debian_version").startswith("12.")
    there.pull_refused(private)

    there.remove(public)
    there.login(alice.server.host, USER, alice.password())
    there.pull(private)
    assert there.image_id(private) == image_id
    assert there.run(private, "cat", "/etc/debian_version").startswith("12.")

    assert_recorded(alice, f"team/{engine}", public=False)
    assert_recorded(alice, f"debian-{engine}", public=True)


def assert_recorded(owner: Tenant, repository: str, *, public: bool) -> None:
    """One push and one pull of the tag `1` have left what they should."""
    wait_for(f"the pull of {repository} is counted", lambda: records.read(owner, repository, public=public).pulls > 0)
    found = records.read(owner, repository, public=public)
    assert found.pulls == 1
    assert sum(found.pulls_by_digest.values()) == 1
    assert found.pulls_by_tag == {"1": 1}
    assert [bool(found.last_pulls[digest]) for digest, pulls in found.pulls_by_digest.items() if pulls] == [True]
    user = f"arn:aws:iam::{owner.account_id}:user/{owner.name}"
    ((tag, kind, digest, who),) = found.tag_history
    assert (tag, kind, who) == ("1", "created", user)
    assert digest in found.pulls_by_digest
    assert {"CreateRepository", "PutImage", "BatchGetImage"} <= found.actions()
    assert "PutImage" in found.actions(user)
    assert "BatchGetImage" in found.actions("" if public else user)


@pytest.mark.parametrize("engine", ENGINES)
def test_it_refuses_strangers(engine: str, machine: Machines, alice: Tenant, charlie: Tenant) -> None:
    """Nobody pushes without a login, with a wrong password or into another's account."""
    host = alice.server.host
    private = alice.private(f"guarded/{engine}") + ":1"
    public = alice.create_public(f"guarded-{engine}") + ":1"
    box = machine(engine)
    box.load(images.busybox_archive(), private, public)

    said = box.login_refused(host, USER, "not the password")
    assert "401" in said or "nauthorized" in said or "invalid username/password" in said
    box.push_refused(private)
    box.push_refused(public)

    box.login(host, USER, charlie.password())
    box.push_refused(private)
    box.push_refused(public)
    box.pull_refused(private)


@pytest.mark.parametrize("engine", ENGINES)
def test_it_refuses_a_push_to_a_name_that_is_not_there(engine: str, machine: Machines, charlie: Tenant) -> None:
    """Without a creation template a private repository is made before the push."""
    missing = charlie.private(f"missing/{engine}") + ":1"
    box = machine(engine)
    box.load(images.busybox_archive(), missing)
    box.login(charlie.server.host, USER, charlie.password())
    said = box.push_refused(missing)
    assert "does not exist in the registry" in said or "404" in said, said

    charlie.create_private(f"missing/{engine}")
    box.push(missing)


def test_it_works_through_the_hosts_folder_of_containerd(tmp_path: Path, machine: Machines, alice: Tenant) -> None:
    """Nodes are usually told by a folder how a registry is reached."""
    public = alice.create_public("through-hosts") + ":1"
    source = machine("containerd")
    source.load(images.busybox_archive(), public)
    source.login(alice.server.host, USER, alice.password())
    source.push(public)

    node = machine("containerd")
    assert isinstance(node, Containerd)
    settings = tmp_path / "hosts" / alice.server.host
    settings.mkdir(parents=True)
    (settings / "hosts.toml").write_text(f'server = "http://{alice.server.host}"\n', encoding="utf-8")
    node.pull_through(tmp_path / "hosts", public)
    assert node.run(public, "/bin/cat", "/etc/architecture") == "amd64"
