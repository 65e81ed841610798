"""Uploads: start, append, finish, status, cancel. One writer at a time; bytes move outside of transactions.

A request claims the upload's row before its first byte and writes into a segment of its own. Only if the claim is still
its own when it ends do the segment's bytes count. OCI Distribution Specification 1.1, "Pushing blobs".
"""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from time import monotonic
from typing import Any, Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import storage
from registry.core import blobs, connections, repositories, stored
from registry.core.hashing import RunningSha256
from registry.errors import (
    BlobDigestMismatch,
    BlobTooLarge,
    StorageError,
    UploadBusy,
    UploadCutShort,
    UploadNotFound,
    UploadOutOfOrder,
)
from registry.models import Blob, Repository, Upload
from registry.values import Address, Digest

log = structlog.get_logger(__name__)

BLOCK: Final = 1024 * 1024


def start(caller: Caller, address: Address) -> Upload:
    """Open an upload; the repository is created if the account's template says so. Raises QuotaExceeded."""
    repository = repositories.authorized_for_push(caller, address, Action.INITIATE_LAYER_UPLOAD)
    stored.require_quota(repository.account_id)
    return Upload.objects.create(repository=repository, principal_arn=caller.principal_arn)


def append(
    caller: Caller,
    address: Address,
    upload_id: str,
    chunks: Iterable[bytes],
    *,
    offset: int | None = None,
    length: int | None = None,
) -> int:
    """Write a request's bytes behind those that are there, and return the new offset.

    `offset` is where the client says they start, `length` how many it promised (None: it did not say). If fewer came,
    what came is kept and UploadCutShort is raised. Raises UploadNotFound, UploadOutOfOrder, UploadBusy, BlobTooLarge,
    StorageFull.
    """
    repository = repositories.authorized(caller, address, Action.UPLOAD_LAYER_PART)
    return append_in(repository, upload_id, chunks, offset=offset, length=length)


def append_in(
    repository: Repository, upload_id: str, chunks: Iterable[bytes], *, offset: int | None, length: int | None
) -> int:
    """The same for whom the gate has let in."""
    with _claimed(_find(repository, upload_id), offset) as writer:
        writer.receive(chunks, length)
        return writer.upload.offset


def finish(
    caller: Caller,
    address: Address,
    upload_id: str,
    digest: Digest,
    chunks: Iterable[bytes] = (),
    *,
    offset: int | None = None,
    length: int | None = 0,
) -> Blob:
    """Write the last bytes, check the digest, and make the blob visible in the repository.

    A digest that does not match ends the upload: BlobDigestMismatch. To finish once more what was finished is no error:
    the first answer may have been lost with the node that gave it.
    """
    repository = repositories.authorized(caller, address, Action.COMPLETE_LAYER_UPLOAD)
    return finish_in(repository, upload_id, digest, chunks, offset=offset, length=length)


def finish_in(
    repository: Repository,
    upload_id: str,
    digest: Digest,
    chunks: Iterable[bytes],
    *,
    offset: int | None,
    length: int | None,
) -> Blob:
    """The same for whom the gate has let in."""
    try:
        upload = _find(repository, upload_id)
    except UploadNotFound:
        finished = blobs.present(repository, [str(digest)]) if length == 0 and is_upload_id(upload_id) else {}
        if str(digest) not in finished:
            raise
        return finished[str(digest)]
    with _claimed(upload, offset) as writer:
        if length != 0:
            writer.receive(chunks, length)
        return writer.finish(digest)


def put_whole(
    caller: Caller, address: Address, digest: Digest, chunks: Iterable[bytes], *, length: int | None = None
) -> Blob:
    """Start, write and finish in one request; whatever goes wrong, no upload is left open."""
    repository = repositories.authorized_for_push(caller, address, Action.INITIATE_LAYER_UPLOAD)
    repositories.authorized(caller, address, Action.COMPLETE_LAYER_UPLOAD)
    return put_whole_in(caller, repository, digest, chunks, length=length)


def put_whole_in(
    caller: Caller, repository: Repository, digest: Digest, chunks: Iterable[bytes], *, length: int | None
) -> Blob:
    """The same for whom the gate has let in."""
    stored.require_quota(repository.account_id)
    upload = Upload.objects.create(repository=repository, principal_arn=caller.principal_arn)
    try:
        return finish_in(repository, str(upload.id), digest, chunks, offset=None, length=length)
    except BaseException:
        remove(upload.id)
        raise


def status(caller: Caller, address: Address, upload_id: str) -> int:
    """Return how many bytes are there."""
    repository = repositories.authorized(caller, address, Action.UPLOAD_LAYER_PART)
    return _find(repository, upload_id).offset


def cancel(caller: Caller, address: Address, upload_id: str) -> None:
    """Throw an upload away."""
    repository = repositories.authorized(caller, address, Action.UPLOAD_LAYER_PART)
    remove(_find(repository, upload_id).id)


