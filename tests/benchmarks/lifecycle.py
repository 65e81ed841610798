"""`python -m tests.benchmarks.lifecycle`: a policy's preview and run over a repository of a hundred thousand images.

Rows are written straight to a deployment of its own, on the database that KHO_TEST_DATABASE names. What is measured
runs in a process of its own, so that its peak memory is its own too.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any, Final

from tests.benchmarks import frame

SEED: Final = """
from tests.benchmarks import expiring
answer = expiring.seed(count)
"""
MEASURE: Final = """
from tests.benchmarks import expiring
answer = expiring.measure(acts=acts)
"""
STEPS: Final = (("preview", False), ("run", True), ("the next run", True))
HEAD: Final = ("images", "what", "seconds", "images that expire", "images/s", "longest transaction, ms",
               "peak memory, MiB (at the start)")  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Seed, measure, print."""
    return frame.table(arguments, name="lifecycle", about=__doc__, columns=HEAD, usually=100_000, measured=measured)


def measured(count: int) -> list[dict[str, Any]]:
    """Print the lines of a number of images, and return what was measured."""
    found = []
    with frame.seeded(SEED, count) as bench:
        for title, acts in STEPS:
            found.append(bench.run(MEASURE, acts=acts))
            frame.line(_cells(count, title, found[-1]))
    return found


def _cells(count: int, title: str, found: dict[str, Any]) -> list[str]:
    """A line of the table."""
    if found["error"]:
        raise AssertionError(json.dumps(found))
    return [
        f"{count:,}",
        title,
        f"{found['seconds']:.1f}",
        f"{found['going']:,}",
        f"{count / found['seconds']:,.0f}",
        f"{found['transaction']:.0f}",
        frame.peak(found),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
