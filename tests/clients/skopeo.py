"""skopeo: copies images between registries, folders and archives without an engine."""

import json
from pathlib import Path
from typing import Any, Final

from tests.clients.processes import Client

PLAIN: Final = ("--quiet", "--src-tls-verify=false", "--dest-tls-verify=false")


class Skopeo:
    """`skopeo` with its own file of logins."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.skopeo = Client("skopeo", env={"REGISTRY_AUTH_FILE": str(folder / "skopeo-auth.json")})

    def login(self, host: str, user: str, password: str) -> None:
        """`skopeo login`."""
        self.skopeo("login", "--tls-verify=false", "--username", user, "--password-stdin", host, text=password)

    def login_refused(self, host: str, user: str, password: str) -> str:
        """`skopeo login` that fails."""
        return self.skopeo.refused(
            "login", "--tls-verify=false", "--username", user, "--password-stdin", host, text=password
        )

    def copy(self, source: str, destination: str, *options: str) -> None:
        """`skopeo copy`; places in skopeo's words, such as `oci:<folder>:<tag>` or `docker://<reference>`."""
        self.skopeo("copy", *PLAIN, *options, source, destination)

    def copy_refused(self, source: str, destination: str, *options: str) -> str:
        """`skopeo copy` that fails."""
        return self.skopeo.refused("copy", *PLAIN, *options, source, destination)

    def inspect(self, image: str, *options: str) -> dict[str, Any]:
        """`skopeo inspect`, its JSON."""
        answer: dict[str, Any] = json.loads(self.skopeo("inspect", "--tls-verify=false", *options, image))
        return answer

    def digest(self, image: str) -> str:
        """The digest of the manifest (of the index, if the name stands for one)."""
        return self.skopeo("inspect", "--tls-verify=false", "--format", "{{.Digest}}", image)

    def list_tags(self, repository: str) -> list[str]:
        """`skopeo list-tags`."""
        answer = json.loads(self.skopeo("list-tags", "--tls-verify=false", f"docker://{repository}"))
        return list(answer["Tags"])

    def delete(self, reference: str) -> None:
        """`skopeo delete`."""
        self.skopeo("delete", "--tls-verify=false", f"docker://{reference}")
