"""What every server holds: one image of usual shape, with blobs of three sizes, and a file to upload."""

import hashlib
import json
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MANIFEST_TYPE: Final = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE: Final = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
TAG: Final = "1"
BLOCK: Final = 1024 * 1024
OTHER_LAYERS: Final = (20_000, 300_000)
"""Sizes of the layers that nothing asks for; they give the manifest its usual size."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the blobs are, in bytes."""

    large: int = 256 * BLOCK
    upload: int = 512 * BLOCK
    small: int = 1024
    medium: int = BLOCK


QUICK_SIZES: Final = Sizes(large=8 * BLOCK, upload=8 * BLOCK)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes in a file, with their digest."""

    digest: str
    size: int
    file: Path


class Content:
    """The image: its manifest, and its blobs as files of a folder."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self.sizes = sizes
        self.small = self._random("small", sizes.small)
        self.medium = self._random("medium", sizes.medium)
        self.large = self._random("large", sizes.large)
        others = [self._random(f"other-{size}", size) for size in OTHER_LAYERS]
        settings = {
            "os": "linux",
            "architecture": "amd64",
            "config": {"Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers"},
        }
        config = self._piece("config", json.dumps(settings).encode())
        self.blobs = (config, self.small, self.medium, *others, self.large)
        entries = [
            {"mediaType": LAYER_TYPE if blob is not config else CONFIG_TYPE, "digest": blob.digest, "size": blob.size}
            for blob in self.blobs
        ]
        body = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": entries[0], "layers": entries[1:]}
        self.manifest = self._piece("manifest", json.dumps(body).encode())

    def new_upload(self) -> Piece:
        """A file of the size of an upload that no server knows: its first block is new each time."""
        file = self._folder / "upload"
        if not file.exists():
            self._random("upload", self.sizes.upload)
        with file.open("r+b") as stream:
            stream.write(os.urandom(min(BLOCK, self.sizes.upload)))
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Piece(f"sha256:{digest}", self.sizes.upload, file)

    def _random(self, name: str, size: int) -> Piece:
        """Bytes that are the same in each run, so that runs can be compared."""
        source, file, hashed = random.Random(name), self._folder / name, hashlib.sha256()
        with file.open("wb") as stream:
            for start in range(0, size, BLOCK):
                block = source.randbytes(min(BLOCK, size - start))
                hashed.update(block)
                stream.write(block)
        return Piece(f"sha256:{hashed.hexdigest()}", size, file)

    def _piece(self, name: str, body: bytes) -> Piece:
        file = self._folder / name
        file.write_bytes(body)
        return Piece(f"sha256:{hashlib.sha256(body).hexdigest()}", len(body), file)
