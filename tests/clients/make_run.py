"""`make run`, as a person types it."""

from pathlib import Path

from tests.clients.processes import Daemon, free_port
from tests.clients.server import PROJECT

SECONDS_OF_THE_FIRST_START = 300
"""It makes the virtual environment if there is none."""


class Run:
    """`make run` in the project, on a data folder and port of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        env = {"PORT": str(self.port), "KHO_DATA": str(self.data), **settings}
        self.make = Daemon("make run", ["make", "run"], folder / "run.log", env=env, folder=PROJECT)
        self._seen = 0

    def start(self, seconds: float) -> str:
        """Start, and return what it said until it was ready."""
        self._seen = len(self._log())
        self.make.start(lambda: "Ctrl-C stops Kho" in self.said(), seconds=seconds)
        return self.said()

    def said(self) -> str:
        """What it said since the last start."""
        return self._log()[self._seen :]

    def _log(self) -> str:
        return self.make.log.read_text(encoding="utf-8") if self.make.log.exists() else ""
