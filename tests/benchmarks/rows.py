"""What is measured, one row each, and the goals."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tests.benchmarks import load, wire
from tests.benchmarks.content import MANIFEST_TYPE, TAG, Content, Piece
from tests.benchmarks.targets import Target
from tests.benchmarks.wire import WrongAnswer
from tests.clients import images
from tests.clients.processes import environment
from tests.clients.skopeo import PLAIN, Skopeo

BY_TAG: Final = "tag"
BY_DIGEST: Final = "digest"
SMALL: Final = "small"
MEDIUM: Final = "medium"
LOGINS: Final = "skopeo-auth.json"


@dataclass(frozen=True, slots=True)
class Settings:
    """How long and how often, and with what."""

    content: Content
    folder: Path
    seconds: int = 3
    rounds: int = 3
    pulls: int = 50


class Measure(Protocol):
    """One way to load a server. `registries_only`: files in folders can't answer it."""

    @property
    def registries_only(self) -> bool:
        """Whether only registries are measured."""

    def check(self, target: Target, settings: Settings) -> None:
        """Raise WrongAnswer unless what will be measured answers rightly; prepare what has to be there."""

    def run(self, target: Target, settings: Settings) -> float:
        """Load it once and return the number."""


@dataclass(frozen=True, slots=True)
class Requests:
    """Many small requests at once for one thing, with or without login; requests per second."""

    what: str
    login: bool
    head: bool = False
    registries_only: bool = False

    def check(self, target: Target, settings: Settings) -> None:
        """Compare one answer with what was pushed."""
        path, piece = self._path(target, settings.content)
        wire.check(target.port, path, self._headers(target), piece, head=self.head)

    def run(self, target: Target, settings: Settings) -> float:
        """Requests per second."""
        path, _ = self._path(target, settings.content)
        send = load.heads if self.head else load.gets
        return send(f"http://{target.host}{path}", self._headers(target), settings.seconds)

    def _headers(self, target: Target) -> dict[str, str]:
        return {"Accept": MANIFEST_TYPE, **target.headers(login=self.login)}

    def _path(self, target: Target, content: Content) -> tuple[str, Piece]:
        base = f"/v2/{target.repository(login=self.login)}"
        if self.what in (BY_TAG, BY_DIGEST):
            reference = TAG if self.what == BY_TAG else content.manifest.digest
            return f"{base}/manifests/{reference}", content.manifest
        piece = content.small if self.what == SMALL else content.medium
        return f"{base}/blobs/{piece.digest}", piece


@dataclass(frozen=True, slots=True)
class Download:
    """One client that reads the large blob again and again; GB/s."""

    registries_only: bool = False

    def check(self, target: Target, settings: Settings) -> None:
        """Compare all its bytes with what was pushed."""
        wire.check(
            target.port, self._path(target, settings), target.headers(login=True), settings.content.large, head=False
        )

    def run(self, target: Target, settings: Settings) -> float:
        """Downloads until the time is over, each over a new connection."""
        headers, size = target.headers(login=True), settings.content.large.size
        spent, count = 0.0, 0
        while spent < settings.seconds:
            spent += wire.download(target.port, self._path(target, settings), headers, size)
            count += 1
        return count * size / spent / 1e9

    def _path(self, target: Target, settings: Settings) -> str:
        return f"/v2/{target.repository(login=True)}/blobs/{settings.content.large.digest}"


@dataclass(frozen=True, slots=True)
class Upload:
    """One client that pushes a large blob that is new to the server; MB/s."""

    registries_only: bool = True

    def check(self, target: Target, settings: Settings) -> None:
        """Upload once, and compare what comes back."""
        piece = settings.content.new_upload()
        repository = target.repository(login=True)
        wire.upload(target.port, repository, target.headers(login=True), piece)
        wire.check(target.port, f"/v2/{repository}/blobs/{piece.digest}", target.headers(login=True), piece, head=False)

    def run(self, target: Target, settings: Settings) -> float:
        """One upload. What earlier ones left for the disk is written first."""
        piece, headers = settings.content.new_upload(), target.headers(login=True)
        os.sync()
        return piece.size / wire.upload(target.port, target.repository(login=True), headers, piece) / 1e6


