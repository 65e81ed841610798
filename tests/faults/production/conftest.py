"""One production deployment for all these tests; whatever a test has killed runs again before the next one."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from config.deploy.topology import Topology
from tests.clients.ready import Ready
from tests.clients.server import PROJECT
from tests.faults.disk import SmallDisk
from tests.faults.production.checker import Checker
from tests.faults.production.client import PatientClient

ACCOUNT = "111122223333"
IS_LONG = os.environ.get("KHO_FAULTS") == "long"
numbers = count(1)


@pytest.fixture(scope="session")
def parts() -> Iterator[SmallDisk]:
    """The disk on which the web nodes collect parts of uploads."""
    disk = SmallDisk(Path(tempfile.mkdtemp(prefix="kho-d")))
    yield disk
    disk.close()
    disk.folder.rmdir()


@pytest.fixture(scope="session")
def deployed(parts: SmallDisk) -> Iterator[Topology]:
    """All of it. A writer that is gone is waited for two seconds only."""
    folder = Path(tempfile.mkdtemp(prefix="kho-f"))
    topology = Topology(folder, settings={"KHO_UPLOAD_CLAIM_SECONDS": "2", "TMPDIR": str(parts.folder)})
    try:
        topology.start()
        topology.manage("create_account", "Alice", "--id", ACCOUNT)
        topology.manage("create_user", ACCOUNT, "alice", "--policy", "AdministratorAccess")
        yield topology
    finally:
        topology.end()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def ready(deployed: Topology) -> Iterator[Ready]:
    """Commands inside of it."""
    ready = Ready(deployed.environment(), PROJECT)
    yield ready
    ready.close()


@pytest.fixture(scope="session")
def key(deployed: Topology) -> tuple[str, str]:
    """Alice's access key."""
    made = json.loads(deployed.manage("create_access_key", ACCOUNT, "--user", "alice", "--output", "json"))
    return made["AccessKeyId"], made["SecretAccessKey"]


@pytest.fixture
def topology(deployed: Topology) -> Topology:
    """The deployment, all of it alive."""
    for name, child in list(deployed.children.items()):
        if not child.is_alive:
            deployed.start_service(name)
    return deployed


@pytest.fixture
def new_client(topology: Topology, key: tuple[str, str]) -> Callable[[], PatientClient]:
    """Call it for a client with a repository of its own."""

    def make() -> PatientClient:
        name = f"faults/r{next(numbers)}"
        topology.manage("create_repository", ACCOUNT, name)
        return PatientClient(topology, key, ACCOUNT, name)

    return make


@pytest.fixture
def client(new_client: Callable[[], PatientClient]) -> PatientClient:
    """One such client."""
    return new_client()


@pytest.fixture
def checker(topology: Topology, ready: Ready) -> Checker:
    """Looks at everything afterwards."""
    return Checker(ready)
