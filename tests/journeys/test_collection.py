"""Two docker machines push and pull while collections run one after the other: nobody notices."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.clients import deployments, images, tenants
from tests.clients.dockerd import Dockerd
from tests.clients.engines import Engine
from tests.clients.server import Server
from tests.clients.tenants import USER, Tenant
from tests.faults.client import Registry

ROUNDS = 4
GRACE = 60
DOCKER = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"

BESIDE = """
import time
from pathlib import Path
from registry.core.collecting import collector
passes, gone = 0, {}
while not Path(stop).exists():
    run = collector.collect(walks=True)
    if run is not None:
        assert not run.problems, run.problems
        passes += 1
        for name, count in run.counts.items():
            gone[name] = gone.get(name, 0) + count
    time.sleep(0.2)
answer = [passes, gone]
"""
STATE = """
from registry.models import Blob, BlobLink, ImageBlob
from registry import storage
answer = [
    sorted(set(ImageBlob.objects.values_list("blob__digest", flat=True))),
    sorted(Blob.objects.values_list("digest", flat=True)),
    len(list(storage.default().keys())),
]
"""


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Server]:
    """A deployment of its own, where blobs have the shortest grace and deleted images go at once."""
    settings = {"KHO_BLOB_GRACE_SECONDS": str(GRACE), "KHO_UNDELETE_SECONDS": "0"}
    with deployments.database() as url:
        server = Server(tmp_path / "kho", url, settings)
        try:
            server.prepare()
            server.start()
            yield server
        finally:
            server.close()


@pytest.fixture
def owner(hasty: Server) -> Tenant:
    """Who pushes there."""
    return tenants.open_account(hasty, "alice", "111122223333", create_on_push=True)


def test_docker_pushes_and_pulls_beside_collections(
    machine: Callable[[str], Engine], hasty: Server, owner: Tenant, tmp_path: Path
) -> None:
    """Images of one layer set come, are pulled elsewhere, and are deleted, round after round."""
    here, there = machine("docker"), machine("docker")
    assert isinstance(here, Dockerd) and isinstance(there, Dockerd)
    for box in (here, there):
        box.login(hasty.host, USER, owner.password())
    stop = tmp_path / "stop"
    with ThreadPoolExecutor(1) as pool:
        beside = pool.submit(hasty.python, BESIDE, timeout=900, stop=str(stop))
        try:
            for number in range(ROUNDS):
                _push_pull_delete(here, there, Registry(owner, f"beside/{number % 2}"), str(number))
            last = owner.private("beside/last") + ":1"
            here.load(images.busybox_archive(), last)
            here.push(last)
            there.pull(last)
        finally:
            stop.touch()
        passes, gone = beside.result()
    assert passes > ROUNDS and gone["images"] == ROUNDS, gone
    said = hasty.manage("collect_garbage", "--grace", "0")
    needed, stored, objects = hasty.python(STATE)
    assert needed == stored and objects == len(stored), said
    there.remove(last)
    there.pull(last)
    assert "whole" in hasty.manage("verify_storage")


def _push_pull_delete(here: Dockerd, there: Dockerd, registry: Registry, tag: str) -> None:
    """One round of a tag."""
    reference = f"{registry.tenant.server.host}/{registry.name}:{tag}"
    here.load(images.busybox_archive(), reference)
    here.push(reference)
    there.pull(reference)
    assert there.image_id(reference) == here.image_id(reference)
    there.remove(reference)
    found = registry.ask("HEAD", f"{registry.base}/manifests/{tag}", Accept=DOCKER)
    digest = found.headers["docker-content-digest"]
    assert registry.ask("DELETE", f"{registry.base}/manifests/{digest}").status == 202
    assert not there.try_pull(reference)
