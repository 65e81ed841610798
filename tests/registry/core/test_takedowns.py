"""Staff take public repositories and images down: gone at once, bytes removed, and not pushed again."""

import pytest

from accounts.caller import Caller, Staff
from accounts.models import AuditEvent, OutboxRow
from registry import storage
from registry.core import addresses, images, recycling, removed, repositories, takedowns
from registry.errors import ImageNotFound, InvalidValue, RepositoryNotFound, TakenDown
from registry.models import Blob, Image, Manifest, Repository, Takedown
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import make_public_repository, push_image, push_index

STAFF = Staff("staff@example.com")


def purge() -> None:
    """Run what the takedowns announced."""
    for row in OutboxRow.objects.filter(event="TakenDown"):
        takedowns.purge(row.payload)


def stored() -> int:
    """How many blobs have bytes in the store."""
    return sum(storage.default().size(blob.storage_key) is not None for blob in Blob.objects.all())


def test_it_works_for_a_repository(alice: Caller, public_address: Address) -> None:
    image = push_image(alice, public_address, "1")
    push_image(alice, public_address, "2")
    keys = list(Blob.objects.values_list("storage_key", flat=True))
    takedowns.take_down(STAFF, public_address, " It mines coins. ")
    with pytest.raises(RepositoryNotFound):
        images.get(alice, public_address, Digest.parse(image.digest))
    with pytest.raises(TakenDown) as refused:
        repositories.create(alice, public_address)
    assert refused.value.reason == "It mines coins."
    purge()
    assert not Blob.objects.exists() and not Image.objects.exists() and not Manifest.objects.exists()
    assert [storage.default().size(key) for key in keys] == [None] * len(keys)
    row = Takedown.objects.get()
    assert row.purged_at and row.blob_ids == []
    event = AuditEvent.objects.filter(event_name="DeleteRepository").get()
    assert event.user_agent == "staff: staff@example.com" and event.details == {"takedown": "It mines coins."}


def test_it_works_for_one_image_with_its_platforms(alice: Caller, public_address: Address) -> None:
    shared, only = b"shared layer", b"only here"
    one = push_image(alice, public_address, "", layers=[shared, only])
    index = push_index(alice, public_address, "latest", [one])
    kept = push_image(alice, public_address, "kept", layers=[shared])
    takedowns.take_down(STAFF, public_address, "Malware", digest=Digest.parse(index.digest))
    for digest in (index.digest, one.digest):
        with pytest.raises(ImageNotFound):
            images.get(alice, public_address, Digest.parse(digest))
    purge()
    left = set(Blob.objects.values_list("digest", flat=True))
    assert str(Digest.of(shared)) in left and str(Digest.of(only)) not in left
    assert images.get(alice, public_address, ImageTag("kept")).image.digest == kept.digest
    content = push_image(alice, public_address, "new", layers=[only])
    assert content.digest not in {one.digest, index.digest}


def test_what_was_made_of_the_image_goes_with_it(alice: Caller, public_address: Address) -> None:
    image = push_image(alice, public_address, "bad")
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
    made = push_image(alice, public_address, subject=subject)
    Image.objects.filter(id=made.id).update(is_generated=True)
    takedowns.take_down(STAFF, public_address, "malware", digest=Digest.parse(image.digest))
    with pytest.raises(ImageNotFound):
        images.get(alice, public_address, Digest.parse(made.digest))
    purge()
    assert not Image.objects.exists() and not Blob.objects.exists()


def test_what_else_was_deleted_there_can_still_be_put_back(alice: Caller, public_address: Address) -> None:
    """Such as an index that has nothing to do with the image that is taken down."""
    index = push_index(alice, public_address, "all", [push_image(alice, public_address)])
    bad = push_image(alice, public_address, "bad")
    images.delete(alice, public_address, Digest.parse(index.digest))
    takedowns.take_down(STAFF, public_address, "malware", digest=Digest.parse(bad.digest))
    purge()
    assert recycling.restore(alice, public_address, Digest.parse(index.digest)).tags == ["all"]
    assert not Image.objects.filter(digest=bad.digest).exists()


def test_the_same_image_is_refused_again_until_the_takedown_is_lifted(alice: Caller, public_address: Address) -> None:
    image = push_image(alice, public_address, "1")
    push_image(alice, public_address, "2")
    content = images.get(alice, public_address, ImageTag("1")).content
    row = takedowns.take_down(STAFF, public_address, "Malware", digest=Digest.parse(image.digest))
    with pytest.raises(TakenDown):
        images.put(alice, public_address, ImageTag("3"), image.media_type, content)
    takedowns.lift(STAFF, row.id)
    assert removed.standing(public_address, image.digest) is None
    with pytest.raises(RepositoryNotFound):
        takedowns.lift(STAFF, row.id)


def test_a_push_that_is_under_way_meanwhile_is_refused_too(
    alice: Caller, public_address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = push_image(alice, public_address, "kept")
    index = push_index(alice, public_address, "bad", [child])
    push_index(alice, public_address, "good", [child], annotations={"a": "b"})
    lock = repositories.lock

    def late(repository: Repository) -> None:
        monkeypatch.setattr(repositories, "lock", lock)
        takedowns.take_down(STAFF, public_address, "malware", digest=Digest.parse(index.digest))
        lock(repository)

    monkeypatch.setattr(repositories, "lock", late)
    with pytest.raises(TakenDown):
        push_index(alice, public_address, "again", [child])


def test_bytes_that_another_repository_has_stay(alice: Caller, charlie: Caller, public_address: Address) -> None:
    other = make_public_repository(charlie).address
    layer = b"a layer of both"
    push_image(alice, public_address, "1", layers=[layer])
    push_image(charlie, other, "1", layers=[layer])
    takedowns.take_down(STAFF, public_address, "Trade mark")
    purge()
    assert str(Digest.of(layer)) in set(Blob.objects.values_list("digest", flat=True))
    assert images.get(charlie, other, ImageTag("1"))
    assert stored() == Blob.objects.count()


def test_a_purge_that_was_cut_short_goes_on(
    alice: Caller, public_address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    push_image(alice, public_address, "1")
    takedowns.take_down(STAFF, public_address, "Malware")
    driver = storage.default()
    with monkeypatch.context() as patch:
        patch.setattr(type(driver), "delete", lambda self, key: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(OSError, match="killed"):
            purge()
    assert Takedown.objects.get().purged_at is None and Blob.objects.filter(state="deleting").exists()
    purge()
    assert not Blob.objects.exists() and Takedown.objects.get().purged_at


def test_it_refuses_what_is_not_public_or_not_there(alice: Caller, address: Address, public_address: Address) -> None:
    with pytest.raises(InvalidValue):
        takedowns.take_down(STAFF, address, "Private is private")
    for reason in ("", "   ", "x" * 501, "a\x00b"):
        with pytest.raises(InvalidValue):
            takedowns.take_down(STAFF, public_address, reason)
    with pytest.raises(ImageNotFound):
        takedowns.take_down(STAFF, public_address, "No such", digest=Digest.of(b"nothing"))
    with pytest.raises(RepositoryNotFound):
        takedowns.take_down(STAFF, addresses.public(alice.account_id, "absent"), "No such")
    assert not Takedown.objects.exists()
