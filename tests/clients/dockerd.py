"""A Docker daemon with its own images, containers and logins; two of them side by side are two machines."""

import base64
import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.clients.processes import Client, Daemon, remove

# Debian's command line, which is as old as its daemon: what it needs from a registry, newer ones accept too.
DOCKER: Final = "/usr/bin/docker"


class Dockerd:
    """A running dockerd and the `docker` command that speaks to it; both are started by way of `inside`, if given."""

    def __init__(self, folder: Path, *, inside: Sequence[str] = (), env: Mapping[str, str] | None = None) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.home = folder / "home"
        socket = f"unix://{folder / 's.sock'}"
        client_env = {"DOCKER_CONFIG": str(self.home), **(env or {})}
        self.docker = Client(*inside, DOCKER, "--host", socket, env=client_env)
        self.daemon = Daemon(
            "dockerd",
            [
                *inside,
                "dockerd",
                f"--data-root={folder / 'data'}",
                f"--exec-root={folder / 'exec'}",
                f"--pidfile={folder / 'pid'}",
                f"--host={socket}",
                "--bridge=none",
                "--iptables=false",
                "--ip6tables=false",
                "--storage-driver=vfs",
                "--insecure-registry=127.0.0.0/8",
            ],
            folder / "dockerd.log",
            env=env,
        )
        self.daemon.start(self._is_ready)

    def _is_ready(self) -> bool:
        return (self.folder / "s.sock").exists() and self.docker.attempt("version", timeout=10).returncode == 0

    def typed(self, line: str, *, password: str = "") -> None:
        """Run a command as a page of Kho shows it; `password` is what docker asks for, which it asks terminals only."""
        program, *words = shlex.split(line)
        assert program == "docker", line
        self.docker(*words, *(["--password-stdin"] if password else []), text=password or None)

    def login(self, host: str, user: str, password: str) -> None:
        """`docker login`."""
        self.docker("login", "--username", user, "--password-stdin", host, text=password)

    def attempt_login(self, host: str, user: str, password: str) -> str:
        """`docker login`, whatever comes of it; what it said."""
        done = self.docker.attempt("login", "--username", user, "--password-stdin", host, text=password)
        return done.stdout + done.stderr

    def login_refused(self, host: str, user: str, password: str) -> str:
        """`docker login` that fails."""
        return self.docker.refused("login", "--username", user, "--password-stdin", host, text=password)

    def remember(self, host: str, user: str, password: str) -> None:
        """Leave a login in the settings as `docker login` would have, without asking the registry."""
        self.home.mkdir(exist_ok=True)
        login = {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}
        (self.home / "config.json").write_text(json.dumps({"auths": {host: login}}), encoding="utf-8")

    def logout(self, host: str) -> None:
        """`docker logout`."""
        self.docker("logout", host)

    def load(self, archive: Path, *references: str) -> None:
        """`docker load`, then `docker tag`."""
        loaded = self.docker("load", "--quiet", "--input", str(archive)).partition(": ")[2]
        for reference in references:
            self.docker("tag", loaded, reference)

    def push(self, reference: str) -> None:
        """`docker push`."""
        self.docker("push", "--quiet", reference)

    def push_refused(self, reference: str) -> str:
        """`docker push` that fails."""
        return self.docker.refused("push", "--quiet", reference)

    def pull(self, reference: str) -> None:
        """`docker pull`."""
        self.docker("pull", "--quiet", reference)

    def try_pull(self, reference: str) -> bool:
        """`docker pull`; whether it worked."""
        return self.docker.attempt("pull", "--quiet", reference).returncode == 0

    def pull_refused(self, reference: str) -> str:
        """`docker pull` that fails."""
        return self.docker.refused("pull", "--quiet", reference)

    def image_id(self, reference: str) -> str:
        """The image id as `docker inspect` shows it."""
        return self.docker("image", "inspect", "--format", "{{.Id}}", reference)

    def remove(self, reference: str) -> None:
        """`docker rmi`."""
        self.docker("rmi", reference)

    def run(self, reference: str, *command: str) -> str:
        """`docker run` without network."""
        return self.docker("run", "--rm", "--network=none", reference, *command)

    def close(self) -> None:
        """Stop the daemon, which ends its containers, and remove its folder."""
        self.daemon.stop(seconds=60)
        remove(self.folder)
