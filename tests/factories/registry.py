"""Makes accounts' repositories, blobs, images and indexes through the core, as a client would."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from accounts.caller import Caller
from accounts.iam.request import EVERYTHING, SubjectKind
from accounts.models import Account
from registry.content import charts
from registry.content.charts import Chart
from registry.content.writing import Artifact
from registry.core import addresses, images, repositories, uploads
from registry.models import Image, Repository
from registry.values import Address, Digest, ImageTag

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def make_caller(account_id: str, name: str, **fields: Any) -> Caller:
    """A user of an account who may do everything there, unless `rights` say otherwise."""
    known: dict[str, Any] = {"kind": SubjectKind.USER, "name": name, "unique_id": f"AIDA{name.upper()}"}
    known |= {"rights": EVERYTHING} | fields
    return Caller(account_id=account_id, principal_arn=f"arn:aws:iam::{account_id}:user/{name}", **known)


def make_account(account_id: str, name: str = "") -> Account:
    """An account's bare row."""
    return Account.objects.create(id=account_id, name=name or f"Account {account_id}")


def make_repository(caller: Caller, name: str = "team/app", **fields: Any) -> Repository:
    """A private repository in the home region."""
    return repositories.create(caller, addresses.private(caller.account_id, name), **fields)


def make_public_repository(caller: Caller, name: str = "app") -> Repository:
    """A public repository."""
    return repositories.create(caller, addresses.public(caller.account_id, name))


def push_blob(caller: Caller, address: Address, content: bytes) -> dict[str, Any]:
    """Push bytes as a blob and return its descriptor, as a layer."""
    digest = Digest.of(content)
    uploads.put_whole(caller, address, digest, [content], length=len(content))
    return {"mediaType": OCI_LAYER, "digest": str(digest), "size": len(content)}


def manifest_bytes(config: dict[str, Any], layers: list[dict[str, Any]], **more: Any) -> bytes:
    """An OCI image manifest."""
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers, **more}
    return json.dumps(manifest).encode()


def push_image(
    caller: Caller,
    address: Address,
    tag: str = "",
    *,
    layers: list[bytes] | None = None,
    architecture: str = "amd64",
    labels: dict[str, str] | None = None,
    config: bytes = b"",
    **more: Any,
) -> Image:
    """Push an image with a config of its own (or the bytes of one), under a tag or by digest alone."""
    made = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Labels": labels or {}},
        "rootfs": {"type": "layers", "diff_ids": []},
        "comment": secrets.token_hex(8),
    }
    descriptor = push_blob(caller, address, config or json.dumps(made).encode()) | {"mediaType": OCI_CONFIG}
    pushed = [push_blob(caller, address, layer) for layer in layers or [secrets.token_bytes(64)]]
    content = manifest_bytes(descriptor, pushed, **more)
    reference = ImageTag.parse(tag) if tag else Digest.of(content)
    return images.put(caller, address, reference, OCI_MANIFEST, content).image


def push_artifact(caller: Caller, address: Address, artifact: Artifact, tag: str = "") -> Image:
    """Push what an artifact made in memory needs, then its manifest."""
    for child in artifact.children:
        push_artifact(caller, address, child)
    for blob in artifact.blobs:
        uploads.put_whole(caller, address, blob.digest, [blob.data], length=len(blob.data))
    manifest = artifact.manifest
    reference = ImageTag.parse(tag) if tag else manifest.digest
    return images.put(caller, address, reference, manifest.media_type, manifest.data).image


def push_chart(caller: Caller, address: Address, chart: Chart, tag: str = "") -> Image:
    """Push a chart under its version, or another tag."""
    artifact = charts.chart(chart, datetime(2026, 1, 1, tzinfo=UTC))
    return push_artifact(caller, address, artifact, tag or chart.version)


def push_index(caller: Caller, address: Address, tag: str, children: list[Image], **more: Any) -> Image:
    """Push an index over images that are there."""
    entries = [
        {
            "mediaType": child.media_type,
            "digest": child.digest,
            "size": child.manifest_size,
            "platform": {"os": child.os, "architecture": child.architecture},
        }
        for child in children
    ]
    content = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries, **more}).encode()
    reference = ImageTag.parse(tag) if tag else Digest.of(content)
    return images.put(caller, address, reference, OCI_INDEX, content).image
