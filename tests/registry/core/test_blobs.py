"""Blobs of a repository: find, open, mount, delete."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from structlog.testing import CapturingLogger

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry import storage
from registry.core import blobs, images
from registry.errors import BlobIsReferenced, BlobNotFound, StorageUnavailable
from registry.models import Blob, BlobLink, Image
from registry.values import Address, Digest
from tests.factories.registry import make_public_repository, make_repository, push_blob, push_image

HELLO = b"hello"
DIGEST = Digest.of(HELLO)


def test_it_works(alice: Caller, address: Address) -> None:
    """A pushed blob is found and read."""
    push_blob(alice, address, HELLO)
    assert blobs.find(alice, address, DIGEST).size == 5
    opened = blobs.open_for_reading(alice, address, DIGEST)
    with opened.file as file:
        assert (opened.digest, opened.size, file.read()) == (str(DIGEST), 5, HELLO)


def test_asking_renews_the_grace_of_an_unused_blob(alice: Caller, address: Address) -> None:
    """A blob that no image needs is kept when somebody asks; one that is needed is never written."""
    push_blob(alice, address, HELLO)
    long_ago = timezone.now() - timedelta(days=30)
    BlobLink.objects.update(keep_until=long_ago)
    blobs.find(alice, address, DIGEST)
    assert BlobLink.objects.get().keep_until > timezone.now()
    push_image(alice, address, "1", layers=[HELLO])
    BlobLink.objects.update(keep_until=long_ago)
    blobs.find(alice, address, DIGEST)
    assert BlobLink.objects.get(blob__digest=str(DIGEST)).keep_until == long_ago
    other = make_repository(alice, "other").address
    assert blobs.mount(alice, other, DIGEST, address)
    BlobLink.objects.update(keep_until=long_ago)
    blobs.find(alice, other, DIGEST)
    renewed = BlobLink.objects.get(keep_until__gt=timezone.now())
    assert renewed.repository.name == "other", "an image elsewhere keeps nothing here"


def test_a_blob_under_collection_is_absent(alice: Caller, address: Address) -> None:
    """A new push of it makes a new row with a new key."""
    push_blob(alice, address, HELLO)
    Blob.objects.update(state=Blob.State.DELETING)
    with pytest.raises(BlobNotFound):
        blobs.find(alice, address, DIGEST)
    push_blob(alice, address, HELLO)
    found = blobs.find(alice, address, DIGEST)
    assert Blob.objects.get(id=found.id).state == Blob.State.LIVE
    assert len(set(Blob.objects.values_list("storage_key", flat=True))) == 2


def test_missing_bytes_are_never_answered(alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gone from disk: absent to HEAD and GET, and an error in the log with the digest."""
    log = CapturingLogger()
    monkeypatch.setattr(blobs, "log", log)
    push_blob(alice, address, HELLO)
    storage.default().delete(Blob.objects.get().storage_key)
    with pytest.raises(BlobNotFound):
        blobs.find(alice, address, DIGEST)
    assert Blob.objects.get().state == Blob.State.DAMAGED
    assert [(call.method_name, call.kwargs["digest"]) for call in log.calls] == [("error", str(DIGEST))]


def test_mount_links_without_copying(alice: Caller, address: Address) -> None:
    """From a repository that is named, or from any of the own account."""
    push_blob(alice, address, HELLO)
    for name, source in (("one", address), ("two", None)):
        other = make_repository(alice, name).address
        assert blobs.mount(alice, other, DIGEST, source)
        assert blobs.find(alice, other, DIGEST)
    assert len(list(storage.default().keys())) == 1


def test_mount_from_a_public_repository_of_others(alice: Caller, charlie: Caller) -> None:
    """What anyone may pull, anyone may mount."""
    source = make_public_repository(alice).address
    push_blob(alice, source, HELLO)
    own = make_repository(charlie, "own").address
    assert blobs.mount(charlie, own, DIGEST, source)
    assert not blobs.mount(charlie, own, Digest.of(b"other"), source)


def test_mount_is_no_oracle(alice: Caller, charlie: Caller, address: Address, absent: Address) -> None:
    """A stranger's mount fails in the same way whether the blob or the repository is there or not."""
    push_blob(alice, address, HELLO)
    own = make_repository(charlie, "own").address
    for source in (address, absent, None):
        assert not blobs.mount(charlie, own, DIGEST, source)
    with pytest.raises(AccessDenied):
        blobs.mount(charlie, address, DIGEST, None)


def test_mount_does_not_link_damaged_bytes(alice: Caller, address: Address) -> None:
    """The client uploads them instead, which heals the blob."""
    push_blob(alice, address, HELLO)
    storage.default().delete(Blob.objects.get().storage_key)
    assert not blobs.mount(alice, make_repository(alice, "other").address, DIGEST, address)


def test_delete_takes_a_blob_out_of_one_repository(alice: Caller, address: Address) -> None:
    """Other repositories keep it."""
    other = make_repository(alice, "other").address
    push_blob(alice, address, HELLO)
    push_blob(alice, other, HELLO)
    blobs.delete(alice, address, DIGEST)
    with pytest.raises(BlobNotFound):
        blobs.find(alice, address, DIGEST)
    assert blobs.find(alice, other, DIGEST)


def test_it_refuses_to_delete_what_an_image_needs(alice: Caller, address: Address) -> None:
    """Until the image is gone."""
    image: Image = push_image(alice, address, "1", layers=[HELLO])
    with pytest.raises(BlobIsReferenced):
        blobs.delete(alice, address, DIGEST)
    images.delete(alice, address, Digest.parse(image.digest))
    blobs.delete(alice, address, DIGEST)


def test_it_refuses_strangers(charlie: Caller, anonymous: Caller, alice: Caller, address: Address) -> None:
    """Reading and deleting."""
    push_blob(alice, address, HELLO)
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        for verb in (blobs.find, blobs.open_for_reading, blobs.delete):
            with pytest.raises(error):
                verb(caller, address, DIGEST)


def test_anyone_reads_public_blobs(alice: Caller, anonymous: Caller, public_address: Address) -> None:
    """Without an account; deleting is the owner's."""
    push_blob(alice, public_address, HELLO)
    assert blobs.find(anonymous, public_address, DIGEST)
    blobs.open_for_reading(anonymous, public_address, DIGEST).file.close()
    with pytest.raises(CredentialsMissing):
        blobs.delete(anonymous, public_address, DIGEST)


def test_a_store_that_is_not_mounted_is_no_damage(
    alice: Caller, address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was marked would be absent even after it is mounted again, until somebody pushes it or all is verified."""
    for number in range(blobs.LOST_TOGETHER):
        push_blob(alice, address, b"other %d" % number)
    push_blob(alice, address, HELLO)
    (tmp_path / "empty").mkdir()
    with monkeypatch.context() as away:
        away.setattr(storage.default(), "root", tmp_path / "empty")
        for ask in (blobs.find, blobs.open_for_reading):
            with pytest.raises(StorageUnavailable, match="is it mounted"):
                ask(alice, address, DIGEST)
    assert not Blob.objects.exclude(state=Blob.State.LIVE).exists()
    assert blobs.find(alice, address, DIGEST).size == 5
    storage.default().delete(Blob.objects.get(digest=str(DIGEST)).storage_key)
    with pytest.raises(BlobNotFound):
        blobs.find(alice, address, DIGEST)
    assert Blob.objects.get(digest=str(DIGEST)).state == Blob.State.DAMAGED