@dataclass(frozen=True, slots=True)
class Pulls:
    """Many skopeo processes that start at the same moment and pull one small image; seconds for all."""

    login: bool
    registries_only: bool = True

    def check(self, target: Target, settings: Settings) -> None:
        """Push the image with login, and leave the login there if the pulls need it."""
        folder = self._folder(target, settings)
        skopeo = Skopeo(folder)
        if login := target.login():
            skopeo.login(target.host, *login)
        skopeo.copy(f"oci:{images.busybox()}:{images.TAG}", self._source(target))
        if not self.login:
            (folder / LOGINS).unlink(missing_ok=True)

    def run(self, target: Target, settings: Settings) -> float:
        """Start all, wait for all."""
        folder = self._folder(target, settings)
        env = environment({"REGISTRY_AUTH_FILE": str(folder / LOGINS)})
        pulled = Path(tempfile.mkdtemp(dir=folder))
        command = ["skopeo", "copy", *PLAIN, self._source(target)]
        begun = time.perf_counter()
        running = [
            subprocess.Popen([*command, f"dir:{pulled / str(n)}"], env=env, stdin=subprocess.DEVNULL)
            for n in range(settings.pulls)
        ]
        failed = sum(bool(process.wait(300)) for process in running)
        seconds = time.perf_counter() - begun
        manifests = {file.read_bytes() for file in pulled.glob("*/manifest.json")}
        shutil.rmtree(pulled)
        if failed or len(manifests) != 1:
            raise WrongAnswer(f"{failed} of {settings.pulls} pulls by skopeo failed, or they got different images")
        return seconds

    def _folder(self, target: Target, settings: Settings) -> Path:
        return settings.folder / "skopeo" / f"{target.host}-{self.login}"

    def _source(self, target: Target) -> str:
        return f"docker://{target.host}/{target.repository(login=self.login)}:busybox"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `goal` is how many times docker-registry's speed; `of_nginx` a part of nginx's own.

    `less_is_better` is for times; `measure` is None where the numbers come from elsewhere.
    """

    key: str
    title: str
    goal: float
    measure: Measure | None
    unit: str = "requests/s"
    of_nginx: float | None = None
    less_is_better: bool = False


ROWS: Final = (
    Row("manifest-tag-login", "manifest by tag, with login", 4, Requests(BY_TAG, True)),
    Row("manifest-tag-public", "manifest by tag, public", 4, Requests(BY_TAG, False)),
    Row("manifest-digest-login", "manifest by digest, with login", 4, Requests(BY_DIGEST, True)),
    Row("manifest-digest-public", "manifest by digest, public", 10, Requests(BY_DIGEST, False), of_nginx=0.45),
    Row("head-manifest-login", "HEAD manifest by tag, with login", 4, Requests(BY_TAG, True, head=True)),
    Row("head-blob-login", "HEAD blob, with login", 4, Requests(SMALL, True, head=True)),
    Row("head-blob-public", "HEAD blob, public", 4, Requests(SMALL, False, head=True)),
    Row("blob-1k-login", "blob of 1 KiB, with login", 8, Requests(SMALL, True)),
    Row("blob-1k-public", "blob of 1 KiB, public", 8, Requests(SMALL, False), of_nginx=0.45),
    Row("blob-1m-login", "blob of 1 MiB, with login", 3.5, Requests(MEDIUM, True)),
    Row("blob-1m-public", "blob of 1 MiB, public", 3.5, Requests(MEDIUM, False)),
    Row("download", "large download, with login", 1.0, Download(), unit="GB/s", of_nginx=0.8),
    Row("upload", "large upload, one PATCH, with login", 1.3, Upload(), unit="MB/s"),
    Row("skopeo-login", "50 pulls by skopeo at once, with login", 1.0, Pulls(True), unit="s", less_is_better=True),
    Row("skopeo-public", "50 pulls by skopeo at once, public", 1.0, Pulls(False), unit="s", less_is_better=True),
    Row("docker-push", "docker push", 1.0, None, unit="s", less_is_better=True),
    Row("docker-pull", "docker pull", 1.0, None, unit="s", less_is_better=True),
)
GROWTH_ROWS: Final = ("manifest-tag-login", "manifest-digest-public", "head-blob-login", "blob-1k-login")
MOST_LOST_BY_GROWTH: Final = 0.1
MOST_MIB_OF_A_WEB_WORKER: Final = 150


def chosen(words: Sequence[str]) -> list[Row]:
    """The rows whose keys hold one of the words; all, if there are none."""
    return [row for row in ROWS if not words or any(word in row.key for word in words)]
