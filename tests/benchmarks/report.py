"""The tables, in Markdown, with each goal met or missed."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.benchmarks import growth
from tests.benchmarks.kho import Fronted
from tests.benchmarks.rows import MOST_LOST_BY_GROWTH, MOST_MIB_OF_A_WEB_WORKER, Row
from tests.benchmarks.sampling import Results
from tests.benchmarks.targets import BASELINE, DISTRIBUTION, KHO, NGINX, Target
from tests.clients.processes import Client

BEGIN: Final = "<!-- the table of a run: begin -->"
END: Final = "<!-- the table of a run: end -->"
PACKAGES: Final = ("docker-registry", "nginx", "wrk", "docker.io", "skopeo")


@dataclass(frozen=True, slots=True)
class Peak:
    """Peak memory of a server, in MiB: all its processes, and the largest that answers requests."""

    total: float
    largest: float


def main_table(rows: Sequence[Row], targets: Sequence[Target], results: Results, peaks: Mapping[str, Peak]) -> str:
    """Each row on each server; ratio, goal and whether it was met. Times count as speed: fewer seconds, more."""
    names = [target.name for target in targets]
    fronts = [target.name for target in targets if isinstance(target, Fronted)]
    lines = [_line("", *names, f"Kho to {BASELINE}", "goal", "result"), _rule(len(names), 3)]
    for row in rows:
        numbers = {name: results.get(row.key, name) for name in names}
        if any(number is not None for number in numbers.values()):
            cells = [_number(numbers[name]) for name in names]
            lines.append(_line(f"{row.title}, {row.unit}", *cells, *_judged(row, numbers, fronts)))
    lines += _memory_lines(names, peaks)
    return "\n".join(lines)


def _judged(row: Row, numbers: Mapping[str, float | None], fronts: Sequence[str]) -> tuple[str, str, str]:
    """Ratio, goal, result."""
    ratio = _speedup(row, numbers.get(KHO), numbers.get(BASELINE))
    goals, missed = [], []
    if ratio is not None:
        goals.append(f"{row.goal:g} ×")
        if ratio < row.goal:
            missed.append(f"{ratio:.2f} ×")
    ahead = _speedup(row, numbers.get(KHO), numbers.get(DISTRIBUTION))
    if ahead is not None:
        goals.append(f"ahead of {DISTRIBUTION}")
        if ahead <= 1:
            missed.append(f"{ahead:.2f} × {DISTRIBUTION}")
    for front in fronts if row.of_nginx else ():
        part = _speedup(row, numbers.get(front), numbers.get(NGINX))
        if part is not None and row.of_nginx:
            goals.append(f"{front}: {row.of_nginx:.0%} of {NGINX}")
            if part < row.of_nginx:
                missed.append(f"{part:.0%} of {NGINX}")
    result = f"missed: {', '.join(missed)}" if missed else "met" if goals else "–"
    return "–" if ratio is None else f"{ratio:.2f}", ", ".join(goals) or "–", result


def _speedup(row: Row, ours: float | None, theirs: float | None) -> float | None:
    """How many times as fast ours is."""
    if ours is None or theirs is None:
        return None
    return theirs / ours if row.less_is_better else ours / theirs


def _memory_lines(names: Sequence[str], peaks: Mapping[str, Peak]) -> list[str]:
    largest = peaks[KHO].largest
    result = "met" if largest < MOST_MIB_OF_A_WEB_WORKER else f"missed: {largest:.0f} MiB"
    totals = [_number(peaks[name].total) for name in names]
    each = [_number(peaks[name].largest) for name in names]
    return [
        _line("peak memory of all processes, MiB", *totals, "–", "–", "–"),
        _line("of the largest (Kho: web worker), MiB", *each, "–", f"under {MOST_MIB_OF_A_WEB_WORKER} MiB", result),
    ]


def growth_table(rows: Sequence[Row], results: Results) -> str:
    """The large Kho against the small one."""
    least = 1 - MOST_LOST_BY_GROWTH
    lines = [_line("", growth.SMALL, growth.LARGE, "ratio", "goal", "result"), _rule(2, 3)]
    for row in rows:
        small, large = results.get(row.key, growth.SMALL), results.get(row.key, growth.LARGE)
        if small and large:
            ratio = large / small
            result = "met" if ratio >= least else f"missed: {ratio:.2f}"
            cells = (_number(small), _number(large), f"{ratio:.2f}", f"at least {least:g}", result)
            lines.append(_line(f"{row.title}, {row.unit}", *cells))
    return "\n".join(lines)


def circumstances(rounds: int, seconds: int) -> str:
    """The machine, the versions, and how long it was measured."""
    versions = [f"{name} {version}" for name in PACKAGES if (version := _version(name))]
    cores, memory = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cores} cores ({_processor()}), {memory:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}; {', '.join(versions)}; medians of {rounds} x {seconds} s "
        f"(growth: of at least {growth.LEAST_ROUNDS})."
    )


def write(path: Path, text: str) -> None:
    """Put the text between the two marks of a file; a file without them is all text."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    before, begun, rest = old.partition(BEGIN)
    _, ended, after = rest.partition(END)
    new = f"{before}{BEGIN}\n\n{text}\n\n{END}{after}" if begun and ended else f"{text}\n"
    path.write_text(new, encoding="utf-8")


def _version(package: str) -> str:
    """The version of a Debian package, without what Debian adds; empty if it is not installed."""
    asked = Client("dpkg-query", "--show", "--showformat=${Version}").attempt(package)
    return asked.stdout.partition("+")[0].partition("-")[0] if asked.returncode == 0 else ""


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _number(number: float | None) -> str:
    if number is None:
        return "–"
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(numbers: int, words: int) -> str:
    """The line below the heads: numbers to the right."""
    return f"|---|{'---:|' * numbers}{'---|' * words}"
