"""`python -m tests.benchmarks`: measure Kho beside other registries and print the tables.

The exit status says whether everything answered, not whether the goals were met.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import fleet, growth, machines, processes, report, rows, sampling
from tests.benchmarks.content import QUICK_SIZES, Content, Sizes
from tests.benchmarks.fleet import ServerFailed
from tests.benchmarks.report import Peak
from tests.benchmarks.rows import Settings
from tests.benchmarks.sampling import Results, say
from tests.benchmarks.targets import BASELINE, DISTRIBUTION, KHO, NGINX, Target

DOCKER_ROWS = ("docker-push", "docker-pull")


def main(arguments: Sequence[str]) -> int:
    """Measure what the options ask for."""
    options = _options().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="kho-bench-") as name:
        folder = Path(name)
        content = Content(folder / "content", QUICK_SIZES if options.quick else Sizes())
        settings = Settings(content, folder, options.seconds, options.rounds)
        if options.quick:
            settings = Settings(content, folder, seconds=1, rounds=1, pulls=4)
        try:
            text = measured(settings, options.rows, options.servers, quick=options.quick)
        except ServerFailed as error:
            say(str(error))
            return 1
    print(text)
    if options.output:
        report.write(options.output, text)
    return 0


def measured(settings: Settings, words: Sequence[str], servers: Sequence[str], *, quick: bool) -> str:
    """Measure, and return the text with the tables."""
    asked = [row for row in rows.chosen(words) if not (quick and row.key in DOCKER_ROWS)]
    targets = fleet.chosen(settings.folder, [*servers, KHO] if servers else [])
    absent = [each for each in (servers or (BASELINE, DISTRIBUTION, NGINX)) if each not in [t.name for t in targets]]
    if absent:
        say(f"not installed, and left out: {', '.join(absent)}")
    results = Results()
    with fleet.running(targets, settings.content):
        sampling.sample(asked, targets, settings, results)
        if any(row.key in DOCKER_ROWS for row in asked):
            machines.sample(targets, settings, results)
        peaks = {target.name: _peak(target) for target in targets}
    parts = [report.circumstances(settings.rounds, settings.seconds), report.main_table(asked, targets, results, peaks)]
    if not quick and (grown := growth.sample(asked, settings)):
        parts.append(report.growth_table(asked, grown))
    return "\n\n".join(parts)


def _peak(target: Target) -> Peak:
    """Peak memory of a server; the first of its programs is the one that answers requests."""
    roots = target.roots()
    return Peak(sum(processes.peaks(roots)), max(processes.peaks(roots[:1])))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of a second, small blobs, no docker, no growth")
    parser.add_argument("--rows", nargs="*", default=[], help="only rows whose key holds one of these words")
    parser.add_argument("--servers", nargs="*", default=[], help=f"beside Kho: {BASELINE}, {DISTRIBUTION}, {NGINX}")
    parser.add_argument("--rounds", type=int, default=3, help="how often each row is measured; the median counts")
    parser.add_argument("--seconds", type=int, default=3, help="how long each measurement of a rate takes")
    parser.add_argument("--output", type=Path, help="write the tables into this file, between its two marks if any")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
