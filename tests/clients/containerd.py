"""A containerd with its own content, state and socket, driven by `ctr`."""

import json
from pathlib import Path

from tests.clients.processes import Client, Daemon, remove

CONFIG = """\
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "{folder}/s.sock"
[ttrpc]
  address = "{folder}/t.sock"
"""
COPYING = "--snapshotter=native"
INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")


class Containerd:
    """A running containerd. `ctr` keeps no logins: the credentials go with each call."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.credentials: tuple[str, ...] = ()
        config = folder / "config.toml"
        config.write_text(CONFIG.format(folder=folder), encoding="utf-8")
        self.ctr = Client("ctr", "--address", str(folder / "s.sock"))
        self.daemon = Daemon("containerd", ["containerd", "--config", str(config)], folder / "containerd.log")
        self.daemon.start(self._is_ready)

    def _is_ready(self) -> bool:
        return (self.folder / "s.sock").exists() and self.ctr.attempt("version", timeout=10).returncode == 0

    def login(self, host: str, user: str, password: str) -> None:
        """Remember the credentials; containerd has no login of its own."""
        self.credentials = ("--user", f"{user}:{password}")

    def login_refused(self, host: str, user: str, password: str) -> str:
        """Expect that a private image can't be fetched with these credentials."""
        private = f"{host}/000000000000/none:1"
        return self.ctr.refused("images", "pull", "--plain-http", "--user", f"{user}:{password}", private)

    def load(self, archive: Path, *references: str) -> None:
        """`ctr images import`, then `tag`."""
        before = self._names()
        self.ctr("images", "import", COPYING, str(archive))
        (new,) = self._names() - before
        for reference in references:
            self.ctr("images", "tag", new, reference)

    def _names(self) -> set[str]:
        return set(self.ctr("images", "list", "--quiet").split())

    def push(self, reference: str) -> None:
        """`ctr images push`."""
        self.ctr("images", "push", "--plain-http", *self.credentials, reference)

    def push_refused(self, reference: str) -> str:
        """`ctr images push` that fails."""
        return self.ctr.refused("images", "push", "--plain-http", *self.credentials, reference)

    def pull(self, reference: str) -> None:
        """`ctr images pull`."""
        self.ctr("images", "pull", COPYING, "--plain-http", *self.credentials, reference)

    def pull_through(self, hosts: Path, reference: str) -> None:
        """`ctr images pull` with a folder that says how each host is reached (`<host>/hosts.toml`)."""
        self.ctr("images", "pull", COPYING, "--hosts-dir", str(hosts), *self.credentials, reference)

    def pull_refused(self, reference: str) -> str:
        """`ctr images pull` that fails."""
        return self.ctr.refused("images", "pull", COPYING, "--plain-http", *self.credentials, reference)

    def image_id(self, reference: str) -> str:
        """The digest of the configuration, read from the manifest (of an index: from its first manifest)."""
        rows = (line.split() for line in self.ctr("images", "list").splitlines())
        digest = next(row[2] for row in rows if row[0] == reference)
        manifest = json.loads(self.ctr("content", "get", digest))
        if manifest["mediaType"] in INDEXES:
            manifest = json.loads(self.ctr("content", "get", manifest["manifests"][0]["digest"]))
        return str(manifest["config"]["digest"])

    def remove(self, reference: str) -> None:
        """`ctr images remove`, until its content is collected."""
        self.ctr("images", "remove", "--sync", reference)

    def run(self, reference: str, *command: str) -> str:
        """`ctr run` in a new container, which has no network unless asked for."""
        return self.ctr("run", "--rm", COPYING, reference, "one-run", *command)

    def close(self) -> None:
        """Stop the daemon and remove its folder."""
        self.daemon.stop()
        remove(self.folder)
