"""Fixtures and a hook that the folders of client tests share; their conftest imports them."""

from collections.abc import Generator, Iterator

import pytest

from tests.clients import deployments, tenants
from tests.clients.server import Server
from tests.clients.tenants import Tenant


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running deployment for the whole folder."""
    with deployments.running(tmp_path_factory.mktemp("kho")) as running:
        yield running


@pytest.fixture(scope="session")
def alice(server: Server) -> Tenant:
    """Owns an account where a push may create private repositories."""
    return tenants.open_account(server, "alice", "111122223333", create_on_push=True)


@pytest.fixture(scope="session")
def charlie(server: Server) -> Tenant:
    """Owns another account, without a creation template, and has no rights in alice's."""
    return tenants.open_account(server, "charlie", "444455556666", create_on_push=False)


@pytest.fixture
def dave(server: Server) -> Tenant:
    """Owns a third account, made for the one test that takes its rights away."""
    return tenants.open_account(server, "dave", "777788889999", create_on_push=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the test's deployments printed with the report of a test that failed."""
    report = yield
    if report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, Server):
                report.sections.append((f"Kho ({name})", value.logs()))
    return report
