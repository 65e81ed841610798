"""The production shape of docker-compose.yml on this machine: two others push and pull while nodes come and go.

Gateway (nginx, TLS), two web nodes, task workers, drainer, beat, PostgreSQL, Redis and an S3 server.
"""

import http.client
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.deploy.topology import Topology
from tests.clients import images
from tests.clients.dockerd import Dockerd
from tests.clients.processes import wait_for
from tests.clients.tenants import USER

ACCOUNT = "111122223333"


@dataclass(frozen=True, slots=True)
class Deployment:
    """A running topology, and the password of its one user."""

    topology: Topology
    password: str

    def private(self, name: str) -> str:
        """A private repository's reference; it is made if it is not there."""
        return f"{self.topology.host}/{self.topology.manage('create_repository', ACCOUNT, name)}"

    def public(self, name: str) -> str:
        """A public repository's reference."""
        return f"{self.topology.host}/{self.topology.manage('create_repository', '--public', ACCOUNT, name)}"

    def ask(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        """Ask the gateway as nobody."""
        host, port = self.topology.host.split(":")
        connection = http.client.HTTPSConnection(host, int(port), context=self.topology.trusting(), timeout=30)
        connection.request(method, path)
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        body = answer.read()
        connection.close()
        return answer.status, headers, body

    def pulls(self, name: str) -> int:
        """How often a repository's images were pulled, as far as it is counted."""
        code = (
            "from registry.models import Repository; "
            f"print(Repository.objects.get(name={name!r}, deleted_at=None).pull_count)"
        )
        return int(self.topology.manage("shell", "--verbosity", "0", "--command", code).splitlines()[-1])


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """All of it, in a folder with a short name that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="kho-p"))
    topology = Topology(folder)
    try:
        topology.start()
        topology.manage("create_account", "Alice", "--id", ACCOUNT)
        topology.manage("create_user", ACCOUNT, "alice", "--policy", "AdministratorAccess")
        password = topology.manage("registry_password", ACCOUNT, "--user", "alice").splitlines()[-1]
        yield Deployment(topology, password)
    finally:
        topology.end()
        shutil.rmtree(folder)


@pytest.fixture
def machines(deployment: Deployment) -> Iterator[tuple[Dockerd, Dockerd]]:
    """Two machines that have signed in."""
    with tempfile.TemporaryDirectory(prefix="kho-") as folder, ExitStack() as started:
        pair = [Dockerd(Path(folder) / name) for name in ("a", "b")]
        for each in pair:
            started.callback(each.close)
            each.login(deployment.topology.host, USER, deployment.password)
        yield pair[0], pair[1]


def pull_and_forget(machine: Dockerd, reference: str) -> str:
    """Pull an image that is not there, and return its id."""
    machine.pull(reference)
    image_id = machine.image_id(reference)
    machine.remove(reference)
    return image_id


@contextmanager
def pulling(machines: tuple[Dockerd, ...], reference: str) -> Iterator[list[str]]:
    """Let machines pull again and again; what they got, by id, is complete when the block is left. A failure raises."""
    stop, got = threading.Event(), list[str]()

    def work(machine: Dockerd) -> None:
        while not stop.is_set():
            got.append(pull_and_forget(machine, reference))

    with ThreadPoolExecutor(len(machines)) as threads:
        working: list[Future[None]] = [threads.submit(work, machine) for machine in machines]
        try:
            yield got
        finally:
            stop.set()
    for each in working:
        each.result()


def test_it_works_between_two_machines(deployment: Deployment, machines: tuple[Dockerd, Dockerd]) -> None:
    here, there = machines
    for reference in (deployment.private("team/app") + ":1", deployment.public("app") + ":1"):
        here.load(images.debian_archive(), reference)
        here.push(reference)
        there.pull(reference)
        assert there.image_id(reference) == here.image_id(reference)
        assert "PRETTY_NAME" in there.run(reference, "cat", "/etc/os-release")
    there.logout(deployment.topology.host)
    there.remove(reference)
    there.pull(reference)
    wait_for("the first pull is counted", lambda: deployment.pulls("team/app") == 1, seconds=10)


def test_it_works_in_the_browser_s_protocol(deployment: Deployment) -> None:
    status, headers, body = deployment.ask("GET", "/")
    assert status == 200 and b"/static/css/kho." in body, "static files have names of their content"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert deployment.ask("GET", "/readyz")[0] == 200
    assert deployment.ask("GET", "/_kho/blobs/ab/abcd")[0] == 404, "the internal location is not to be had"
    assert deployment.ask("PUT", "/kho-blobs/blobs/ab/abcd")[0] == 403


def test_early_answers_are_counted_and_revoked(deployment: Deployment, machines: tuple[Dockerd, Dockerd]) -> None:
    reference = deployment.public("early")
    machines[0].load(images.busybox_archive(), f"{reference}:1")
    machines[0].push(f"{reference}:1")
    place = "/v2/" + reference.partition("/")[2]
    digest = deployment.ask("HEAD", f"{place}/manifests/1")[1]["docker-content-digest"]
    answers = [deployment.ask("GET", f"{place}/manifests/{digest}") for _ in range(50)]
    assert {status for status, _, _ in answers} == {200} and len({body for _, _, body in answers}) == 1
    assert len({headers["x-request-id"] for _, headers, _ in answers}) == 50
    edge = list((deployment.topology.data / "spool").glob("edge-*.jsonl"))
    assert edge and edge[0].read_text(encoding="utf-8").count(digest) > 20, "most came from the gateway's cache"
    wait_for("each pull is counted once", lambda: deployment.pulls("early") == 50, seconds=12)
    deployment.topology.manage("delete_repository", "--public", "--force", ACCOUNT, "early")
    deleted = time.monotonic()
    while deployment.ask("GET", f"{place}/manifests/{digest}")[0] == 200:
        assert time.monotonic() - deleted < 5
        time.sleep(0.1)
    assert deployment.ask("GET", f"{place}/manifests/{digest}")[0] == 404


@pytest.mark.parametrize("kind", ["private", "public"])
def test_no_pull_fails_when_a_web_node_is_killed(
    deployment: Deployment, machines: tuple[Dockerd, Dockerd], kind: str
) -> None:
    make: dict[str, Callable[[str], str]] = {"private": deployment.private, "public": deployment.public}
    reference = make[kind](f"killed-{kind}") + ":1"
    machines[0].load(images.busybox_archive(), reference)
    machines[0].push(reference)
    expected = machines[0].image_id(reference)
    machines[0].remove(reference)
    topology = deployment.topology
    with pulling(machines, reference) as got:
        for node in ("web-1", "web-2"):
            before = len(got)
            wait_for("some pulls", lambda enough=before + 3: len(got) >= enough, seconds=60)  # type: ignore[misc]
            topology.kill9(node)
            wait_for("pulls without the node", lambda enough=before + 8: len(got) >= enough, seconds=60)  # type: ignore[misc]
            topology.start_service(node)
    assert set(got) == {expected}


def test_no_pull_and_no_push_fails_during_a_rolling_restart(
    deployment: Deployment, machines: tuple[Dockerd, Dockerd]
) -> None:
    pulled, pushed = deployment.private("rolled/pulled") + ":1", deployment.private("rolled/pushed")
    pusher, puller = machines
    pusher.load(images.busybox_archive(), pulled)
    pusher.push(pulled)
    expected = pusher.image_id(pulled)
    with ThreadPoolExecutor(1) as thread, pulling((puller,), pulled) as got:
        stop = threading.Event()

        def push() -> int:
            count = 0
            while not stop.is_set():
                count += 1
                pusher.docker("tag", pulled, f"{pushed}:{count}")
                pusher.push(f"{pushed}:{count}")
            return count

        pushing = thread.submit(push)
        wait_for("some pulls", lambda: len(got) >= 2, seconds=60)
        deployment.topology.roll()
        stop.set()
        last = pushing.result()
    assert set(got) == {expected} and last > 1
    assert pull_and_forget(puller, f"{pushed}:{last}") == expected
