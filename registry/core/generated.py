"""What Kho makes of an image and attaches to it, as an artifact that names the image as its subject.

It is no push: nobody is told, nothing is scanned or copied for it, and it goes with its subject.
OCI Image Specification 1.1, "Guidelines for Artifact Usage".
"""

import json
from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.caller import Caller
from registry.core import image_rows, images, repositories, tallies, uploads
from registry.manifests.media_types import OCI_EMPTY, OCI_MANIFEST
from registry.models import Image
from registry.values import Digest

EMPTY: Final = b"{}"
TITLE: Final = "org.opencontainers.image.title"


def of(subject: Image) -> Image | None:
    """Return the newest of what was made of an image, if there is any."""
    found = image_rows.live(subject.repository).filter(subject_digest=subject.digest, is_generated=True)
    return found.order_by("-pushed_at", "-id").first()


def put(caller: Caller, subject: Image, media_type: str, content: bytes, annotations: Mapping[str, str]) -> Image:
    """Attach content of a media type to an image, in place of what was attached before; the same again changes nothing.

    The title among the annotations is the name of the file that clients write.

    Raises ImageNotFound if the image is gone, and what uploads and puts raise: AccessDenied, QuotaExceeded.
    """
    address = subject.repository.address
    for blob in (EMPTY, content):
        uploads.put_whole(caller, address, Digest.of(blob), [blob], length=len(blob))
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": media_type,
            "config": _descriptor(OCI_EMPTY, EMPTY),
            "layers": [_descriptor(media_type, content) | {"annotations": {TITLE: annotations[TITLE]}}],
            "subject": {"mediaType": subject.media_type, "digest": subject.digest, "size": subject.manifest_size},
            "annotations": dict(annotations),
        },
        separators=(",", ":"),
    ).encode()
    made = images.put(caller, address, Digest.of(manifest), OCI_MANIFEST, manifest, is_generated=True).image
    _take_away_others(made)
    return made


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": str(Digest.of(content)), "size": len(content)}


def _take_away_others(made: Image) -> None:
    """Let go what was made of the same image before."""
    repository = made.repository
    with transaction.atomic():
        repositories.lock(repository)
        before = image_rows.live(repository).filter(subject_digest=made.subject_digest, is_generated=True)
        going = list(before.exclude(id=made.id))
        tallies.take(repository.id, going)
        # Nobody has deleted them: what no `deleted_by` has is not put back.
        Image.objects.filter(id__in=[image.id for image in going]).update(deleted_at=timezone.now(), deleted_by="")
