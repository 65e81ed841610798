"""Many requests at once: wrk for GET and ab for HEAD, whose answers wrk waits for in vain (a length, but no body)."""

import re
from collections.abc import Mapping
from typing import Final

from tests.benchmarks.wire import WrongAnswer
from tests.clients.processes import Client

CONNECTIONS: Final = 16
THREADS: Final = 2
MOST_REQUESTS: Final = 5_000_000
"""More than any server answers in the time; ab wants a bound."""

wrk = Client("wrk")
ab = Client("ab")


def gets(url: str, headers: Mapping[str, str], seconds: int) -> float:
    """GETs per second over connections that stay open; WrongAnswer if one of them failed."""
    options = (f"-t{THREADS}", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s")
    report = wrk(*options, *_given(headers), url)
    if "Non-2xx" in report or "Socket errors" in report:
        raise WrongAnswer(f"wrk {url}:\n{report}")
    return _number(report, r"^Requests/sec:\s+([\d.]+)")


def heads(url: str, headers: Mapping[str, str], seconds: int) -> float:
    """HEADs per second over connections that stay open; WrongAnswer if one of them failed or a connection closed."""
    options = ("-q", "-k", "-i", "-c", str(CONNECTIONS), "-t", str(seconds), "-n", str(MOST_REQUESTS))
    report = ab(*options, *_given(headers), url)
    failed = _number(report, r"^Failed requests:\s+(\d+)")
    complete, kept = _number(report, r"^Complete requests:\s+(\d+)"), _number(report, r"^Keep-Alive requests:\s+(\d+)")
    if failed or "Non-2xx" in report or kept < 0.9 * complete:
        raise WrongAnswer(f"ab {url}:\n{report}")
    return _number(report, r"^Requests per second:\s+([\d.]+)")


def _given(headers: Mapping[str, str]) -> list[str]:
    return [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]


def _number(report: str, pattern: str) -> float:
    found = re.search(pattern, report, re.MULTILINE)
    if found is None:
        raise WrongAnswer(f"no {pattern} in the report:\n{report}")
    return float(found[1])
