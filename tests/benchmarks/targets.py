"""The servers side by side: Kho, two other registries, and nginx with the same bytes as files."""

import base64
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.benchmarks import wire
from tests.benchmarks.content import TAG, Content
from tests.clients import tenants
from tests.clients.processes import Daemon, environment, free_port
from tests.clients.server import Server

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

    def close(self) -> None:
        """Stop it."""
        for each in self.daemons():
            each.stop(seconds=40)

    def answers(self, path: str) -> bool:
        """Whether something answers at this path."""
        try:
            wire.ping(self.port, path)
        except OSError:
            return False
        return True


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


class GoRegistry(Target):
    """The registry that most others are built on, with its usual settings, but without a login and without logs."""

    def __init__(self, name: str, program: str, folder: Path) -> None:
        super().__init__(free_port())
        self.name = name
        folder.mkdir(parents=True)
        settings = folder / "config.yml"
        settings.write_text(
            json.dumps(  # which is YAML too
                {
                    "version": "0.1",
                    "log": {"level": "error", "accesslog": {"disabled": True}},
                    "storage": {
                        "cache": {"blobdescriptor": "inmemory"},
                        "filesystem": {"rootdirectory": str(folder / "data")},
                        "delete": {"enabled": True},
                    },
                    "http": {"addr": self.host},
                }
            ),
            encoding="utf-8",
        )
        silent = {"OTEL_TRACES_EXPORTER": "none"}  # else version 3 looks for a collector on this machine
        self.daemon = Daemon(name, [program, "serve", str(settings)], folder / "log", env=silent)

    def start(self) -> None:
        """Start it."""
        self.daemon.start(lambda: self.answers("/v2/"))

    def daemons(self) -> list[Daemon]:
        """One program."""
        return [self.daemon]


NGINX_SETTINGS: Final = """\
{user}
daemon off; pid {folder}/pid; error_log stderr error; worker_processes 2;
events {{ worker_connections 256; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    server {{ listen {host}; root {folder}/root; }}
}}
"""


class Nginx(Target):
    """The same bytes as plain files: nothing that looks anything up can be much faster."""

    name = NGINX
    is_registry = False

    def __init__(self, folder: Path) -> None:
        super().__init__(free_port())
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        settings = folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""  # its workers read below a folder that only we may enter
        settings.write_text(NGINX_SETTINGS.format(user=user, folder=folder, host=self.host), encoding="utf-8")
        self.daemon = Daemon(self.name, ["nginx", "-c", str(settings), "-e", "stderr"], folder / "log")

    def start(self) -> None:
        """Start it."""
        self.daemon.start(lambda: self.answers("/"))

    def fill(self, content: Content) -> None:
        """Lay the files where a registry would answer."""
        place = self.root / "v2" / REPOSITORY
        for folder in ("blobs", "manifests"):
            (place / folder).mkdir(parents=True)
        for blob in content.blobs:
            shutil.copy(blob.file, place / "blobs" / blob.digest)
        for reference in (TAG, content.manifest.digest):
            shutil.copy(content.manifest.file, place / "manifests" / reference)

    def daemons(self) -> list[Daemon]:
        """One program."""
        return [self.daemon]


def installed(program: str) -> str:
    """The path of a program, or nothing."""
    return shutil.which(program, path=environment()["PATH"]) or ""


def make(folder: Path) -> dict[str, Callable[[], Target]]:
    """Ways to make each server that this machine has the program for, by name."""
    makers: dict[str, Callable[[], Target]] = {KHO: lambda: Kho(folder / "kho")}
    if program := installed("docker-registry"):
        makers[BASELINE] = lambda: GoRegistry(BASELINE, program, folder / "docker-registry")
    if newer := installed("registry"):
        makers[DISTRIBUTION] = lambda: GoRegistry(DISTRIBUTION, newer, folder / "distribution")
    if installed("nginx"):
        makers[NGINX] = lambda: Nginx(folder / "nginx")
    return makers
