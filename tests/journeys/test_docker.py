"""What people do with docker besides a plain push and pull: builds, both kinds of login, logins that ran out."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.clients import images, records
from tests.clients.dockerd import Dockerd
from tests.clients.processes import wait_for
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant

DOCKERFILE = """\
FROM {base}
COPY greeting /srv/greeting
RUN ["/bin/busybox", "sh", "-c", "echo built > /srv/built"]
"""


@pytest.fixture
def dockerd(short_path: Path) -> Iterator[Callable[[], Dockerd]]:
    """Call it to get an empty docker machine."""
    numbers = count(1)
    with ExitStack() as machines:

        def start() -> Dockerd:
            started = Dockerd(short_path / f"d{next(numbers)}")
            machines.callback(started.close)
            return started

        yield start


@pytest.mark.parametrize("buildkit", ["0", "1"])
def test_it_works_to_build_on_a_pulled_image(
    buildkit: str, dockerd: Callable[[], Dockerd], alice: Tenant, tmp_path: Path
) -> None:
    """A build pulls its base, adds layers, and the result runs elsewhere; the login is an access key."""
    here, there = dockerd(), dockerd()
    base = alice.private(f"base-{buildkit}") + ":1"
    built = alice.private(f"apps/built-{buildkit}") + ":2"
    here.load(images.busybox_archive(), base)
    here.login(alice.server.host, alice.key_id, alice.secret)
    here.push(base)
    here.remove(base)

    context = tmp_path / "context"
    context.mkdir()
    (context / "greeting").write_text("good day\n", encoding="utf-8")
    (context / "Dockerfile").write_text(DOCKERFILE.format(base=base), encoding="utf-8")
    here.docker.env["DOCKER_BUILDKIT"] = buildkit
    options = ("--build-arg", "BUILDKIT_INLINE_CACHE=1") if buildkit == "1" else ()
    here.docker("build", "--network=none", *options, "--tag", built, str(context))
    here.push(built)

    there.login(alice.server.host, alice.key_id, alice.secret)
    there.pull(built)
    assert there.image_id(built) == here.image_id(built)
    assert there.run(built, "/bin/cat", "/srv/greeting", "/srv/built") == "good day\nbuilt"
    if buildkit == "1":
        there.docker.env["DOCKER_BUILDKIT"] = "1"
        again = ("--network=none", "--progress=plain", "--cache-from", built, "--tag", "again")
        said = there.docker.attempt("build", *again, str(context)).stderr
        assert "CACHED" in said, said


def test_it_works_to_pull_by_digest(dockerd: Callable[[], Dockerd], alice: Tenant) -> None:
    """The digest that a push prints names the same image everywhere."""
    box = dockerd()
    reference = alice.create_public("by-digest")
    box.load(images.busybox_archive(), f"{reference}:1", f"{reference}:newest")
    box.login(alice.server.host, USER, alice.password())
    said = box.docker("push", "--all-tags", reference)
    (digest,) = set(re.findall(r"digest: (sha256:[0-9a-f]{64})", said))

    other = dockerd()
    other.pull(f"{reference}@{digest}")
    other.pull(f"{reference}:newest")
    assert other.image_id(f"{reference}@{digest}") == box.image_id(f"{reference}:1")
    inspected = other.docker("manifest", "inspect", "--insecure", f"{reference}:1")
    assert "vnd.docker.distribution.manifest.v2+json" in inspected


def test_it_works_with_an_image_for_several_platforms(
    dockerd: Callable[[], Dockerd], alice: Tenant, tmp_path: Path
) -> None:
    """Each machine takes its platform from an index, anonymously, and that is one pull, of the index."""
    public = alice.create_public("docker-platforms") + ":1"
    skopeo = Skopeo(tmp_path)
    skopeo.login(alice.server.host, USER, alice.password())
    skopeo.copy(f"oci:{images.two_platforms()}:1", f"docker://{public}", "--all")

    box = dockerd()
    box.pull(public)
    assert box.run(public, "/bin/cat", "/etc/architecture") == "amd64"
    other = dockerd()
    other.docker("pull", "--quiet", "--platform=linux/arm64", public)
    assert other.docker("image", "inspect", "--format", "{{.Architecture}}", public) == "arm64"
    wait_for("both pulls are counted", lambda: records.read(alice, "docker-platforms", public=True).pulls == 2)
    found = records.read(alice, "docker-platforms", public=True)
    counted = {digest: pulls for digest, pulls in found.pulls_by_digest.items() if pulls}
    assert counted == {skopeo.digest(f"docker://{public}"): 2}
    assert found.pulls_by_tag == {"1": 2}


def test_it_refuses_wrong_credentials(dockerd: Callable[[], Dockerd], alice: Tenant, charlie: Tenant) -> None:
    """Each kind of wrong login is answered as such."""
    box = dockerd()
    host = alice.server.host
    for user, password in (
        (USER, "not the password"),
        (USER, alice.expired_password()),
        (alice.key_id, charlie.secret),
        ("AKIAAAAAAAAAAAAAAAAA", alice.secret),
        ("alice", alice.password()),
    ):
        assert "unauthorized" in box.login_refused(host, user, password)


def test_it_refuses_private_names_with_a_login_that_ran_out_and_still_pulls_public_ones(
    dockerd: Callable[[], Dockerd], alice: Tenant
) -> None:
    """An old login in the settings of docker never blocks what anyone may pull."""
    here, there = dockerd(), dockerd()
    private, public = alice.private("ran-out") + ":1", alice.create_public("ran-out") + ":1"
    here.load(images.busybox_archive(), private, public)
    here.login(alice.server.host, USER, alice.password())
    here.push(private)
    here.push(public)

    there.remember(alice.server.host, USER, alice.expired_password())
    there.pull(public)
    assert there.run(public, "/bin/cat", "/etc/architecture") == "amd64"
    there.pull_refused(private)
    there.docker("tag", public, private)
    there.push_refused(private)
    there.push_refused(public)


def test_it_refuses_anonymous_and_foreign_pushes_in_words(
    dockerd: Callable[[], Dockerd], alice: Tenant, charlie: Tenant
) -> None:
    """What docker prints says what is wrong: no login, no right, no such repository."""
    box = dockerd()
    existing, missing = alice.create_private("in-words"), charlie.private("in-words")
    box.load(images.busybox_archive(), f"{existing}:1", f"{missing}:1")
    said = box.push_refused(f"{existing}:1")
    assert "unauthorized" in said or "no basic auth credentials" in said or "authentication required" in said, said

    box.login(alice.server.host, USER, charlie.password())
    said = box.push_refused(f"{existing}:1")
    assert "denied" in said, said
    said = box.push_refused(f"{missing}:1")
    assert "The repository with name 'in-words' does not exist in the registry with id '444455556666'" in said, said
    box.logout(alice.server.host)
    box.push_refused(f"{missing}:1")


def test_it_refuses_a_push_to_a_public_name_that_is_not_there(dockerd: Callable[[], Dockerd], alice: Tenant) -> None:
    """Nothing becomes public by a push, template or not."""
    box = dockerd()
    missing = alice.create_public("is-there").replace("is-there", "is-not-there") + ":1"
    box.load(images.busybox_archive(), missing)
    box.login(alice.server.host, USER, alice.password())
    said = box.push_refused(missing)
    assert "does not exist in the registry" in said, said


def test_it_refuses_who_was_disabled(dockerd: Callable[[], Dockerd], dave: Tenant) -> None:
    """Key, password and what they were exchanged for end within five seconds, whoever remembers them."""
    box, host, manage = dockerd(), dave.server.host, dave.server.manage
    mine = dave.private("mine") + ":1"
    password = dave.password()
    box.load(images.busybox_archive(), mine)
    box.login(host, dave.key_id, dave.secret)
    box.push(mine)

    manage("set_access_key_status", dave.key_id, "Inactive")
    wait_for(
        "the key is refused", lambda: "unauthorized" in box.attempt_login(host, dave.key_id, dave.secret), seconds=5
    )
    wait_for("pulls are refused", lambda: not box.try_pull(mine), seconds=5)
    box.login(host, USER, password)
    box.pull(mine)

    manage("disable_principal", dave.account_id, "--user", dave.name)
    wait_for("the password is refused", lambda: "unauthorized" in box.attempt_login(host, USER, password), seconds=5)
    wait_for("pulls are refused", lambda: not box.try_pull(mine), seconds=5)
    box.push_refused(mine)
