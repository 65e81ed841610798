"""The conformance program on a private and a public repository; skips are those that the docs name."""

from pathlib import Path
from typing import Final

import pytest

from tests.clients import conformance
from tests.clients.server import PROJECT
from tests.clients.tenants import USER, Tenant

DOCS: Final = PROJECT / "docs" / "conformance.md"
MOST_SKIPS: Final = 2
LEAST_PASSES: Final = {"1.1": 690, "dev": 780}
"""Some less than the cases of one request that there are: fewer would mean that whole groups were left out."""


@pytest.mark.parametrize("version", ["1.1", "dev"])
@pytest.mark.parametrize("kind", ["private", "public"])
def test_it_works_as_the_specification_says(kind: str, version: str, alice: Tenant, tmp_path: Path) -> None:
    """No failure, and no skip without its cause in the docs; `dev` is the draft of the next version."""
    create = alice.create_private if kind == "private" else alice.create_public
    host = alice.server.host
    one, two = (create(f"conformance/{name}-{version}").removeprefix(f"{host}/") for name in ("one", "two"))
    results = conformance.run(host, (one, two), USER, alice.password(), tmp_path, version=version)

    assert results.failed == [], results.output[-6000:]
    assert results.exit_status == 0, results.output[-6000:]
    assert len(results.passed) >= LEAST_PASSES[version]
    documented = DOCS.read_text(encoding="utf-8")
    assert [name for name in results.skipped if name not in documented] == []
    assert len(results.skipped) <= MOST_SKIPS
