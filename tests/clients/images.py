"""Real images, made on this machine and kept in the cache folder: Debian, busybox, and one for two platforms."""

import contextlib
import fcntl
import hashlib
import json
import os
import random
import shutil
import tarfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from tests.clients.processes import CACHE, Client

IMAGES: Final = CACHE / "images"
# A layer that gzip can't make smaller, so that the bytes on the wire are many.
HARD_TO_COMPRESS: Final = 24 * 1024 * 1024
TAG: Final = "1"
INDEX: Final = "application/vnd.oci.image.index.v1+json"

umoci = Client("umoci")
skopeo = Client("skopeo")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Let one process at a time build into the cache folder."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (IMAGES / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def kept(name: str, build: Callable[[Path], None]) -> Path:
    """Return the cache's entry of this name, built in a folder beside it when it is not there yet."""
    entry = IMAGES / name
    with alone():
        if not entry.exists():
            draft = IMAGES / f"{name}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            build(draft)
            os.replace(draft / "made", entry)
            shutil.rmtree(draft)
    return entry


def debian() -> Path:
    """An OCI layout, tag `1`: Debian 12 from its packages, some 170 MB, as the last of three layers.

    The engines under test copy all files for each layer upon the last one, so the large layer is on top.
    """
    return kept("debian-12-on-top", _build_debian)


def debian_archive() -> Path:
    """The same image as a docker archive, which engines load."""
    layout = debian()
    return kept("debian-12-on-top.tar", lambda draft: _archive(layout, draft))


def busybox() -> Path:
    """An OCI layout, tag `1`: a static busybox, one layer of 1 MB."""
    return kept("busybox", lambda draft: _build_busybox(draft, "amd64"))


def busybox_archive() -> Path:
    """The same as a docker archive."""
    layout = busybox()
    return kept("busybox.tar", lambda draft: _archive(layout, draft))


def two_platforms() -> Path:
    """An OCI layout, tag `1`: an index of two images, linux/amd64 and linux/arm64."""
    return kept("two-platforms", _build_two_platforms)


def fresh(folder: Path) -> Path:
    """Make an OCI layout in `folder`, tag `1`, of one small layer that nobody has seen before.

    podman, buildah and skopeo remember for the whole machine where they saw a layer; they can't know this one.
    """
    folder.mkdir(parents=True)
    layer = _tar(folder / "layer.tar", {"srv/random": os.urandom(100_000), "srv/zeros": bytes(1_000_000)})
    layout = folder / "layout"
    _new_layout(layout)
    umoci("raw", "add-layer", "--image", f"{layout}:{TAG}", str(layer))
    umoci("config", f"--image={layout}:{TAG}", "--architecture=amd64", "--os=linux")
    return layout


def _build_debian(draft: Path) -> None:
    root = draft / "root.tar"
    reach = {name: os.environ[name] for name in ("http_proxy", "https_proxy", "no_proxy") if name in os.environ}
    Client("mmdebstrap", env=reach)("--quiet", "--variant=minbase", "bookworm", str(root), timeout=900)
    seed = random.Random(12)
    parts = _tar(draft / "first.tar", {f"opt/kho/part-{n}": seed.randbytes(HARD_TO_COMPRESS // 8) for n in range(8)})
    note = _tar(draft / "second.tar", {"opt/kho/note": b"Made for the tests of a registry.\n"})
    layout = draft / "made"
    _new_layout(layout)
    for layer in (parts, note, root):
        umoci("raw", "add-layer", "--image", f"{layout}:{TAG}", str(layer))
    umoci("config", "--image", f"{layout}:{TAG}", "--architecture=amd64", "--os=linux", "--config.cmd=/bin/bash")
    umoci("gc", "--layout", str(layout))


def _build_busybox(draft: Path, architecture: str) -> None:
    binary = Path("/bin/busybox").read_bytes()
    files = {"bin/busybox": binary, "etc/architecture": architecture.encode()}
    layer = _tar(draft / f"{architecture}.tar", files, links={"bin/sh": "busybox", "bin/cat": "busybox"})
    layout = draft / "made"
    _new_layout(layout)
    umoci("raw", "add-layer", "--image", f"{layout}:{TAG}", str(layer))
    umoci(
        "config",
        f"--image={layout}:{TAG}",
        f"--architecture={architecture}",
        "--os=linux",
        "--config.cmd=/bin/sh",
        "--config.label=org.opencontainers.image.title=busybox",
    )
    umoci("gc", "--layout", str(layout))


def _build_two_platforms(draft: Path) -> None:
    made = draft / "made"
    children: list[dict[str, Any]] = []
    for architecture in ("amd64", "arm64"):
        part = draft / architecture
        part.mkdir()
        _build_busybox(part, architecture)
        shutil.copytree(part / "made", made, dirs_exist_ok=True)
        (child,) = json.loads((part / "made" / "index.json").read_text())["manifests"]
        platform = {"os": "linux", "architecture": architecture}
        children.append({name: child[name] for name in ("mediaType", "digest", "size")} | {"platform": platform})
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).encode()
    digest = hashlib.sha256(index).hexdigest()
    (made / "blobs" / "sha256" / digest).write_bytes(index)
    named = {
        "mediaType": INDEX,
        "digest": f"sha256:{digest}",
        "size": len(index),
        "annotations": {"org.opencontainers.image.ref.name": TAG},
    }
    (made / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))


def _new_layout(layout: Path) -> None:
    umoci("init", "--layout", str(layout))
    umoci("new", "--image", f"{layout}:{TAG}")


def _archive(layout: Path, draft: Path) -> None:
    name = f"kho.test/{layout.name}:{TAG}"
    skopeo("copy", "--quiet", f"oci:{layout}:{TAG}", f"docker-archive:{draft / 'made'}:{name}")


def _tar(path: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    """Write a tar file of executable files, with their folders, and symbolic links."""
    with tarfile.open(path, "w") as tar:
        folders = sorted({str(parent) for name in files for parent in Path(name).parents if str(parent) != "."})
        for folder in folders:
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, BytesIO(content))
        for name, target in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return path
