"""Fixtures of the conformance run: one deployment."""

from tests.clients.fixtures import alice, pytest_runtest_makereport, server

__all__ = ["alice", "pytest_runtest_makereport", "server"]
