"""Podman and buildah: engines without a daemon, each with its own storage folder and its own file of logins."""

from pathlib import Path

from tests.clients.processes import Client, remove

PLAIN = "--tls-verify=false"


class Containers:
    """What podman and buildah have in common; `program` is either."""

    always: tuple[str, ...] = ()
    """Options of `pull` that make it ask the registry even if it has the image."""

    def __init__(self, program: str, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.logins = folder / "auth.json"
        self.logins.write_text("{}", encoding="utf-8")
        self.program = Client(
            program,
            f"--root={folder / 'root'}",
            f"--runroot={folder / 'run'}",
            "--storage-driver=vfs",
            env={"REGISTRY_AUTH_FILE": str(self.logins)},
        )

    def login(self, host: str, user: str, password: str) -> None:
        """Sign in; the login is kept in the folder."""
        self.program("login", PLAIN, "--username", user, "--password-stdin", host, text=password)

    def login_refused(self, host: str, user: str, password: str) -> str:
        """Sign in and fail."""
        return self.program.refused("login", PLAIN, "--username", user, "--password-stdin", host, text=password)

    def load(self, archive: Path, *references: str) -> None:
        """Pull from the archive file, then give the image the names."""
        loaded = self.program("pull", "--quiet", f"docker-archive:{archive}").splitlines()[-1]
        for reference in references:
            self.program("tag", loaded, reference)

    def push(self, reference: str) -> None:
        """Push under the image's own name."""
        self.program("push", "--quiet", PLAIN, reference)

    def push_refused(self, reference: str) -> str:
        """Push and fail."""
        return self.program.refused("push", "--quiet", PLAIN, reference)

    def pull(self, reference: str) -> None:
        """Pull the image."""
        self.program("pull", "--quiet", PLAIN, *self.always, reference)

    def pull_refused(self, reference: str) -> str:
        """Pull and fail."""
        return self.program.refused("pull", "--quiet", PLAIN, *self.always, reference)

    def image_id(self, reference: str) -> str:
        """The digest of the configuration."""
        return "sha256:" + self.program("images", "--quiet", "--no-trunc", reference).removeprefix("sha256:")

    def remove(self, reference: str) -> None:
        """Remove the image."""
        self.program("rmi", reference)

    def close(self) -> None:
        """Remove the storage; nothing runs."""
        remove(self.folder)


class Podman(Containers):
    """`podman`."""

    def __init__(self, folder: Path) -> None:
        super().__init__("podman", folder)

    def run(self, reference: str, *command: str) -> str:
        """`podman run` without network; the limits are those that a container without privileges may set."""
        limits = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")
        return self.program("--runtime=runc", "run", "--rm", "--network=none", *limits, reference, *command)


class Buildah(Containers):
    """`buildah`."""

    always = ("--policy=always",)

    def __init__(self, folder: Path) -> None:
        super().__init__("buildah", folder)

    def run(self, reference: str, *command: str) -> str:
        """A working container from the image, and `buildah run` in it with chroot isolation."""
        container = self.program("from", "--pull-never", reference)
        try:
            return self.program("run", "--isolation=chroot", container, "--", *command)
        finally:
            self.program("rm", container)
