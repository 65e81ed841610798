"""Read events of a high rate: one line in a file of this process, drained into the database by another.

Each line is one write of less than 4 KiB to a file opened for appending, so that it survives kill -9 of the process,
and lines of several threads never mix.
"""

import json
import os
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

LONGEST_LINE: Final = 4095
SUFFIX: Final = ".jsonl"
LONGEST_TEXT: Final = 300

_lock = Lock()
_open: dict[str, tuple[int, int]] = {}
"""Folder -> (process id, descriptor): a forked child must not write into its parent's file."""


def write(record: Mapping[str, Any]) -> None:
    """Append one record; a spool that can't be written is logged and never fails the request."""
    try:
        line = _line(record)
        if os.write(_descriptor(), line) != len(line):
            log.error("a spool line was cut short: the disk is full")
    except OSError as error:
        log.error("a spool line could not be written", error=str(error))


def _line(record: Mapping[str, Any]) -> bytes:
    """One line of JSON; texts that clients choose are shortened if it would be too long."""
    line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
    if len(line) <= LONGEST_LINE:
        return line
    return json.dumps(_shortened(record), separators=(",", ":")).encode() + b"\n"


def _shortened(value: Any) -> Any:
    """Cut long texts, at any depth."""
    if isinstance(value, str):
        return value[:LONGEST_TEXT]
    if isinstance(value, Mapping):
        return {key: _shortened(item) for key, item in value.items()}
    return value


def _descriptor() -> int:
    """Return this process's file, opened at its first line."""
    folder = str(settings.SPOOL_DIR)
    with _lock:
        known = _open.get(folder)
        if known and known[0] == os.getpid():
            return known[1]
        os.makedirs(folder, mode=0o700, exist_ok=True)
        name = f"{_boot_id()}-{os.getpid()}-{time.time_ns()}{SUFFIX}"
        descriptor = os.open(Path(folder) / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        _open[folder] = (os.getpid(), descriptor)
        return descriptor


@cache
def _boot_id() -> str:
    """Tell this start of the machine from others, since process ids begin again; eight letters."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:8]
    except OSError:
        return "noboot00"


def files() -> list[Path]:
    """Return the spool files of this node, the oldest name first."""
    return sorted(Path(settings.SPOOL_DIR).glob(f"*{SUFFIX}"))


def read(path: Path, offset: int, *, limit: int = 500) -> tuple[list[dict[str, Any]], int]:
    """Return at most `limit` whole lines behind `offset` as records, and where they end.

    A line that is no record, as a full disk leaves it, is left out with a log.
    """
    records: list[dict[str, Any]] = []
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n") or len(records) >= limit:
                break
            offset += len(line)
            try:
                record = json.loads(line)
            except ValueError:
                record = None
            if isinstance(record, dict):
                records.append(record)
            else:
                log.error("a spool line is no record and is left out", file=path.name, offset=offset)
    return records, offset


def is_finished(path: Path) -> bool:
    """Whether nobody will write to the file any more: its process is gone, or the machine has started again."""
    boot, pid, _ = path.stem.split("-", 2)
    if boot != _boot_id():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def remove(path: Path) -> None:
    """Remove a file that was read to its end."""
    path.unlink(missing_ok=True)
