"""What can be loaded: a server with a port, a repository and, perhaps, a login."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.benchmarks import processes, wire
from tests.benchmarks.content import Content
from tests.clients.processes import Daemon

REPOSITORY: Final = "bench"
KHO: Final = "Kho"
BASELINE: Final = "docker-registry"
DISTRIBUTION: Final = "distribution 3"
NGINX: Final = "nginx"


class Target:
    """A server that can be loaded. `is_registry`: it takes pushes."""

    name = ""
    is_registry = True

    def __init__(self, port: int) -> None:
        self.port = port
        self.host = f"127.0.0.1:{port}"

    def start(self) -> None:
        """Start it and wait until it is ready."""
        raise NotImplementedError

    def fill(self, content: Content) -> None:
        """Bring the image to it."""
        wire.push(self.port, self.repository(login=True), self.headers(login=True), content)

    def repository(self, *, login: bool) -> str:
        """The image's repository: one that needs a login, or one that does not."""
        return REPOSITORY

    def private(self, name: str) -> str:
        """A repository with a login that may be pushed to at once."""
        return f"{REPOSITORY}/{name}"

    def headers(self, *, login: bool) -> dict[str, str]:
        """The headers of who has a login, or has none."""
        return {}

    def login(self) -> tuple[str, str] | None:
        """User and password for clients, if it asks for them."""
        return None

    def daemons(self) -> list[Daemon]:
        """The programs that it consists of, the one that answers requests first."""
        raise NotImplementedError

    def logs(self) -> str:
        """What its programs printed last."""
        return "\n".join(f"--- {self.name}: {each.name}\n{each.output()}" for each in self.daemons())

    def roots(self) -> list[int]:
        """The process ids of its programs, in the same order."""
        return [each.process.pid for each in self.daemons() if each.process is not None]

    def pause(self) -> None:
        """Hold all its processes, so that what it does later on is not done at the cost of others."""
        for pid in processes.trees(self.roots()):
            os.kill(pid, signal.SIGSTOP)

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Let its processes go on until the block ends."""
        for pid in processes.trees(self.roots()):
            os.kill(pid, signal.SIGCONT)
        try:
            yield
        finally:
            self.pause()

    def close(self) -> None:
        """End it at once; nobody needs what it holds."""
        for each in self.daemons():
            each.kill9()

    def answers(self, path: str) -> bool:
        """Whether something answers at this path."""
        try:
            wire.ping(self.port, path)
        except OSError:
            return False
        return True
