"""The servers that Kho is measured against: two other registries, and nginx with the same bytes as files."""

import json
import os
import shutil
from pathlib import Path
from typing import Final

from tests.benchmarks.content import TAG, Content
from tests.benchmarks.targets import NGINX, REPOSITORY, Target
from tests.clients.processes import Daemon, free_port


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
