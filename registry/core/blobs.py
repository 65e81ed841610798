"""Blobs of a repository: find, open, mount, delete, and the linking of stored bytes to repositories."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import BinaryIO

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.errors import AccountsError
from registry import storage
from registry.core import addresses, connections, reading, registries, repositories
from registry.core.reading import FoundBlob
from registry.errors import BlobIsReferenced, BlobNotFound, RepositoryNotFound, StorageDamaged
from registry.models import Blob, BlobLink, ImageBlob, Repository
from registry.values import Address, Digest

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenBlob:
    """A blob's bytes, ready to be read from the start; who gets it closes `file`."""

    digest: str
    size: int
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class BlobInFolder:
    """A blob that the web server in front reads from the shared folder; `path` is relative to BLOB_ROOT."""

    digest: str
    size: int
    path: str


@dataclass(frozen=True, slots=True)
class BlobElsewhere:
    """A blob that the client fetches from the object store itself; `url` is signed and short-lived."""

    digest: str
    size: int
    url: str


Delivery = OpenBlob | BlobInFolder | BlobElsewhere


def find(caller: Caller, address: Address, digest: Digest) -> FoundBlob:
    """Return the blob if its bytes are there whole; a blob that no image needs is kept a while longer.

    Raises BlobNotFound.
    """
    found = reading.blob(
        caller, address, digest, Action.BATCH_CHECK_LAYER_AVAILABILITY, Action.GET_DOWNLOAD_URL_FOR_LAYER
    )
    connections.release()
    require_whole(found)
    if not found.is_referenced and not keep_while_unused(found):
        raise BlobNotFound(str(digest))
    return found


def readable(caller: Caller, address: Address, digest: Digest) -> FoundBlob:
    """Return a blob that the caller may download. Raises BlobNotFound."""
    return reading.blob(caller, address, digest, Action.GET_DOWNLOAD_URL_FOR_LAYER)


def open_for_reading(caller: Caller, address: Address, digest: Digest) -> OpenBlob:
    """Open a blob for a client. Bytes that are missing or cut short are never handed out: BlobNotFound."""
    return read(readable(caller, address, digest))


def deliver(caller: Caller, address: Address, digest: Digest) -> Delivery:
    """Return the blob's bytes, or where they are, as the setting DELIVERY says. Raises BlobNotFound."""
    return delivery_of(readable(caller, address, digest))


def delivery_of(found: FoundBlob) -> Delivery:
    """Say how the bytes of a blob that may be read get to the client; small ones come from here. BlobNotFound."""
    connections.release()  # the store may take its time
    if found.size <= reading.LARGEST_KEPT:  # configs are asked for as often as manifests
        return OpenBlob(found.digest, found.size, BytesIO(whole(found)))
    driver = storage.default()
    match settings.DELIVERY:
        case "accel":
            require_whole(found)
            if path := driver.relative_path(found.storage_key):
                return BlobInFolder(found.digest, found.size, path)
        case "redirect":
            require_whole(found)
            if url := driver.url(found.storage_key, seconds=settings.REDIRECT_SECONDS):
                return BlobElsewhere(found.digest, found.size, url)
    return read(found)


def whole(found: FoundBlob) -> bytes:
    """Return all bytes of a blob that may be read, checked; small ones are read once. BlobNotFound."""
    content = reading.contents.get(found.digest)
    if content is None:
        with read(found).file as file:
            content = file.read()
        if str(Digest.of(content, Digest.parse(found.digest).algorithm)) != found.digest:
            mark_damaged(found)
            raise BlobNotFound(found.digest)
        reading.contents.keep(found.digest, content, len(content))
    return content


def read(blob: Blob | FoundBlob) -> OpenBlob:
    """Open the bytes of a row; marks the row and raises BlobNotFound if they are missing or cut short."""
    try:
        content = storage.default().open(blob.storage_key, blob.size)
    except StorageDamaged as error:
        mark_damaged(blob)
        raise BlobNotFound(blob.digest) from error
    return OpenBlob(blob.digest, blob.size, content.file)


def require_whole(blob: FoundBlob) -> None:
    """Return if the store has the bytes in their whole length; mark the row and raise BlobNotFound if not."""
    if storage.default().size(blob.storage_key) != blob.size:
        mark_damaged(blob)
        raise BlobNotFound(blob.digest)


def mark_damaged(blob: Blob | FoundBlob) -> None:
    """Note that the bytes are missing, cut short or others: the blob is absent now, and the next push repairs it."""
    log.error("stored blob is missing or cut short", digest=blob.digest, storage_key=blob.storage_key, size=blob.size)
    Blob.objects.filter(id=blob.id, storage_key=blob.storage_key, state=Blob.State.LIVE).update(
        state=Blob.State.DAMAGED
    )