def find(caller: Caller, address: Address, upload_id: str) -> Upload:
    """Return an open upload. UploadNotFound."""
    return _find(repositories.authorized(caller, address, Action.COMPLETE_LAYER_UPLOAD), upload_id)


def stale() -> QuerySet[Upload]:
    """The uploads that nobody has written to for STALE_UPLOAD_SECONDS, the oldest first."""
    limit = timezone.now() - timedelta(seconds=settings.STALE_UPLOAD_SECONDS)
    return Upload.objects.filter(touched_at__lt=limit).order_by("touched_at")


def left_behind() -> Iterator[str]:
    """Yield uploads that have bytes but no row: the server was killed between the two."""
    listing = storage.default().uploads()
    while listed := list(islice(listing, 500)):
        # A row is there before the first byte, so a new upload is never mistaken for one that is over.
        ids = [upload_id for upload_id in listed if is_upload_id(upload_id)]
        there = {str(upload_id) for upload_id in Upload.objects.filter(id__in=ids).values_list("id", flat=True)}
        yield from (upload_id for upload_id in ids if str(UUID(upload_id)) not in there)


def _find(repository: Repository, upload_id: str) -> Upload:
    """Return the open upload of this repository."""
    try:
        return Upload.objects.get(id=UUID(upload_id), repository=repository)
    except (ValueError, Upload.DoesNotExist) as error:
        raise UploadNotFound(upload_id) from error


def is_upload_id(text: str) -> bool:
    """Whether an upload may have had this id."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def remove(upload_id: UUID) -> bool:
    """Forget an upload and its bytes; the row goes first, so that no writer's claim can hold any more."""
    upload = Upload.objects.filter(id=upload_id).first()
    if upload is None or not Upload.objects.filter(id=upload_id).delete()[0]:
        return False
    storage.default().discard(str(upload_id), upload.driver_state)
    _delete_unless_used(upload.storage_key)
    return True


def _delete_unless_used(storage_key: str) -> None:
    """Delete bytes that were moved to their final key but that no blob's row names."""
    if storage_key and not Blob.objects.filter(storage_key=storage_key).exists():
        storage.default().delete(storage_key)


@contextmanager
def _claimed(upload: Upload, offset: int | None) -> Iterator["_Writer"]:
    """Claim the upload for this request, and give it free at the end, whatever happens."""
    if offset is not None and offset != upload.offset:
        raise UploadOutOfOrder(str(upload.id), upload.offset)
    now = timezone.now()
    claim = secrets.token_hex(8)
    expired = now - timedelta(seconds=settings.UPLOAD_CLAIM_SECONDS)
    read = {"id": upload.id, "offset": upload.offset, "storage_key": upload.storage_key}
    free = Upload.objects.filter(Q(claim="") | Q(claimed_at__lt=expired), **read)
    if not free.update(claim=claim, claimed_at=now, touched_at=now):
        raise UploadBusy(str(upload.id))
    writer = _Writer(upload, claim)
    try:
        yield writer
    finally:
        Upload.objects.filter(id=upload.id, claim=claim).update(claim="", claimed_at=None)


