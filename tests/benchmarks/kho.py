"""Kho as a target, and Kho behind the gateway of a deployment."""

import base64
import json
import os
import re
from pathlib import Path

from config.deploy import local
from tests.benchmarks import wire
from tests.benchmarks.content import Content
from tests.benchmarks.targets import KHO, REPOSITORY, Target
from tests.clients import tenants
from tests.clients.processes import Daemon, free_port
from tests.clients.server import Server


class Kho(Target):
    """Kho as `make run` starts it, on SQLite and files: two web workers, the task worker and beat."""

    name = KHO

    def __init__(self, folder: Path, name: str = KHO, settings: dict[str, str] | None = None) -> None:
        self.name = name
        self.server = Server(folder, settings=settings or {})
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

    def close(self) -> None:
        """End them, and what ran commands."""
        super().close()
        self.server.stop()


class Fronted(Target):
    """Another Kho behind the gateway of a deployment, without TLS: early answers from its cache, blobs by nginx."""

    name = "Kho behind nginx"

    def __init__(self, folder: Path) -> None:
        super().__init__(free_port())
        folder.mkdir(parents=True)
        behind = {"KHO_DELIVERY": "accel", "KHO_TRUSTED_PROXIES": "127.0.0.1"}
        self.kho = Kho(folder / "kho", self.name, behind)
        self.daemon = Daemon("gateway", ["nginx", "-c", str(self._settings(folder)), "-e", "stderr"], folder / "log")

    def _settings(self, folder: Path) -> Path:
        """The deployment's own template, with a plain listener, since nginx beside it has one too."""
        server, spool = self.kho.server, self.kho.server.data / "spool"
        spool.mkdir()
        values = {
            "KHO_HTTP": f"127.0.0.1:{free_port()}",
            "KHO_TLS": self.host,
            "KHO_TLS_CERTIFICATE": "-",
            "KHO_TLS_KEY": "-",
            "KHO_WEB_NODES": f"server 127.0.0.1:{server.port} max_fails=0;",
            "KHO_S3_NODE": "127.0.0.1:9",
            "KHO_S3_BUCKET": "none",
            "KHO_SPOOL": str(spool),
            "KHO_BLOBS": str(server.data / "blobs"),
            "KHO_CACHE": str(folder / "early"),
        }
        site = re.sub(r" ssl http2;", ";", local.gateway_site(values))
        site = re.sub(r"^ *ssl_.*$", "", site, flags=re.MULTILINE)
        user = "user root;" if os.geteuid() == 0 else ""
        settings = folder / "nginx.conf"
        settings.write_text(local.NGINX.format(folder=folder, user=user, site=site), encoding="utf-8")
        return settings

    def start(self) -> None:
        """Start both."""
        self.kho.start()
        self.daemon.start(lambda: self.answers("/readyz"))

    def close(self) -> None:
        """End both."""
        super().close()
        self.kho.close()

    def fill(self, content: Content) -> None:
        """Push the image to the Kho behind."""
        self.kho.fill(content)

    def repository(self, *, login: bool) -> str:
        """Kho's."""
        return self.kho.repository(login=login)

    def private(self, name: str) -> str:
        """Kho's."""
        return self.kho.private(name)

    def headers(self, *, login: bool) -> dict[str, str]:
        """Kho's."""
        return self.kho.headers(login=login)

    def login(self) -> tuple[str, str]:
        """Kho's."""
        return self.kho.login()

    def daemons(self) -> list[Daemon]:
        """The gateway, and Kho's."""
        return [self.daemon, *self.kho.daemons()]
