"""Read events of a high rate: one line in a file of this process, drained into the database by another.

Each line is one write of less than 4 KiB to a file opened for appending, so that it survives kill -9 of the process,
and lines of several threads never mix. The writer holds a lock on its file, which the kernel lets go when the process
ends: that tells files that go on from finished ones, even from within another container, where process ids differ.
"""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, Final

import structlog
from django.conf import settings

log = structlog.get_logger(__name__)

LONGEST_LINE: Final = 4000
SUFFIX: Final = ".jsonl"
EDGE: Final = "edge"
"""First part of the names of files that the web server in front writes, one an hour: edge-<node>-2026-01-31T23."""
TEXT_LENGTHS: Final = (400, 150)
"""To how many characters texts are cut until the line is short enough; digests stay whole, ARNs at the first."""

_lock = Lock()
_open: dict[str, tuple[int, int]] = {}
"""Folder -> (process id, descriptor): a forked child must not write into its parent's file."""
_torn: set[int] = set()
"""Descriptors whose last line was cut short: the next line there begins with a line end, or both would be lost."""
_lost = count(1)


def write(record: Mapping[str, Any]) -> None:
    """Append one record; a spool that can't be written is logged and never fails the request.

    The log says how many lines this process has lost so far.
    """
    line = _line(record)
    if not line:
        log.error("a spool line is too long and is left out", lost=next(_lost))
        return
    try:
        descriptor = _descriptor()
        if descriptor in _torn:
            line = b"\n" + line
        written = os.write(descriptor, line)
    except OSError as error:
        log.error("a spool line could not be written", error=str(error), lost=next(_lost))
        return
    if written == len(line):
        _torn.discard(descriptor)
    else:
        _torn.add(descriptor)
        log.error("a spool line was cut short: the disk is full", lost=next(_lost))


def _line(record: Mapping[str, Any]) -> bytes:
    """One line of JSON; long texts, which clients choose, are cut if it would be too long. Empty if that is no help."""
    for length in (None, *TEXT_LENGTHS):
        value = record if length is None else _shortened(record, length)
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        if len(line) <= LONGEST_LINE:
            return line
    return b""


def _shortened(value: Any, length: int) -> Any:
    """Cut texts to `length` characters, at any depth."""
    if isinstance(value, str):
        return value[:length]
    if isinstance(value, Mapping):
        return {key: _shortened(item, length) for key, item in value.items()}
    return value


def _descriptor() -> int:
    """Return this process's file, opened at its first line."""
    folder = str(settings.SPOOL_DIR)
    with _lock:
        known = _open.get(folder)
        if known and known[0] == os.getpid():
            return known[1]
        if known:
            os.close(known[1])
            _torn.discard(known[1])
            del _open[folder]
        os.makedirs(folder, mode=0o700, exist_ok=True)
        path = Path(folder) / f"{_boot_id()}-{os.getpid()}-{time.time_ns()}{SUFFIX}"
        _open[folder] = (os.getpid(), _new_file(path))
        return _open[folder][1]


def _new_file(path: Path) -> int:
    """Make a file that appears under its name with the lock already held; return its descriptor."""
    unready = path.with_suffix(".new")
    descriptor = os.open(unready, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    except OSError as error:  # then `is_finished` can't lock it either, and lets the file be
        log.warning("a spool file can't be locked and stays until the next start", error=str(error))
    unready.rename(path)
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
                # Other writers than Kho pass on what clients send: bytes that are no text must not stop the reading.
                record = json.loads(line.decode("utf-8", "replace"))
            except ValueError:
                record = None
            if isinstance(record, dict):
                records.append(record)
            else:
                log.error("a spool line is no record and is left out", file=path.name, offset=offset)
    return records, offset


def is_finished(path: Path) -> bool:
    """Whether nobody will write to the file any more: its process is gone, or the machine has started again."""
    writer, _, rest = path.stem.partition("-")
    if writer == EDGE:
        return _is_past(rest[-len("2026-01-31T23") :])
    if writer != _boot_id():
        return True
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _is_past(hour: str) -> bool:
    """Whether the hour (`2026-01-31T23`, UTC) is over, and a while more; a name that is no hour is never over."""
    try:
        end = datetime.fromisoformat(hour).replace(tzinfo=UTC) + timedelta(hours=1)
    except ValueError:
        return False
    return datetime.now(UTC) > end + timedelta(minutes=10)


def remove(path: Path) -> None:
    """Remove a file that was read to its end."""
    path.unlink(missing_ok=True)
