"""oras: pushes, pulls, attaches and discovers artifacts of any type."""

import json
from pathlib import Path
from typing import Any

from tests.clients.processes import Client


class Oras:
    """`oras` with its own file of logins, working in its own folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.oras = Client("oras", env={"DOCKER_CONFIG": str(folder / "oras-home")}, folder=folder)

    def login(self, host: str, user: str, password: str) -> None:
        """`oras login`."""
        self.oras("login", "--plain-http", "--username", user, "--password-stdin", host, text=password)

    def login_refused(self, host: str, user: str, password: str) -> str:
        """`oras login` that fails."""
        return self.oras.refused("login", "--plain-http", "--username", user, "--password-stdin", host, text=password)

    def push(self, reference: str, *files: str, options: tuple[str, ...] = ()) -> str:
        """`oras push` of files (`name:media/type`) in the working folder; returns the manifest's digest."""
        return self._digest(self.oras("push", "--plain-http", "--format", "json", *options, reference, *files))

    def push_refused(self, reference: str, *files: str) -> str:
        """`oras push` that fails."""
        return self.oras.refused("push", "--plain-http", reference, *files)

    def attach(self, reference: str, artifact_type: str, *files: str) -> str:
        """`oras attach` of files to the image `reference`; returns the new manifest's digest."""
        return self._digest(
            self.oras("attach", "--plain-http", "--format", "json", "--artifact-type", artifact_type, reference, *files)
        )

    def discover(self, reference: str, *options: str) -> list[dict[str, Any]]:
        """`oras discover`: what refers to the image, in one level."""
        text = self.oras("discover", "--plain-http", "--format", "json", "--depth", "1", *options, reference)
        return list(json.loads(text)["referrers"] or [])

    def pull(self, reference: str, folder: Path) -> None:
        """`oras pull` into `folder`."""
        self.oras("pull", "--plain-http", "--output", str(folder), reference)

    def pull_refused(self, reference: str) -> str:
        """`oras pull` that fails."""
        return self.oras.refused("pull", "--plain-http", reference)

    def manifest(self, reference: str) -> dict[str, Any]:
        """`oras manifest fetch`: the manifest itself."""
        answer: dict[str, Any] = json.loads(self.oras("manifest", "fetch", "--plain-http", reference))
        return answer

    def _digest(self, text: str) -> str:
        return str(json.loads(text)["digest"])
