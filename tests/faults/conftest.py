"""Fixtures of the fault tests: one deployment that may die, and a repository for each test."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.clients import deployments, tenants
from tests.clients.fixtures import pytest_runtest_makereport
from tests.clients.tenants import Tenant
from tests.faults.client import Registry
from tests.faults.server import FaultyServer

__all__ = ["pytest_runtest_makereport"]

numbers = count(1)


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyServer]:
    """A deployment for the whole folder."""
    folder = tmp_path_factory.mktemp("faults")
    with deployments.database() as url:
        server = FaultyServer(folder / "kho", url)
        try:
            server.prepare()
            server.start()
            yield server
        finally:
            server.close()


@pytest.fixture
def server(deployment: FaultyServer) -> FaultyServer:
    """The deployment, alive, whatever the last test did to it."""
    if not deployment.web.is_running:
        deployment.restart()
    return deployment


@pytest.fixture(scope="session")
def alice(deployment: FaultyServer) -> Tenant:
    """Owns the account that the tests push to."""
    return tenants.open_account(deployment, "alice", "111122223333", create_on_push=True)


@pytest.fixture
def registry(server: FaultyServer, alice: Tenant) -> Registry:
    """An empty repository of alice, created by its first push."""
    return Registry(alice, f"faults/test-{next(numbers)}")