def linked(repository: Repository, digest: Digest) -> Blob:
    """Return the live blob that the repository can see; BlobNotFound."""
    blob = Blob.objects.filter(digest=str(digest), state=Blob.State.LIVE, links__repository=repository).first()
    if blob is None:
        raise BlobNotFound(str(digest))
    return blob


def grace_end() -> datetime:
    """Until when a blob that was just asked for is kept without an image that needs it."""
    return timezone.now() + timedelta(seconds=settings.BLOB_GRACE_SECONDS)


def keep_while_unused(blob: FoundBlob) -> bool:
    """Renew the grace of a blob that no image needs, at most once in half its length; False if it is being removed."""
    end = grace_end()
    live = Blob.objects.filter(id=blob.id, state=Blob.State.LIVE)
    keep_until = live.values_list("keep_until", flat=True).first()
    if keep_until is None:
        return False
    if keep_until >= end - timedelta(seconds=settings.BLOB_GRACE_SECONDS / 2):
        return True
    return bool(live.update(keep_until=end))


def link(repository: Repository, blob: Blob) -> None:
    """Let the repository see the blob; inside a transaction that has locked the blob's row."""
    BlobLink.objects.get_or_create(repository=repository, blob=blob)


def mount(caller: Caller, address: Address, digest: Digest, source: Address | None) -> bool:
    """Link a blob from another repository without copying; False if there is nothing that the caller may pull.

    Without a source, the repositories of the caller's own account are searched. The destination may be created by a
    template, as for any push.
    """
    repository = repositories.authorized_for_push(caller, address, Action.INITIATE_LAYER_UPLOAD)
    found = _mountable(caller, digest, source) if registries.mounts_blobs(address.registry) else None
    if found is None or storage.default().size(found.storage_key) != found.size:
        return False
    with transaction.atomic():
        blob = Blob.objects.select_for_update(no_key=True).filter(id=found.id, state=Blob.State.LIVE).first()
        if blob is None:
            return False
        blob.keep_until = grace_end()
        blob.save(update_fields=["keep_until"])
        link(repository, blob)
    return True


def _mountable(caller: Caller, digest: Digest, source: Address | None) -> Blob | None:
    """Find the blob in the source, or anywhere in the caller's account, if the caller may pull from there."""
    if source is None:
        links = BlobLink.objects.filter(
            repository__account_id=caller.account_id,
            repository__deleted_at=None,
            blob__digest=str(digest),
            blob__state=Blob.State.LIVE,
        ).select_related("blob", "repository")
        return next((each.blob for each in links[:50] if _may_pull(caller, each.repository.address)), None)
    if not _may_pull(caller, source):
        return None
    try:
        return linked(repositories.authorized(caller, source, Action.GET_DOWNLOAD_URL_FOR_LAYER), digest)
    except (RepositoryNotFound, BlobNotFound):
        return None


def _may_pull(caller: Caller, source: Address) -> bool:
    """Whether the caller may read manifests and layers there; both are needed to mount."""
    try:
        repository = repositories.find(source)
        repositories.allow(caller, source, repository, Action.BATCH_GET_IMAGE)
        repositories.allow(caller, source, repository, Action.GET_DOWNLOAD_URL_FOR_LAYER)
    except AccountsError:
        return False
    return True


def delete(caller: Caller, address: Address, digest: Digest) -> None:
    """Take a blob out of a repository; BlobIsReferenced while a live image of it needs the blob."""
    repository = repositories.authorized(caller, address, Action.BATCH_DELETE_IMAGE)
    blob = linked(repository, digest)
    with transaction.atomic():
        Repository.objects.select_for_update(no_key=True).get(id=repository.id)
        needed = ImageBlob.objects.filter(blob=blob, image__repository=repository, image__deleted_at=None)
        if needed.exists():
            raise BlobIsReferenced(str(digest))
        BlobLink.objects.filter(repository=repository, blob=blob).delete()
        trail.record(caller, Action.BATCH_DELETE_IMAGE, addresses.arn(address), details={"layerDigest": str(digest)})


def present(repository: Repository, digests: Iterable[str]) -> dict[str, Blob]:
    """Return the live blobs among `digests` that the repository can see, by digest."""
    wanted = set(digests)
    blobs = Blob.objects.filter(digest__in=wanted, state=Blob.State.LIVE, links__repository=repository)
    return {blob.digest: blob for blob in blobs}


def check_store() -> None:
    """Return if bytes can be stored and read; raises StorageUnavailable or StorageFull."""
    storage.default().check()


def prepare_store() -> None:
    """Make what the store needs, once per deployment, and try it."""
    storage.default().prepare()
    check_store()
