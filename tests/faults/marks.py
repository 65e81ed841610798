"""Work that writes down when it begins and when it ends, in one file of all workers."""

import os
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Marked:
    """Something that takes some seconds."""

    number: int
    seconds: float


@dataclass(frozen=True)
class MarkedSlowly:
    """The same in a queue of its own."""

    number: int
    seconds: float


def mark(payload: dict[str, Any]) -> None:
    """Begin, take the time, end."""
    _write(f"begin {payload['number']}")
    time.sleep(payload["seconds"])
    _write(f"end {payload['number']}")


mark_slowly = mark


def _write(words: str) -> None:
    line = f"{time.time():.3f} {os.getpid()} {words}\n".encode()
    file = os.open(settings.DATA_DIR / "marks", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line)
    os.close(file)
