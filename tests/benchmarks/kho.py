"""Kho as a target, and Kho behind another server."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import wire
from tests.benchmarks.content import Content
from tests.benchmarks.targets import KHO, REPOSITORY, Target
from tests.clients import tenants
from tests.clients.processes import Daemon
from tests.clients.server import Server


class Kho(Target):
    """Kho as `make run` starts it, on SQLite and files: two web workers, the task worker and beat."""

    name = KHO

    def __init__(self, folder: Path, name: str = KHO) -> None:
        self.name = name
        self.server = Server(folder)
        super().__init__(self.server.port)

    def start(self) -> None:
        """Start all its processes, and make an account with a private and a public repository."""
        self.server.prepare()
        self.tenant = tenants.open_account(self.server, "bench", "111122223333", create_on_push=True)
        self._private = self.tenant.create_private(REPOSITORY).partition("/")[2]
        self._public = self.tenant.create_public(REPOSITORY).partition("/")[2]
        self.server.start()
        self.server.start_worker()

    def fill(self, content: Content) -> None:
        """Push the image to both repositories."""
        for login in (True, False):
            wire.push(self.port, self.repository(login=login), self.headers(login=True), content)

    def repository(self, *, login: bool) -> str:
        """The private or the public repository."""
        return self._private if login else self._public

    def private(self, name: str) -> str:
        """A name for which the account has a creation template."""
        return f"{self.tenant.account_id}/{REPOSITORY}/{name}"

    def headers(self, *, login: bool) -> dict[str, str]:
        """A new bearer token, as clients get one after `docker login`."""
        if not login:
            return {}
        credentials = base64.b64encode(f"{self.tenant.key_id}:{self.tenant.secret}".encode()).decode()
        answer = self.server.get("/token/?service=kho", {"Authorization": f"Basic {credentials}"})
        return {"Authorization": f"Bearer {json.loads(answer.body)['token']}"}

    def login(self) -> tuple[str, str]:
        """The access key."""
        return self.tenant.key_id, self.tenant.secret

    def daemons(self) -> list[Daemon]:
        """Web server, task worker, beat."""
        return [self.server.web, self.server.worker, self.server.beat]


class Fronted(Target):
    """The same Kho, reached through another server (`daemon`) that listens at `port`."""

    def __init__(self, name: str, kho: Kho, daemon: Daemon, port: int) -> None:
        super().__init__(port)
        self.name, self.kho, self.daemon = name, kho, daemon

    def start(self) -> None:
        """Start the server in front; Kho runs already."""
        self.daemon.start(lambda: self.answers("/readyz"))

    def fill(self, content: Content) -> None:
        """Nothing: Kho has the image."""

    def repository(self, *, login: bool) -> str:
        """Kho's."""
        return self.kho.repository(login=login)

    def private(self, name: str) -> str:
        """Kho's, but not the same as without a server in front."""
        return self.kho.private(f"front/{name}")

    def headers(self, *, login: bool) -> dict[str, str]:
        """Kho's."""
        return self.kho.headers(login=login)

    def login(self) -> tuple[str, str]:
        """Kho's."""
        return self.kho.login()

    def daemons(self) -> list[Daemon]:
        """The server in front."""
        return [self.daemon]


FRONTS: tuple[Callable[[Kho, Path], Fronted], ...] = ()
"""What stands before Kho in a deployment is measured too: each makes a Fronted for a running Kho, in a folder."""
