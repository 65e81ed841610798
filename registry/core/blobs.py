"""Blobs of a repository: find, open, mount, delete, and the linking of stored bytes to repositories."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import BinaryIO, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.errors import AccountsError
from registry import storage
from registry.core import addresses, connections, reading, registries, repositories, scan_conditions
from registry.core.reading import FoundBlob
from registry.core.scan_conditions import ScanState
from registry.errors import BlobArchived, BlobIsReferenced, BlobNotFound, StorageDamaged, StorageUnavailable
from registry.models import Blob, BlobLink, ImageBlob, Repository
from registry.values import Address, Digest

log = structlog.get_logger(__name__)

LOST_TOGETHER: Final = 10
"""If so many others are missing beside one that is asked for, it is the store that is."""


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
    needed = found.is_kept or (found.is_referenced and reading.is_needed(found))
    if not needed and not keep_while_unused(found):
        raise BlobNotFound(str(digest))
    return found


def readable(caller: Caller, address: Address, digest: Digest) -> FoundBlob:
    """Return a blob that the caller may download.

    Raises BlobNotFound; BlobArchived if it belongs only to images that can't be pulled.
    """
    found = reading.blob(caller, address, digest, Action.GET_DOWNLOAD_URL_FOR_LAYER)
    if found.is_archived:
        raise BlobArchived(str(digest))
    return found


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
        found_damaged(blob)
        raise BlobNotFound(blob.digest) from error
    return OpenBlob(blob.digest, blob.size, content.file)


def stored_bytes(blob: Blob) -> BinaryIO:
    """Open the bytes of a row without a query, for threads that have no connection. StorageDamaged."""
    return storage.default().open(blob.storage_key, blob.size).file


def require_whole(blob: FoundBlob) -> None:
    """Return if the store has the bytes in their whole length; mark the row and raise BlobNotFound if not."""
    if storage.default().size(blob.storage_key) != blob.size:
        found_damaged(blob)
        raise BlobNotFound(blob.digest)


def found_damaged(blob: Blob | FoundBlob) -> None:
    """Mark a blob that somebody asked for and that is not whole. StorageUnavailable if the store itself is not there.

    A folder that is not mounted, or an empty bucket, must not look like blobs that are missing one after the other.
    """
    others = Blob.objects.filter(state=Blob.State.LIVE).exclude(id=blob.id).order_by("id")
    keys = list(others.values_list("storage_key", flat=True)[:LOST_TOGETHER])
    if len(keys) == LOST_TOGETHER and all(storage.default().size(key) is None for key in keys):
        raise StorageUnavailable("so many blobs are missing at once: is this the right store, and is it mounted?")
    mark_damaged(blob)


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
    links = BlobLink.objects.filter(repository_id=blob.repository_id, blob_id=blob.id)
    due = links.filter(keep_until__lt=timezone.now() + timedelta(seconds=settings.BLOB_GRACE_SECONDS / 2))
    return bool(due.update(keep_until=grace_end())) or links.exists()


def link(repository: Repository, blob: Blob) -> None:
    """Let the repository see the blob for a while at least; inside a transaction that has locked the blob's row."""
    end = grace_end()
    made, is_new = BlobLink.objects.get_or_create(repository=repository, blob=blob, defaults={"keep_until": end})
    if not is_new:
        BlobLink.objects.filter(id=made.id).update(keep_until=end)


def hold_linked(repository: Repository, wanted: Iterable[Blob]) -> list[str]:
    """Hold the rows of blobs, so that collection leaves them in the repository until the transaction ends.

    Returns the digests of those that it has taken since they were looked up.
    """
    digests = {blob.id: blob.digest for blob in wanted}
    held = Blob.objects.select_for_update(no_key=True).filter(id__in=digests, state=Blob.State.LIVE).order_by("id")
    there = set(held.values_list("id", flat=True))
    # The links are read after the lock is there: not before that does a statement see what collection has committed.
    there &= set(BlobLink.objects.filter(repository=repository, blob_id__in=there).values_list("blob_id", flat=True))
    return sorted(digests[blob_id] for blob_id in digests.keys() - there)


def mount(caller: Caller, address: Address, digest: Digest, source: Address | None) -> bool:
    """Link a blob from another repository without copying; False if there is nothing that the caller may pull.

    Without a source, the repositories of the caller's own account are searched. The destination may be created by a
    template, as for any push.
    """
    repository = repositories.authorized_for_push(caller, address, Action.INITIATE_LAYER_UPLOAD)
    found = mountable(caller, digest, source) if registries.mounts_blobs(address.registry) else None
    return found is not None and take(repository, found)


def take(repository: Repository, found: Blob) -> bool:
    """Link a blob that is stored whole, and renew its grace; False if it is not, or is being removed."""
    if storage.default().size(found.storage_key) != found.size:
        return False
    with transaction.atomic():
        blob = Blob.objects.select_for_update(no_key=True).filter(id=found.id, state=Blob.State.LIVE).first()
        if blob is None:
            return False
        link(repository, blob)
    return True


def mountable(caller: Caller, digest: Digest, source: Address | None) -> Blob | None:
    """Find the blob in the source, or anywhere in the caller's account, if the caller may pull from there."""
    if source is None:
        links = BlobLink.objects.filter(
            repository__account_id=caller.account_id,
            repository__deleted_at=None,
            blob__digest=str(digest),
            blob__state=Blob.State.LIVE,
        ).select_related("blob", "repository")
        for each in links[:50]:
            if _may_pull(caller, each.repository.address, each.repository, digest):
                return each.blob
        return None
    repository = repositories.find(source)
    if not _may_pull(caller, source, repository, digest) or repository is None:
        return None
    return present(repository, [str(digest)]).get(str(digest))


def _may_pull(caller: Caller, source: Address, repository: Repository | None, digest: Digest) -> bool:
    """Whether the caller may read there manifests that have the blob, and the blob; both are needed to mount.

    The blob is looked up only if a policy asks: it costs a stranger the same whether the repository is there or not.
    """

    def scans(found: Repository) -> Sequence[ScanState]:
        blob = present(found, [str(digest)]).get(str(digest))
        return scan_conditions.of_blob(found.id, blob.id if blob else None)

    def tags(found: Repository | None) -> list[str]:
        blob = present(found, [str(digest)]).get(str(digest)) if found else None
        return reading.tags_of_blob(found.id, blob.id) if found and blob else []

    try:
        for action in (Action.BATCH_GET_IMAGE, Action.GET_DOWNLOAD_URL_FOR_LAYER):
            repositories.allow(caller, source, repository, action, image_tags=tags, scans_of=scans)
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
