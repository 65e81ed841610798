"""Uploads: chunks, resuming, one writer at a time, damaged and known blobs, crashes in between."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry import storage
from registry.core import blobs, uploads
from registry.errors import (
    BlobDigestMismatch,
    BlobNotFound,
    BlobTooLarge,
    QuotaExceeded,
    StorageFull,
    StorageUnavailable,
    UploadBusy,
    UploadCutShort,
    UploadNotFound,
    UploadOutOfOrder,
)
from registry.models import Blob, BlobLink, Repository, Upload
from registry.storage.filesystem import FilesystemDriver
from registry.values import Address, Digest
from tests.factories.registry import make_repository, push_blob

HELLO = b"hello " * 1000
WORLD = b"world " * 1000


def stored(caller: Caller, address: Address, digest: Digest) -> bytes:
    """The bytes that a client would get."""
    with blobs.open_for_reading(caller, address, digest).file as file:
        return file.read()


@pytest.fixture
def upload_id(alice: Caller, address: Address) -> str:
    """An open upload."""
    return str(uploads.start(alice, address).id)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_it_works_in_chunks(alice: Caller, address: Address, upload_id: str, algorithm: str) -> None:
    """Two PATCHes and a PUT with the last bytes; the upload is gone afterwards."""
    assert uploads.append(alice, address, upload_id, [HELLO], offset=0, length=len(HELLO)) == len(HELLO)
    assert uploads.append(alice, address, upload_id, [WORLD[:10], WORLD[10:]]) == len(HELLO + WORLD)
    assert uploads.status(alice, address, upload_id) == len(HELLO + WORLD)
    digest = Digest.of(HELLO + WORLD + b"!", algorithm)
    blob = uploads.finish(alice, address, upload_id, digest, [b"!"], length=1)
    assert (blob.digest, blob.size) == (str(digest), len(HELLO + WORLD) + 1)
    assert stored(alice, address, digest) == HELLO + WORLD + b"!"
    assert list(storage.default().uploads()) == []
    with pytest.raises(UploadNotFound):
        uploads.status(alice, address, upload_id)


def test_it_works_in_one_request(alice: Caller, address: Address) -> None:
    """A single POST with digest and bytes."""
    uploads.put_whole(alice, address, Digest.of(HELLO), [HELLO], length=len(HELLO))
    assert stored(alice, address, Digest.of(HELLO)) == HELLO
    assert not Upload.objects.exists()


def test_an_empty_blob_is_a_blob(alice: Caller, address: Address, upload_id: str) -> None:
    """No bytes at all have a digest too."""
    uploads.finish(alice, address, upload_id, Digest.of(b""))
    assert stored(alice, address, Digest.of(b"")) == b""


def test_identical_bytes_are_stored_once(alice: Caller, charlie: Caller, address: Address) -> None:
    """Two tenants push the same bytes: one object, and each sees only its own link."""
    other = make_repository(charlie, "own").address
    with pytest.raises(BlobNotFound):
        blobs.find(charlie, other, Digest.of(HELLO))
    push_blob(alice, address, HELLO)
    with pytest.raises(BlobNotFound):
        blobs.find(charlie, other, Digest.of(HELLO))
    push_blob(charlie, other, HELLO)
    assert stored(charlie, other, Digest.of(HELLO)) == HELLO
    assert Blob.objects.count() == 1 and BlobLink.objects.count() == 2
    assert len(list(storage.default().keys())) == 1


def test_a_damaged_blob_heals_with_the_next_push(alice: Caller, charlie: Caller, address: Address) -> None:
    """Cut short on disk: absent for all, whole again for all after one push."""
    other = make_repository(charlie, "own").address
    push_blob(alice, address, HELLO)
    push_blob(charlie, other, HELLO)
    blob = Blob.objects.get()
    with storage.default().open(blob.storage_key, blob.size).file as file, open(file.name, "r+b") as raw:
        raw.truncate(10)
    with pytest.raises(BlobNotFound):
        blobs.open_for_reading(charlie, other, Digest.of(HELLO))
    with pytest.raises(BlobNotFound):
        blobs.find(alice, address, Digest.of(HELLO))
    push_blob(alice, address, HELLO)
    assert stored(charlie, other, Digest.of(HELLO)) == HELLO
    assert len(list(storage.default().keys())) == 1


def test_known_bytes_are_not_thrown_away_for_a_damaged_object(alice: Caller, address: Address) -> None:
    """The stored object is looked at before new bytes are discarded as known."""
    push_blob(alice, address, HELLO)
    storage.default().delete(Blob.objects.get().storage_key)
    push_blob(alice, address, HELLO)
    assert stored(alice, address, Digest.of(HELLO)) == HELLO


def test_what_came_is_kept_when_the_client_goes(alice: Caller, address: Address, upload_id: str) -> None:
    """Fewer bytes than promised, or a broken connection: the offset says what is there, and it can go on."""
    with pytest.raises(UploadCutShort) as caught:
        uploads.append(alice, address, upload_id, [HELLO[:100]], length=len(HELLO))
    assert caught.value.offset == 100

    def breaking() -> Iterator[bytes]:
        yield HELLO[100:200]
        raise ConnectionResetError

    with pytest.raises(UploadCutShort):
        uploads.append(alice, address, upload_id, breaking())
    assert uploads.status(alice, address, upload_id) == 200
    uploads.append(alice, address, upload_id, [HELLO[200:]], offset=200)
    uploads.finish(alice, address, upload_id, Digest.of(HELLO))
    assert stored(alice, address, Digest.of(HELLO)) == HELLO


def test_two_writers_never_mix(alice: Caller, address: Address, upload_id: str) -> None:
    """A second PATCH during the first is refused; the first one's bytes are stored."""

    def interrupted() -> Iterator[bytes]:
        yield HELLO
        with pytest.raises(UploadBusy):
            uploads.append(alice, address, upload_id, [WORLD])
        yield WORLD

    uploads.append(alice, address, upload_id, interrupted())
    uploads.finish(alice, address, upload_id, Digest.of(HELLO + WORLD))
    assert stored(alice, address, Digest.of(HELLO + WORLD)) == HELLO + WORLD