class _Writer:
    """A claimed upload: takes bytes in, and turns the upload into a blob."""

    def __init__(self, upload: Upload, claim: str) -> None:
        self.upload = upload
        self._claim = claim
        self._hash = RunningSha256() if upload.offset == 0 else RunningSha256.load(bytes(upload.digest_state))
        self._renew_at = monotonic() + settings.UPLOAD_CLAIM_SECONDS / 4

    def receive(self, chunks: Iterable[bytes], length: int | None) -> None:
        """Write bytes into a new segment and let them count, if the claim still holds."""
        if self.upload.storage_key:  # the bytes are at their final place already: nothing can follow them
            raise UploadNotFound(str(self.upload.id))
        if self.upload.offset + (length or 0) > settings.MAX_BLOB_BYTES:
            raise BlobTooLarge(settings.MAX_BLOB_BYTES)
        received, gone = 0, False
        with storage.default().open_segment(str(self.upload.id), self.upload.driver_state, self._claim) as segment:
            source = iter(chunks)
            connections.release()
            while True:
                try:
                    chunk = next(source, b"")
                except OSError as error:  # the client went away
                    log.info("client gone during upload", upload=str(self.upload.id), error=str(error))
                    gone = True
                    break
                if not chunk:
                    break
                received += len(chunk)
                if self.upload.offset + received > settings.MAX_BLOB_BYTES:
                    raise BlobTooLarge(settings.MAX_BLOB_BYTES)
                segment.write(chunk)
                if self._hash is not None:
                    self._hash.update(chunk)
                self._renew()
            if received:
                self._save(segment.commit(), received)
        if gone or (length is not None and received != length):
            raise UploadCutShort(str(self.upload.id), self.upload.offset)

    def _renew(self) -> None:
        """Show progress, so that the claim does not expire; stop if another request has it."""
        if monotonic() < self._renew_at:
            return
        self._renew_at = monotonic() + settings.UPLOAD_CLAIM_SECONDS / 4
        now = timezone.now()
        if not self._own().update(claimed_at=now, touched_at=now):
            raise UploadBusy(str(self.upload.id))
        connections.release()

    def _own(self) -> Any:
        """The upload's row, as long as this request's claim holds."""
        return Upload.objects.filter(id=self.upload.id, claim=self._claim, offset=self.upload.offset)

    def _save(self, driver_state: dict[str, Any], received: int) -> None:
        """Let a segment count: offset, driver state and digest state change together or not at all."""
        digest_state = self._hash.save() if self._hash is not None else b""
        offset = self.upload.offset + received
        now = timezone.now()
        if not self._own().update(
            offset=offset, driver_state=driver_state, digest_state=digest_state, claimed_at=now, touched_at=now
        ):
            raise UploadBusy(str(self.upload.id))
        self.upload.offset, self.upload.driver_state, self.upload.digest_state = offset, driver_state, digest_state

    def finish(self, digest: Digest) -> Blob:
        """Check the digest and store the bytes, once for all repositories."""
        actual = self._digest(digest.algorithm)
        if actual != digest:
            remove(self.upload.id)
            raise BlobDigestMismatch(str(digest), str(actual))
        blob = self._link_known(digest) or self._store(digest)
        with self._tidying():
            storage.default().discard(str(self.upload.id), self.upload.driver_state)
            _delete_unless_used(self.upload.storage_key)
        return blob

    @contextmanager
    def _tidying(self) -> Iterator[None]:
        """Around what comes after the blob is there: collection removes what a store that goes away leaves behind."""
        try:
            yield
        except StorageError as error:
            log.warning("a finished upload could not be tidied up", upload=str(self.upload.id), error=str(error))

    def _digest(self, algorithm: str) -> Digest:
        """The digest of all bytes: from the running hash where that is known, else by reading them again."""
        if algorithm == "sha256" and self._hash is not None:
            return Digest("sha256", self._hash.hexdigest())
        again = hashlib.new(algorithm)
        with storage.default().open(self._moved(), self.upload.offset).file as file:
            while chunk := file.read(BLOCK):
                again.update(chunk)
                self._renew()
        return Digest(algorithm, again.hexdigest())

    def _moved(self) -> str:
        """Move the bytes to their final key, unless an earlier request has, and return it."""
        driver = storage.default()
        key = self.upload.storage_key or driver.new_key(self.upload.driver_state)
        if not self._own().update(storage_key=key):
            raise UploadBusy(str(self.upload.id))
        self.upload.storage_key = key
        connections.release()
        driver.finish(str(self.upload.id), self.upload.driver_state, key, self.upload.offset)
        return key

    def _link_known(self, digest: Digest) -> Blob | None:
        """Link a blob that is stored already, and whole; None if these bytes are needed."""
        known = Blob.objects.filter(digest=str(digest), domain="", state=Blob.State.LIVE).first()
        if known is None:
            return None
        if storage.default().size(known.storage_key) != known.size:
            blobs.mark_damaged(known)
            return None
        with transaction.atomic():
            blob = Blob.objects.select_for_update(no_key=True).filter(id=known.id, state=Blob.State.LIVE).first()
            if blob is None:
                return None
            self._complete(blob)
        return blob

    def _store(self, digest: Digest) -> Blob:
        """Move the bytes to their final key, then make the blob's row live, or repair the row that is there."""
        key = self._moved()
        while True:
            try:
                with transaction.atomic():
                    blob, damaged_key = self._row(digest, key)
                    self._complete(blob)
                break
            except IntegrityError:  # another upload of the same digest made its row first: take that one
                continue
        if damaged_key:
            log.info("damaged blob repaired by a push", digest=str(digest))
            with self._tidying():
                storage.default().delete(damaged_key)
        return blob

    def _row(self, digest: Digest, key: str) -> tuple[Blob, str]:
        """Return the digest's row, made or repaired to hold `key`, and the key of damaged bytes that it held before."""
        blob = (
            Blob.objects.select_for_update(no_key=True)
            .filter(digest=str(digest), domain="")
            .exclude(state=Blob.State.DELETING)
            .first()
        )
        if blob is None:
            return Blob.objects.create(digest=str(digest), size=self.upload.offset, storage_key=key), ""
        if blob.state == Blob.State.LIVE:
            return blob, ""
        damaged_key = blob.storage_key
        blob.storage_key, blob.size, blob.state = key, self.upload.offset, Blob.State.LIVE
        blob.save(update_fields=["storage_key", "size", "state"])
        return blob, damaged_key if damaged_key != key else ""

    def _complete(self, blob: Blob) -> None:
        """Link the blob and end the upload, inside one transaction; UploadBusy if the claim is lost."""
        if not self._own().delete()[0]:
            raise UploadBusy(str(self.upload.id))
        blobs.link(self.upload.repository, blob)
