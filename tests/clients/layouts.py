"""OCI layouts of random bytes: images that nothing can run, of any size, without tools."""

import hashlib
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
LAYER: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG: Final = "application/vnd.oci.image.config.v1+json"
BLOCK: Final = 1024 * 1024


def of_random_layers(folder: Path, sizes: Sequence[int], *, seed: int = 1, tag: str = "1") -> Path:
    """Make a layout with one image of layers of these sizes in bytes, and return its folder."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    source = random.Random(seed)
    layers = [_layer(blobs, source, size) for size in sizes]
    diffs = {"type": "layers", "diff_ids": [each["digest"] for each in layers]}
    config = _put(blobs, CONFIG, {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": diffs})
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    named = _put(blobs, MANIFEST, manifest) | {"annotations": {"org.opencontainers.image.ref.name": tag}}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}), encoding="utf-8")
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")
    return folder


def _layer(blobs: Path, source: random.Random, size: int) -> dict[str, Any]:
    draft, digest = blobs / "draft", hashlib.sha256()
    with draft.open("wb") as file:
        for start in range(0, size, BLOCK):
            block = source.randbytes(min(BLOCK, size - start))
            digest.update(block)
            file.write(block)
    draft.rename(blobs / digest.hexdigest())
    return {"mediaType": LAYER, "digest": f"sha256:{digest.hexdigest()}", "size": size}


def _put(blobs: Path, media_type: str, value: dict[str, Any]) -> dict[str, Any]:
    content = json.dumps(value).encode()
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}
