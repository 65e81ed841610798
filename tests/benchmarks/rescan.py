"""`python -m tests.benchmarks.rescan`: new advisories beside the lists of packages of ten thousand images.

The images are followed. Most advisories come at once, as on the first day, then a few, as every day. Everything runs on
the database that KHO_TEST_DATABASE names; each import with what follows it is a process of its own, so that its peak
memory is its own too.
"""

import json
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import frame

SEED: Final = """
from tests.benchmarks import lists
answer = lists.seed(count)
"""
FOLLOW: Final = """
from tests.benchmarks import lists
answer = lists.follow(source)
"""
ADVISORIES: Final = Path(__file__).parents[1] / "data" / "advisories"
A_DAY: Final = 20
"""Records of each ecosystem that come later."""
HEAD: Final = ("images", "what comes", "records", "import, s", "images looked at, s", "images/s", "findings",
               "peak memory, MiB (at the start)")  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Seed, measure, print."""
    return frame.table(arguments, name="rescan", about=__doc__, columns=HEAD, usually=10_000, measured=measured)


def measured(count: int) -> list[dict[str, Any]]:
    """Print the lines of a number of images, and return what was measured."""
    found = []
    with frame.seeded(SEED, count) as bench:
        for title, source in _sources(bench.folder):
            found.append(bench.run(FOLLOW, source=str(source)))
            frame.line(_cells(count, title, found[-1]))
    return found


def _sources(folder: Path) -> list[tuple[str, Path]]:
    """The first advisories, those of a later day, and these once more, in which nothing is new."""
    first, later = folder / "first.zip", folder / "later.zip"
    with zipfile.ZipFile(first, "w") as many, zipfile.ZipFile(later, "w") as few:
        for ecosystem in ("Debian", "AlmaLinux", "PyPI"):
            with zipfile.ZipFile(ADVISORIES / f"{ecosystem}.zip") as archive:
                names = sorted(archive.namelist())
                for number, each in enumerate(names):
                    target = few if number % (len(names) // A_DAY) == 0 else many
                    target.writestr(each, archive.read(each))
    return [("the first advisories", first), ("those of a day", later), ("the same again", later)]


def _cells(count: int, title: str, found: dict[str, Any]) -> list[str]:
    """A line of the table."""
    if found["records"] and found["followed"] != count:
        raise AssertionError(json.dumps(found))
    return [
        f"{count:,}",
        title,
        f"{found['records']:,}",
        f"{found['import']:.1f}",
        f"{found['rescan']:.1f}",
        f"{count / found['rescan']:,.0f}",
        f"{found['findings']:,}",
        frame.peak(found),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
