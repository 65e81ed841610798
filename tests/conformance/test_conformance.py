"""The conformance program, version 1.1, on a private and a public repository; skips are those that the docs name."""

from pathlib import Path
from typing import Final

import pytest

from tests.clients import conformance
from tests.clients.server import PROJECT
from tests.clients.tenants import USER, Tenant

DOCS: Final = PROJECT / "docs" / "conformance.md"
MOST_SKIPS: Final = 2
# The program has some 695 cases of one request; fewer would mean that it gave up or left out whole groups.
LEAST_PASSES: Final = 690


@pytest.mark.parametrize("kind", ["private", "public"])
def test_it_works_as_the_specification_says(kind: str, alice: Tenant, tmp_path: Path) -> None:
    """No failure, and no skip without its cause in the docs."""
    create = alice.create_private if kind == "private" else alice.create_public
    host = alice.server.host
    first, second = (create(f"conformance/{name}").removeprefix(f"{host}/") for name in ("one", "two"))
    results = conformance.run(host, first, second, USER, alice.password(), tmp_path / "results")

    assert results.failed == [], results.output[-6000:]
    assert results.exit_status == 0, results.output[-6000:]
    assert len(results.passed) >= LEAST_PASSES
    documented = DOCS.read_text(encoding="utf-8")
    assert [name for name in results.skipped if name not in documented] == []
    assert len(results.skipped) <= MOST_SKIPS