def test_a_stalled_writer_that_wakes_after_its_retry_changes_nothing(
    alice: Caller, address: Address, upload_id: str
) -> None:
    """A claim without progress expires; whoever lost it can't let its bytes count."""

    def stalled() -> Iterator[bytes]:
        yield WORLD
        Upload.objects.update(claimed_at=timezone.now() - timedelta(minutes=5))
        uploads.append(alice, address, upload_id, [HELLO])
        yield WORLD

    with pytest.raises(UploadBusy):
        uploads.append(alice, address, upload_id, stalled())
    assert uploads.status(alice, address, upload_id) == len(HELLO)
    uploads.finish(alice, address, upload_id, Digest.of(HELLO))
    assert stored(alice, address, Digest.of(HELLO)) == HELLO
    assert list(storage.default().uploads()) == []


def test_a_long_request_keeps_its_claim(alice: Caller, address: Address, upload_id: str, settings: Settings) -> None:
    """Progress renews the claim, and a claim that is gone stops the request."""
    settings.UPLOAD_CLAIM_SECONDS = 0

    def renewed() -> Iterator[bytes]:
        yield HELLO
        Upload.objects.update(claim="somebody else")
        yield WORLD

    with pytest.raises(UploadBusy):
        uploads.append(alice, address, upload_id, renewed())
    assert uploads.status(alice, address, upload_id) == 0


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_crash_between_the_rename_and_the_row_is_mended(
    alice: Caller, address: Address, upload_id: str, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    """The bytes are at their final key, the row is not: the client's next PUT finds them."""
    uploads.append(alice, address, upload_id, [HELLO])
    digest = Digest.of(HELLO, algorithm)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("registry.core.blobs.link", crash)
        with pytest.raises(KeyboardInterrupt):
            uploads.finish(alice, address, upload_id, digest)
    assert not Blob.objects.exists()
    uploads.finish(alice, address, upload_id, digest)
    assert stored(alice, address, digest) == HELLO
    assert len(list(storage.default().keys())) == 1


def test_bytes_of_a_crashed_upload_go_with_it(
    alice: Caller, address: Address, upload_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled after such a crash, nothing stays on disk; more bytes can't follow."""
    uploads.append(alice, address, upload_id, [HELLO])
    with monkeypatch.context() as patch:
        patch.setattr("registry.core.blobs.link", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            uploads.finish(alice, address, upload_id, Digest.of(HELLO))
    with pytest.raises(UploadNotFound):
        uploads.append(alice, address, upload_id, [WORLD])
    uploads.cancel(alice, address, upload_id)
    assert list(storage.default().keys()) == []


def test_who_read_the_upload_before_its_bytes_were_moved_changes_nothing(
    alice: Caller, address: Address, upload_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two PUTs at once: while the second has read the row, but not claimed it, the first moves the bytes and fails."""
    uploads.append(alice, address, upload_id, [HELLO])
    find = uploads._find

    def late(repository: Repository, upload: str) -> Upload:
        found = find(repository, upload)
        with monkeypatch.context() as patch:
            patch.setattr(uploads, "_find", find)
            patch.setattr("registry.core.blobs.link", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                uploads.finish(alice, address, upload_id, Digest.of(HELLO))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "_find", late)
        with pytest.raises(UploadBusy):
            uploads.finish(alice, address, upload_id, Digest.of(HELLO))
    uploads.finish(alice, address, upload_id, Digest.of(HELLO))
    assert stored(alice, address, Digest.of(HELLO)) == HELLO


def test_another_upload_may_win(
    alice: Caller, address: Address, upload_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two clients push one blob at once: both succeed, one object stays."""
    uploads.append(alice, address, upload_id, [HELLO])
    finish = FilesystemDriver.finish

    def slow_finish(self: FilesystemDriver, *arguments: object) -> None:
        monkeypatch.setattr(FilesystemDriver, "finish", finish)
        push_blob(alice, address, HELLO)
        finish(self, *arguments)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(FilesystemDriver, "finish", slow_finish)
    uploads.finish(alice, address, upload_id, Digest.of(HELLO))
    assert stored(alice, address, Digest.of(HELLO)) == HELLO
    assert Blob.objects.count() == 1
    assert len(list(storage.default().keys())) == 1


def test_it_refuses_another_digest(alice: Caller, address: Address, upload_id: str) -> None:
    """Bytes that don't match are never visible, and the upload is over."""
    uploads.append(alice, address, upload_id, [HELLO])
    with pytest.raises(BlobDigestMismatch) as caught:
        uploads.finish(alice, address, upload_id, Digest.of(WORLD))
    assert caught.value.actual == str(Digest.of(HELLO))
    assert not Blob.objects.exists() and not Upload.objects.exists()
    assert list(storage.default().uploads()) == [] and list(storage.default().keys()) == []


def test_it_refuses_chunks_out_of_order(alice: Caller, address: Address, upload_id: str) -> None:
    """The error says where the next byte belongs."""
    uploads.append(alice, address, upload_id, [HELLO])
    for offset in (0, len(HELLO) + 1):
        with pytest.raises(UploadOutOfOrder) as caught:
            uploads.append(alice, address, upload_id, [WORLD], offset=offset)
        assert caught.value.offset == len(HELLO)


def test_it_refuses_unknown_finished_and_foreign_uploads(alice: Caller, address: Address, upload_id: str) -> None:
    """One answer for all three."""
    other = make_repository(alice, "other").address
    uploads.finish(alice, address, upload_id, Digest.of(b""))
    open_upload = str(uploads.start(alice, address).id)
    for place, wrong in (
        (address, upload_id),
        (address, "no-uuid"),
        (address, "00000000-0000-4000-8000-000000000000"),
        (other, open_upload),
    ):
        with pytest.raises(UploadNotFound):
            uploads.append(alice, place, wrong, [HELLO])
        with pytest.raises(UploadNotFound):
            uploads.finish(alice, place, wrong, Digest.of(HELLO))
        with pytest.raises(UploadNotFound):
            uploads.cancel(alice, place, wrong)


def test_to_finish_again_is_no_error(alice: Caller, address: Address, upload_id: str) -> None:
    """The node died before it could answer, and the gateway or the client asks another one."""
    uploads.append(alice, address, upload_id, [HELLO])
    first = uploads.finish(alice, address, upload_id, Digest.of(HELLO))
    assert uploads.finish(alice, address, upload_id, Digest.of(HELLO)) == first
    for wrong, digest, length in (
        (upload_id, Digest.of(WORLD), 0),
        (upload_id, Digest.of(HELLO), len(HELLO)),
        ("no-uuid", Digest.of(HELLO), 0),
    ):
        with pytest.raises(UploadNotFound):
            uploads.finish(alice, address, wrong, digest, [HELLO], length=length)


def test_it_refuses_blobs_over_the_limit(alice: Caller, address: Address, upload_id: str, settings: Settings) -> None:
    """Across requests; what was there before stays."""
    settings.MAX_BLOB_BYTES = 8000
    uploads.append(alice, address, upload_id, [HELLO])
    with pytest.raises(BlobTooLarge):
        uploads.append(alice, address, upload_id, [WORLD])
    with pytest.raises(BlobTooLarge):  # what is only promised is refused before a byte is read
        uploads.append(alice, address, upload_id, [], length=len(WORLD))
    assert uploads.status(alice, address, upload_id) == len(HELLO)


def test_it_refuses_accounts_over_their_quota(alice: Caller, address: Address, settings: Settings) -> None:
    """Each blob counts once, however many repositories link it."""
    settings.STORAGE_QUOTA_BYTES = len(HELLO) + 1
    push_blob(alice, address, HELLO)
    push_blob(alice, make_repository(alice, "other").address, HELLO)
    push_blob(alice, address, WORLD)
    with pytest.raises(QuotaExceeded):
        uploads.start(alice, address)


def test_a_full_disk_leaves_the_upload_as_it_was(
    alice: Caller, address: Address, upload_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """StorageFull, the offset stays, and it goes on when there is space again."""
    uploads.append(alice, address, upload_id, [HELLO])

    def full() -> Iterator[bytes]:
        yield WORLD
        raise StorageFull

    with pytest.raises(StorageFull):
        uploads.append(alice, address, upload_id, full())
    assert uploads.status(alice, address, upload_id) == len(HELLO)
    uploads.append(alice, address, upload_id, [WORLD])
    uploads.finish(alice, address, upload_id, Digest.of(HELLO + WORLD))
    assert stored(alice, address, Digest.of(HELLO + WORLD)) == HELLO + WORLD


def test_it_refuses_strangers(
    charlie: Caller, anonymous: Caller, address: Address, public_address: Address, upload_id: str
) -> None:
    """No verb of an upload is open to others, in public repositories neither."""
    for place in (address, public_address):
        for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
            with pytest.raises(error):
                uploads.start(caller, place)
            with pytest.raises(error):
                uploads.append(caller, place, upload_id, [HELLO])
            with pytest.raises(error):
                uploads.finish(caller, place, upload_id, Digest.of(HELLO))
            with pytest.raises(error):
                uploads.status(caller, place, upload_id)
            with pytest.raises(error):
                uploads.cancel(caller, place, upload_id)


def test_a_failed_single_request_leaves_no_upload(alice: Caller, address: Address, repository: Repository) -> None:
    """Whatever goes wrong."""
    with pytest.raises(BlobDigestMismatch):
        uploads.put_whole(alice, address, Digest.of(WORLD), [HELLO], length=len(HELLO))
    with pytest.raises(UploadCutShort):
        uploads.put_whole(alice, address, Digest.of(HELLO), [HELLO[:5]], length=len(HELLO))
    assert not Upload.objects.filter(repository=repository).exists()
    assert list(storage.default().uploads()) == []


def test_a_store_that_goes_away_after_the_last_byte_fails_no_push(
    alice: Caller, address: Address, upload_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blob is there; what is left of the upload goes with the next collection."""

    def refuse(*_: object) -> None:
        raise StorageUnavailable("it does not answer")

    with monkeypatch.context() as away:
        away.setattr(FilesystemDriver, "discard", refuse)
        digest = Digest.of(HELLO)
        assert uploads.finish(alice, address, upload_id, digest, [HELLO], length=len(HELLO)).digest == str(digest)
    assert stored(alice, address, digest) == HELLO
    assert list(uploads.left_behind()) == [upload_id]
