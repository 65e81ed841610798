"""Layers as ECR's own API moves them: availability, parts of an upload, addresses to download from.

Uploads and digest checks are those of every push (uploads, blobs).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.core import signing

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import blobs, reading, repositories, uploads
from registry.errors import (
    BlobNotFound,
    EmptyUpload,
    InvalidDigest,
    LayerAlreadyExists,
    LayerInaccessible,
    LayerPartTooSmall,
)
from registry.models import Blob, BlobLink, Image, ImageBlob, Upload
from registry.values import Address, Digest

PART_BYTES: Final = 10 * 1024 * 1024
"""What clients are told to send at once."""
LEAST_PART_BYTES: Final = 5 * 1024 * 1024
"""Of every part but the last."""
SALT: Final = "kho.layer"
URL_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a digest that was asked for is there; `failure` is ECR's code if it could not be looked for.

    `is_archived` if all images of the repository that have the layer are in the archive.
    """

    digest: str
    size: int | None = None
    media_type: str = ""
    failure: str = ""
    is_archived: bool = False


def check(caller: Caller, address: Address, digests: Sequence[str]) -> list[Availability]:
    """Say for each digest whether the repository has the layer; a layer that no image needs is kept a while longer."""
    repository = repositories.authorized(caller, address, Action.BATCH_CHECK_LAYER_AVAILABILITY)
    known = {}
    for text in digests:
        try:
            known[text] = str(Digest.parse(text))
        except InvalidDigest:
            continue
    there = blobs.present(repository, known.values())
    used = ImageBlob.objects.filter(blob__in=list(there.values()), image__repository=repository, image__deleted_at=None)
    types = dict(used.values_list("blob__digest", "media_type"))
    archived = _archived(repository.id, known.values())
    found = [
        _availability(repository.id, text, text in known, there.get(text), types) for text in dict.fromkeys(digests)
    ]
    return [replace(each, is_archived=each.size is not None and each.digest in archived) for each in found]


def _archived(repository_id: int, digests: Iterable[str]) -> set[str]:
    """Those of the layers that only archived images of the repository have."""
    using = ImageBlob.objects.filter(
        image__repository=repository_id, image__deleted_at=None, blob__digest__in=list(digests)
    )
    statuses = using.values_list("blob__digest", "image__image_status").distinct()
    found: dict[str, set[str]] = {}
    for digest, status in statuses:
        found.setdefault(digest, set()).add(status)
    return {digest for digest, its in found.items() if its == {Image.Status.ARCHIVED}}


def _availability(
    repository_id: int, text: str, is_digest: bool, blob: Blob | None, types: dict[str, str]
) -> Availability:
    if not is_digest:
        return Availability(text, failure="InvalidLayerDigest" if text else "MissingLayerDigest")
    if blob is None:
        return Availability(text)
    found = reading.FoundBlob(repository_id, blob.id, blob.digest, blob.size, blob.storage_key, blob.digest in types)
    try:
        blobs.require_whole(found)
    except BlobNotFound:
        return Availability(text)
    if not found.is_referenced and not blobs.keep_while_unused(found):
        return Availability(text)
    return Availability(text, blob.size, types.get(blob.digest, ""))


def put_part(caller: Caller, address: Address, upload_id: str, first: int, content: bytes) -> int:
    """Write a part that begins at byte `first`; return the number of the last byte that is there.

    Raises UploadNotFound, UploadOutOfOrder, UploadBusy, BlobTooLarge.
    """
    offset = uploads.append(caller, address, upload_id, [content], offset=first, length=len(content))
    rows = Upload.objects.filter(id=upload_id)
    rows.filter(last_part_size__range=(1, LEAST_PART_BYTES - 1)).update(has_small_part=True)
    rows.update(last_part_size=len(content))
    return offset - 1


def complete(caller: Caller, address: Address, upload_id: str, digest: Digest) -> Blob:
    """Check the digest and make the layer visible.

    Raises EmptyUpload, LayerPartTooSmall, LayerAlreadyExists, UploadNotFound, BlobDigestMismatch.
    """
    upload = uploads.find(caller, address, upload_id)
    if upload.offset == 0:
        raise EmptyUpload(upload_id)
    if upload.has_small_part:
        raise LayerPartTooSmall(upload_id)
    links = BlobLink.objects.filter(repository_id=upload.repository_id, blob__digest=str(digest))
    existed = links.filter(blob__state=Blob.State.LIVE).exists()
    blob = uploads.finish(caller, address, upload_id, digest)
    if existed:
        raise LayerAlreadyExists(str(digest), str(address.name), address.registry.account_id)
    return blob


def ticket(caller: Caller, address: Address, digest: Digest) -> str:
    """Return what stands for the right to download a layer for URL_SECONDS, by whoever has it.

    BlobNotFound if it is not there, LayerInaccessible if no image of the repository has it, or only archived ones.
    """
    found = reading.blob(caller, address, digest, Action.GET_DOWNLOAD_URL_FOR_LAYER)
    blobs.require_whole(found)
    if not found.is_referenced or found.is_archived:
        raise LayerInaccessible(str(digest), str(address.name))
    return signing.dumps([found.repository_id, found.digest], salt=SALT, compress=True)


def of_ticket(text: str) -> blobs.Delivery:
    """Return the bytes that a ticket stands for, or where they are. BlobNotFound if it ended or was altered.

    The layer has to be in the repository still.
    """
    try:
        repository_id, digest = signing.loads(text, salt=SALT, max_age=URL_SECONDS)
    except (signing.BadSignature, ValueError) as error:
        raise BlobNotFound("") from error
    links = BlobLink.objects.filter(
        repository_id=repository_id,
        repository__deleted_at=None,
        repository__account__is_active=True,
        blob__digest=digest,
        blob__state=Blob.State.LIVE,
    )
    link = links.select_related("blob").first()
    if link is None:
        raise BlobNotFound(str(digest))
    blob = link.blob
    return blobs.delivery_of(
        reading.FoundBlob(repository_id, blob.id, blob.digest, blob.size, blob.storage_key, is_referenced=True)
    )
