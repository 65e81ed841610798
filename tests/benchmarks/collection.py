"""`python -m tests.benchmarks.collection`: a dry pass of the collector, a pass, and the next one, over a million blobs.

Rows and files are written straight to a deployment of its own, on the database that KHO_TEST_DATABASE names; a part of
the blobs is garbage. What is measured runs in a process of its own, so that its peak memory is its own too.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.clients import deployments
from tests.clients.server import Server

SEED: Final = """
from tests.benchmarks import stored
answer = stored.seed(count, part, orphans)
"""
MEASURE: Final = """
from tests.benchmarks import stored
answer = stored.measure(dry=dry)
"""
PASSES: Final = (("dry run", True), ("collection", False), ("the next collection", False))
HEAD: Final = (
    "blobs",
    "pass",
    "seconds",
    "blobs gone",
    "files without a row gone",
    "blobs/s",
    "longest transaction, ms",
    "peak memory, MiB (at the start)",
)
TIMEOUT: Final = 4 * 3600


def main(arguments: Sequence[str]) -> int:
    """Seed, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.collection", description=__doc__)
    parser.add_argument("--blobs", type=int, nargs="+", default=[100_000, 1_000_000], help="how many, one run for each")
    parser.add_argument("--part", type=int, default=10, help="one in so many images is missing, its blobs are garbage")
    parser.add_argument("--orphans", type=int, default=1000, help="files without a row")
    options = parser.parse_args(arguments)
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}", flush=True)
    for count in options.blobs:
        measured(count, options.part, options.orphans)
    return 0


def measured(count: int, part: int, orphans: int) -> list[dict[str, Any]]:
    """Print the lines of a number of blobs, and return what was measured."""
    found = []
    with tempfile.TemporaryDirectory(prefix="kho-bench-") as name, deployments.database() as url:
        server = Server(Path(name) / "kho", url, {"KHO_LOG_LEVEL": "warning"})
        server.prepare()
        begun = time.monotonic()
        rows = server.python(SEED, timeout=TIMEOUT, count=count, part=part, orphans=orphans)
        print(f"{rows}, written in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        for title, is_dry in PASSES:
            found.append(server.python(MEASURE, timeout=TIMEOUT, dry=is_dry))
            print(_row(count, title, found[-1]), flush=True)
        server.close()
    return found


def _row(count: int, title: str, found: dict[str, Any]) -> str:
    """A line of the table."""
    if found["problems"]:
        raise AssertionError(json.dumps(found))
    counts = found["counts"]
    print(f"{title}: {found['spent']}; {found['statement']:.0f} ms: {found['slowest']}", file=sys.stderr, flush=True)
    cells = [
        f"{count:,}",
        title,
        f"{found['seconds']:.1f}",
        f"{counts.get('blobs', 0):,}",
        f"{counts.get('orphans', 0):,}",
        f"{count / found['seconds']:,.0f}",
        f"{found['transaction']:.0f}",
        f"{found['peak']:.0f} ({found['before']:.0f})",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
