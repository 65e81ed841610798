"""What benchmarks of many images share: a deployment of its own for each number, and a table of what was found."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.clients import deployments
from tests.clients.server import Server

TIMEOUT: Final = 4 * 3600


@dataclass(frozen=True, slots=True)
class Bench:
    """A deployment with its rows, and an empty folder; `run` works in a process of its own."""

    server: Server
    folder: Path

    def run(self, code: str, **values: Any) -> dict[str, Any]:
        """Run code that leaves an `answer` there, and return that."""
        found: dict[str, Any] = self.server.python(code, timeout=TIMEOUT, **values)
        return found


@contextmanager
def seeded(code: str, count: int) -> Iterator[Bench]:
    """Yield a deployment, on the database that KHO_TEST_DATABASE names, to which code has written `count` images."""
    with tempfile.TemporaryDirectory(prefix="kho-bench-") as name, deployments.database() as url:
        server = Server(Path(name) / "kho", url, {"KHO_LOG_LEVEL": "warning"})
        server.prepare()
        begun = time.monotonic()
        rows = server.python(code, timeout=TIMEOUT, count=count)
        print(f"{rows}, written in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
        yield Bench(server, Path(name))
        server.close()


def table(
    arguments: Sequence[str],
    *,
    name: str,
    about: str | None,
    columns: Sequence[str],
    usually: int,
    measured: Callable[[int], object],
) -> int:
    """Read how many images are wanted, and print a table of them, whose lines `measured` prints."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.benchmarks.{name}", description=about)
    parser.add_argument("--images", type=int, nargs="+", default=[usually], help="how many, one run for each")
    options = parser.parse_args(arguments)
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    for count in options.images:
        measured(count)
    return 0


def line(cells: Sequence[str]) -> None:
    """Print a line of the table."""
    print(f"| {' | '.join(cells)} |", flush=True)


def peak(found: dict[str, Any]) -> str:
    """The cell of a process's memory."""
    return f"{found['peak']:.0f} ({found['before']:.0f})"
