"""The collector is killed at every step, and runs beside clients: nothing that is needed is ever missing.

The short form takes a minute; KHO_FAULTS=long kills at each single step and does 100,000 operations.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients import deployments
from tests.clients.server import Server
from tests.faults import crowd, stress

IS_LONG = os.environ.get("KHO_FAULTS") == "long"

KILLS = """
from tests.faults import collecting
answer = collecting.kill_at_every_step(stride)
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Server]:
    """The data of a deployment, with nothing running; the code works on it."""
    with deployments.database() as url:
        server = Server(tmp_path / "kho", url)
        server.prepare()
        yield server
        server.close()


def test_kills_at_every_step(place: Server) -> None:
    done = place.python(KILLS, timeout=3600, stride=1 if IS_LONG else 8)
    print(done)
    assert done["deaths"] >= (80 if IS_LONG else 10)


def test_beside_random_clients(place: Server) -> None:
    """KHO_OPERATIONS takes another number; KHO_FAULTS_SEED lets each client do the same again."""
    seed = int(os.environ.get("KHO_FAULTS_SEED") or int.from_bytes(os.urandom(2), "big"))
    operations = int(os.environ.get("KHO_OPERATIONS") or (100_000 if IS_LONG else 1500))
    print(f"KHO_FAULTS_SEED={seed}")
    done = stress.run(place, operations=operations, seed=seed)
    print(done)
    counts = done["counts"]
    assert done["operations"] >= operations
    assert min(counts[name] for name in ("push of a blob", "push of a manifest", "mount", "pull", "delete")) > 50
    assert counts["(collector) passes"] >= crowd.PASSES and counts["(checker) blobs read"] >= crowd.READ
