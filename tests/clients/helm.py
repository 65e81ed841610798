"""Helm 3 with its own folder of settings, logins and caches."""

from pathlib import Path

from tests.clients.processes import Client


class Helm:
    """`helm`, talking to registries without TLS."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.helm = Client(
            "helm",
            env={f"HELM_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")},
            folder=folder,
        )

    def login(self, host: str, user: str, password: str) -> None:
        """`helm registry login`."""
        self.helm("registry", "login", "--plain-http", "--username", user, "--password-stdin", host, text=password)

    def login_refused(self, host: str, user: str, password: str) -> str:
        """`helm registry login` that fails."""
        return self.helm.refused(
            "registry", "login", "--plain-http", "--username", user, "--password-stdin", host, text=password
        )

    def chart(self, name: str, version: str) -> Path:
        """Make a chart as `helm create` does and return its package."""
        self.helm("create", name)
        self.helm("package", name, "--version", version)
        return self.folder / f"{name}-{version}.tgz"

    def push(self, package: Path, repository: str) -> None:
        """`helm push` below `oci://<repository>`; the chart's name is added by Helm."""
        self.helm("push", "--plain-http", str(package), f"oci://{repository}")

    def push_refused(self, package: Path, repository: str) -> str:
        """`helm push` that fails."""
        return self.helm.refused("push", "--plain-http", str(package), f"oci://{repository}")

    def pull(self, reference: str, version: str, folder: Path) -> Path:
        """`helm pull oci://<reference>` into `folder`, and return the package."""
        folder.mkdir(parents=True, exist_ok=True)
        self.helm("pull", "--plain-http", f"oci://{reference}", "--version", version, "--destination", str(folder))
        return folder / f"{reference.rpartition('/')[2]}-{version}.tgz"

    def pull_refused(self, reference: str, version: str) -> str:
        """`helm pull` that fails."""
        return self.helm.refused("pull", "--plain-http", f"oci://{reference}", "--version", version)

    def show_chart(self, reference: str, version: str) -> str:
        """`helm show chart`: the chart's own description, as YAML."""
        return self.helm("show", "chart", "--plain-http", f"oci://{reference}", "--version", version)
