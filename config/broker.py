"""The broker of one machine: files below the data folder.

It is kombu's own, but whatever it writes appears at once and whole. Kombu opens a file and fills it afterwards: a
worker that looks in between reads nothing where a message should be, and ends.
"""

import fcntl
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any, Final

import structlog
from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

log = structlog.get_logger(__name__)

ON_REDIS: Final = {"socket_timeout": 0.2, "socket_connect_timeout": 0.2, "max_retries": 0, "visibility_timeout": 3600}
"""Options of the other broker, in seconds. Whoever has work for it is not held up while it is away: kombu would try
again and again for four seconds, and celery's `retry=False` does not say otherwise. A worker waits as long as it takes.
"""
UNFINISHED: Final = ".new"
"""How the name of a file ends while it is written; no queue and no table is called so."""
ABANDONED_SECONDS: Final = 3600


def prepare(folder: Path) -> None:
    """Make a folder of the broker, and remove what a writer has left there that was killed."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in folder.glob(f"*{UNFINISHED}"):
        with suppress(FileNotFoundError):  # another process does the same
            if time.time() - left.stat().st_mtime > ABANDONED_SECONDS:
                left.unlink()


class Channel(filesystem.Channel):
    """Messages are files named by the time they came and by their queue; a table tells an exchange's queues."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # the stubs know its parent
        """Add a message."""
        _write(Path(self.data_folder_out) / f"{time.time_ns():020}_{uuid.uuid4()}.{queue}.msg", payload)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """Take the oldest message of a queue: it belongs to whoever removes its file."""
        folder, ending = Path(self.data_folder_in), f".{queue}.msg"
        for name in sorted(os.listdir(folder)):
            if not name.endswith(ending) or name.index(".") != len(name) - len(ending):
                continue
            try:
                content = (folder / name).read_bytes()
                (folder / name).unlink()
            except FileNotFoundError:
                continue
            try:
                return loads(content.decode())
            except ValueError:
                log.error("the broker has lost a message: its file is damaged", file=name)
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None) -> None:
        """Add a queue to an exchange, one process after the other."""
        file: Path = self._exchange_file(exchange)  # type: ignore[attr-defined]  # the stubs lack it
        row = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (file.parent / f"{exchange}.lock").open("wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            known = self.get_table(exchange)
            if row not in known:
                _write(file, [row, *known])

    def get_table(self, exchange: str) -> list[Any]:
        """The queues of an exchange; a damaged table is none, and workers that start write it anew."""
        try:
            return [filesystem.exchange_queue_t(*row) for row in super().get_table(exchange)]
        except (ValueError, TypeError):
            log.error("a table of the broker is damaged", exchange=exchange)
            return []


def _write(file: Path, content: Any) -> None:
    """Write a file that nobody sees before it is whole."""
    unfinished = file.with_name(f"{uuid.uuid4()}{UNFINISHED}")
    try:
        unfinished.write_text(dumps(content))
        unfinished.replace(file)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise ChannelError(f"{file} could not be written: {error}") from error


class Transport(filesystem.Transport):
    """What CELERY_BROKER_TRANSPORT names."""

    Channel = Channel
    polling_interval = 0.05
    """Seconds. Kombu sleeps a whole one whenever there is nothing to take, and also when each thread of the worker has
    what it works on: four threads would do four tasks in a second.
    """
