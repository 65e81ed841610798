"""Deleting images with what only they name and what is attached; what is freed after sharing."""

import pytest
from django.utils import timezone

from accounts.caller import Caller
from accounts.errors import AccessDenied
from registry.core import deletions, repositories, retagging
from registry.errors import ImageIsReferenced, ImageNotFound, ImageTagAlreadyExists
from registry.models import Image, Repository, TagEvent
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import make_repository, push_image, push_index

SHARED, OWN = b"s" * 1000, b"o" * 300


def live() -> set[str]:
    """The digests that are there."""
    return set(Image.objects.filter(deleted_at=None).values_list("digest", flat=True))


def test_it_works_with_children_and_what_is_attached(alice: Caller, address: Address) -> None:
    shared, own = push_image(alice, address, layers=[SHARED]), push_image(alice, address, layers=[OWN])
    both = push_index(alice, address, "both", [shared, own])
    push_index(alice, address, "one", [shared])
    subject = {"mediaType": both.media_type, "digest": both.digest, "size": both.manifest_size}
    signature = push_image(alice, address, subject=subject)
    subject = {"mediaType": own.media_type, "digest": own.digest, "size": own.manifest_size}
    sbom = push_image(alice, address, subject=subject)
    Image.objects.filter(id=own.id).update(last_recorded_pull_time=timezone.now())
    found = deletions.effects(alice, address, [both.digest])
    assert (found.children, found.attached, found.count) == (1, 2, 4)
    assert (found.tags, found.pulled) == (["both"], 1)
    assert found.freed == own.size + signature.size + sbom.size
    assert deletions.delete(alice, address, [both.digest]) == 4
    assert not live() & {both.digest, own.digest, signature.digest, sbom.digest} and shared.digest in live()


def test_what_is_tagged_before_it_goes_stays(alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody tags a platform image between the look at what goes and its deletion."""
    child = push_image(alice, address)
    index = push_index(alice, address, "all", [child])
    lock = repositories.lock

    def late(repository: Repository) -> None:
        monkeypatch.setattr(repositories, "lock", lock)
        retagging.retag(alice, address, Digest.parse(child.digest), ImageTag("kept"))
        lock(repository)

    monkeypatch.setattr(repositories, "lock", late)
    assert deletions.delete(alice, address, [index.digest]) == 1
    assert live() == {child.digest} and child.tags.get().name == "kept"


def test_freed_is_after_sharing_within_the_account(alice: Caller, charlie: Caller, address: Address) -> None:
    image = push_image(alice, address, "1", layers=[SHARED, OWN])
    other = make_repository(alice, "other").address
    push_image(alice, other, "1", layers=[SHARED])
    push_image(charlie, make_repository(charlie).address, "1", layers=[OWN])
    assert deletions.effects(alice, address, [image.digest]).freed == image.size - len(SHARED)


def test_it_refuses_what_is_gone_named_or_not_allowed(alice: Caller, charlie: Caller, address: Address) -> None:
    child = push_image(alice, address)
    push_index(alice, address, "all", [child])
    with pytest.raises(ImageIsReferenced):
        deletions.delete(alice, address, [child.digest])
    for call in (deletions.effects, deletions.delete):
        with pytest.raises(ImageNotFound):
            call(alice, address, [child.digest, "sha256:" + "0" * 64])
        with pytest.raises(AccessDenied):
            call(charlie, address, [child.digest])
    assert child.digest in live()


def test_another_tag_names_an_image(alice: Caller, charlie: Caller, address: Address) -> None:
    old, new = push_image(alice, address, "1"), push_image(alice, address, "2")
    digest = Digest.parse(new.digest)
    assert retagging.retag(alice, address, digest, ImageTag("stable")).changed
    assert not retagging.retag(alice, address, digest, ImageTag("stable")).changed
    assert retagging.retag(alice, address, digest, ImageTag("1")).changed
    last = TagEvent.objects.latest("id")
    assert (last.tag, last.old_digest, last.new_digest) == ("1", old.digest, new.digest)
    with pytest.raises(ImageNotFound):
        retagging.retag(alice, address, Digest.parse("sha256:" + "0" * 64), ImageTag("1"))
    with pytest.raises(AccessDenied):
        retagging.retag(charlie, address, digest, ImageTag("1"))
    old.repository.image_tag_mutability = "IMMUTABLE"
    old.repository.save()
    with pytest.raises(ImageTagAlreadyExists):
        retagging.retag(alice, address, Digest.parse(old.digest), ImageTag("1"))
