"""Fixtures of the journeys: one deployment for all of them, and empty machines on demand."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.clients.containerd import Containerd
from tests.clients.containers import Buildah, Podman
from tests.clients.dockerd import Dockerd
from tests.clients.engines import Engine
from tests.clients.fixtures import alice, charlie, dave, pytest_runtest_makereport, server

__all__ = ["alice", "charlie", "dave", "machine", "pytest_runtest_makereport", "server", "short_path"]

ENGINES: dict[str, Callable[[Path], Engine]] = {
    "docker": Dockerd,
    "podman": Podman,
    "buildah": Buildah,
    "containerd": Containerd,
}


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder with a short name: sockets below it, and podman's, allow no more than some 50 characters."""
    with tempfile.TemporaryDirectory(prefix="kho-") as name:
        yield Path(name)


@pytest.fixture
def machine(short_path: Path) -> Iterator[Callable[[str], Engine]]:
    """Call it with the name of an engine to get an empty machine; all of them end with the test."""
    numbers = count(1)
    with ExitStack() as machines:

        def start(engine: str) -> Engine:
            started = ENGINES[engine](short_path / f"m{next(numbers)}")
            machines.callback(started.close)
            return started

        yield start
