"""Makes small images and indexes in memory: files in; layers, configs and manifests out, the same for the same files.

OCI Image Specification 1.1.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from registry.values import Digest

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
INDEX: Final = "application/vnd.oci.image.index.v1+json"
CONFIG: Final = "application/vnd.oci.image.config.v1+json"
LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
CREATED: Final = "org.opencontainers.image.created"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes with their media type."""

    media_type: str
    data: bytes
    digest: Digest = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", Digest.of(self.data))

    def descriptor(self, **more: Any) -> Json:
        """How a manifest names it."""
        return {"mediaType": self.media_type, "digest": str(self.digest), "size": len(self.data), **more}


@dataclass(frozen=True, slots=True)
class Artifact:
    """A manifest and what must be pushed before it: blobs, or the children of an index."""

    manifest: Content
    blobs: tuple[Content, ...] = ()
    children: tuple["Artifact", ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file of a layer."""

    data: bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Platform:
    """What an image runs on."""

    architecture: str
    variant: str = ""
    os: str = "linux"

    def as_json(self) -> Json:
        """As config and index write it."""
        variant = {"variant": self.variant} if self.variant else {}
        return {"architecture": self.architecture, "os": self.os, **variant}


def image(
    files: Mapping[str, File],
    platform: Platform,
    created: datetime,
    *,
    command: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Artifact:
    """Make an image of one layer, which runs `command`."""
    archive = tar(files, created)
    layer = Content(LAYER, compressed(archive))
    settings: Json = {"Cmd": list(command)} if command else {}
    if labels:
        settings["Labels"] = dict(labels)
    config: Json = {
        "created": timestamp(created),
        **platform.as_json(),
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(archive).hexdigest()}"]},
        "history": [{"created": timestamp(created), "created_by": "kho"}],
    }
    return manifest(Content(CONFIG, encoded(config)), [layer], annotations=annotations)


def index(children: Mapping[Platform, Artifact], *, annotations: Mapping[str, str] | None = None) -> Artifact:
    """Make an index over images, by platform."""
    entries = [child.manifest.descriptor(platform=platform.as_json()) for platform, child in children.items()]
    body: Json = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    if annotations:
        body["annotations"] = dict(annotations)
    return Artifact(Content(INDEX, encoded(body)), children=tuple(children.values()))


def manifest(config: Content, layers: Sequence[Content], *, annotations: Mapping[str, str] | None = None) -> Artifact:
    """Make the manifest of a config and its layers."""
    body: Json = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor() for layer in layers],
    }
    if annotations:
        body["annotations"] = dict(annotations)
    return Artifact(Content(MANIFEST, encoded(body)), (config, *layers))


def tar(files: Mapping[str, File], created: datetime) -> bytes:
    """Pack files by their paths, in order, with the folders above them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for folder in _folders(files):
            archive.addfile(_entry(folder, tarfile.DIRTYPE, 0o755, created))
        for path, file in files.items():
            entry = _entry(path, tarfile.REGTYPE, file.mode, created)
            entry.size = len(file.data)
            archive.addfile(entry, io.BytesIO(file.data))
    return buffer.getvalue()


def _folders(paths: Mapping[str, File]) -> list[str]:
    """The folders that the paths lie in, each before those inside it."""
    parts = (path.split("/")[:-1] for path in paths)
    return sorted({"/".join(folders[: depth + 1]) for folders in parts for depth in range(len(folders))})


def _entry(path: str, kind: bytes, mode: int, created: datetime) -> tarfile.TarInfo:
    """An archive's entry that belongs to root."""
    entry = tarfile.TarInfo(path)
    entry.type, entry.mode, entry.mtime = kind, mode, int(created.timestamp())
    entry.uname = entry.gname = "root"
    return entry


def compressed(data: bytes) -> bytes:
    """Compress without writing the time, so that the same bytes give the same digest."""
    return gzip.compress(data, mtime=0)


def encoded(value: Json) -> bytes:
    """JSON as it is pushed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def timestamp(moment: datetime) -> str:
    """RFC 3339, in whole seconds."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
