"""Runs the rows: each server in turn, in rounds, so that a slow minute of the machine is everybody's."""

import sys
from collections.abc import Sequence
from statistics import median

from tests.benchmarks.rows import Row, Settings
from tests.benchmarks.targets import Target


class Results:
    """Numbers by row and server."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, str], list[float]] = {}

    def add(self, row: str, server: str, number: float) -> None:
        """Note one more number."""
        self._samples.setdefault((row, server), []).append(number)

    def get(self, row: str, server: str) -> float | None:
        """The median, or None if the row was not measured there."""
        samples = self._samples.get((row, server))
        return median(samples) if samples else None


def say(line: str) -> None:
    """Tell whoever waits how far it is."""
    print(line, file=sys.stderr, flush=True)


def in_turn(targets: Sequence[Target], number: int) -> list[Target]:
    """The servers, beginning with another one in each round."""
    first = number % len(targets)
    return [*targets[first:], *targets[:first]]


def sample(rows: Sequence[Row], targets: Sequence[Target], settings: Settings, results: Results) -> None:
    """Check, then measure each row on each server that can answer it; only the one that is loaded runs."""
    for row in rows:
        measure = row.measure
        if measure is None:
            continue
        able = [target for target in targets if target.is_registry or not measure.registries_only]
        for target in able:
            with target.awake():
                measure.check(target, settings)
        for number in range(settings.rounds):
            for target in in_turn(able, number):
                with target.awake():
                    results.add(row.key, target.name, measure.run(target, settings))
        told = [f"{target.name} {results.get(row.key, target.name):,.4g}" for target in able]
        say(f"{row.title} ({row.unit}): {', '.join(told)}")
