"""The recycle window: what was deleted comes back with its tags, children and what was attached; or says why not."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller, Staff
from accounts.errors import AccessDenied
from accounts.models import AuditEvent, OutboxRow
from registry.core import addresses, archive, deletions, image_tags, images, recycling, repositories, takedowns
from registry.errors import (
    CountLimitExceeded,
    ImageAlreadyExists,
    ImageNotFound,
    LayersNotFound,
    ReferencedImagesNotFound,
    RepositoryAlreadyExists,
    RepositoryNotFound,
    TakenDown,
)
from registry.lifecycle import runs
from registry.models import Blob, BlobLink, Image, Repository, TagEvent
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import make_public_repository, push_image, push_index
from tests.registry.lifecycle.making import age, expire, live, policy


def digest_of(image: Image) -> Digest:
    """The image's digest as a value."""
    return Digest.parse(image.digest)


def attached_to(image: Image) -> dict[str, Any]:
    """What makes a manifest name an image as its subject."""
    return {"subject": {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}}


def test_it_works(alice: Caller, address: Address, repository: Repository) -> None:
    image = push_image(alice, address, "1")
    images.put(alice, address, ImageTag("2"), image.media_type, images.get(alice, address, ImageTag("1")).content)
    images.delete(alice, address, digest_of(image))
    (shown,) = recycling.deleted(alice, address).rows
    assert (shown.digest, shown.deleted_tags, shown.deleted_by) == (image.digest, ["1", "2"], alice.principal_arn)
    until = recycling.until(shown)
    assert until and timedelta(days=6, hours=23) < until - timezone.now() < timedelta(days=7)
    restored = recycling.restore(alice, address, digest_of(image))
    assert (restored.digests, restored.tags, restored.elsewhere) == ([image.digest], ["1", "2"], [])
    assert images.get(alice, address, ImageTag("2")).image.digest == image.digest
    repository.refresh_from_db()
    image.refresh_from_db()
    assert repository.image_count == 1 and image.deleted_tags == [] and image.deleted_by == ""
    assert TagEvent.objects.filter(kind="restored", new_digest=image.digest).count() == 2
    assert AuditEvent.objects.get(event_name="RestoreImage").details["imageTags"] == ["1", "2"]
    assert OutboxRow.objects.filter(event="ImagePushed", task="gallery.search.index.refresh").count() == 4
    assert recycling.deleted(alice, address).rows == []


def test_a_tag_that_names_something_else_by_now_stays(alice: Caller, address: Address) -> None:
    old = push_image(alice, address, "1")
    images.delete(alice, address, digest_of(old))
    new = push_image(alice, address, "1")
    restored = recycling.restore(alice, address, digest_of(old))
    assert (restored.tags, restored.elsewhere) == ([], [("1", new.digest)])
    assert images.get(alice, address, ImageTag("1")).image.digest == new.digest
    assert images.get(alice, address, digest_of(old)).image.digest == old.digest


def test_an_index_comes_back_whole(alice: Caller, address: Address, repository: Repository) -> None:
    """With its images and signatures, by whatever steps it went; not with what went before it."""
    one, two = push_image(alice, address), push_image(alice, address)
    index = push_index(alice, address, "all", [one, two])
    signature, former = (push_image(alice, address, **attached_to(index)) for _ in range(2))
    images.delete(alice, address, digest_of(former))
    deletions.delete(alice, address, [index.digest])
    assert not live(repository) and recycling.deleted(alice, address).total == 5
    restored = recycling.restore(alice, address, digest_of(index))
    assert restored.digests[0] == index.digest and restored.tags == ["all"]
    assert live(repository) == {index.digest, one.digest, two.digest, signature.digest}


def test_what_a_policy_let_expire_comes_back_and_stays(alice: Caller, address: Address, repository: Repository) -> None:
    """The next run does not take it at once again."""
    child = age(push_image(alice, address), 40)
    index = age(push_index(alice, address, "1", [child]), 40)
    Repository.objects.filter(id=repository.id).update(lifecycle_policy_text=policy(expire(4, tagStatus="any")))
    assert runs.run(repository.id).expired == 2
    shown = {row.digest: row.deleted_by_rule for row in recycling.deleted(alice, address).rows}
    assert shown == {index.digest: 4, child.digest: 4}
    recycling.restore(alice, address, digest_of(index))
    assert runs.run(repository.id).expired == 0 and live(repository) == {index.digest, child.digest}


def test_what_expired_in_the_archive_comes_back_there_and_stays(
    alice: Caller, address: Address, repository: Repository
) -> None:
    """Its time in the archive counts from when it was put back."""
    image = push_image(alice, address, "1")
    archive.update(alice, address, digest_of(image), None, "ARCHIVE")
    Image.objects.filter(id=image.id).update(last_archived_at=timezone.now() - timedelta(days=100))
    rule = expire(1, tagStatus="any", storageClass="archive", countType="sinceImageTransitioned", countNumber=90)
    Repository.objects.filter(id=repository.id).update(lifecycle_policy_text=policy(rule))
    assert runs.run(repository.id).expired == 1
    recycling.restore(alice, address, digest_of(image))
    assert runs.run(repository.id).expired == 0 and live(repository) == {image.digest}
    image.refresh_from_db()
    assert image.image_status == "ARCHIVED"


def test_what_was_made_of_an_image_comes_back_with_it_only(
    alice: Caller, address: Address, repository: Repository
) -> None:
    """By itself it would have nothing to go with."""
    image = push_image(alice, address, "1")
    made = push_image(alice, address, **attached_to(image))
    Image.objects.filter(id=made.id).update(is_generated=True)
    images.delete(alice, address, digest_of(image))
    assert [row.digest for row in recycling.deleted(alice, address).rows] == [image.digest]
    with pytest.raises(ImageNotFound):
        recycling.restore(alice, address, digest_of(made))
    recycling.restore(alice, address, digest_of(image))
    assert live(repository) == {image.digest, made.digest}


def test_the_last_tag_takes_the_image_and_brings_it_back(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    images.delete_ids(alice, address, [("", "1")])
    assert recycling.restore(alice, address, digest_of(image)).tags == ["1"]


def test_it_refuses(
    alice: Caller, charlie: Caller, address: Address, repository: Repository, settings: Settings
) -> None:
    image, other = push_image(alice, address, "1"), push_image(alice, address, "2")
    with pytest.raises(ImageAlreadyExists):
        recycling.restore(alice, address, digest_of(image))
    with pytest.raises(ImageNotFound):
        recycling.restore(alice, address, Digest.of(b""))
    images.delete(alice, address, digest_of(image))
    for call in (
        lambda: recycling.restore(charlie, address, digest_of(image)),
        lambda: recycling.deleted(charlie, address),
    ):
        with pytest.raises(AccessDenied):
            call()
    settings.MAX_IMAGES = 1
    with pytest.raises(CountLimitExceeded):
        recycling.restore(alice, address, digest_of(image))
    settings.MAX_IMAGES = 10
    Blob.objects.filter(images__image=image).update(state="deleting")
    with pytest.raises(LayersNotFound):
        recycling.restore(alice, address, digest_of(image))
    assert live(repository) == {other.digest}


def test_the_gate_is_asked_about_each_tag(alice: Caller, address: Address) -> None:
    """Who may not push a tag can't bring it back."""
    image = push_image(alice, address, "prod")
    images.delete(alice, address, digest_of(image))
    text = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "ecr:PutImage", '
        '"Resource": "*", "Condition": {"StringLike": {"ecr:ImageTag": "prod*"}}}}'
    )
    Repository.objects.update(policy_text=text.replace('"Resource": "*", ', ""))
    with pytest.raises(AccessDenied):
        recycling.restore(alice, address, digest_of(image))
    Repository.objects.update(policy_text="")
    assert recycling.restore(alice, address, digest_of(image)).tags == ["prod"]


def test_an_index_whose_image_is_gone_for_ever_does_not_come_back(
    alice: Caller, address: Address, repository: Repository
) -> None:
    child = push_image(alice, address)
    index = push_index(alice, address, "1", [child])
    deletions.delete(alice, address, [index.digest])
    Image.objects.filter(id=child.id).update(deleted_at=timezone.now() - timedelta(days=8))
    with pytest.raises(ReferencedImagesNotFound):
        recycling.restore(alice, address, digest_of(index))
    assert not live(repository)


def test_the_window_ends(alice: Caller, address: Address, settings: Settings) -> None:
    image = push_image(alice, address, "1")
    images.delete(alice, address, digest_of(image))
    settings.UNDELETE_SECONDS = 0
    assert recycling.deleted(alice, address).rows == [] and not recycling.is_open()
    with pytest.raises(ImageNotFound):
        recycling.restore(alice, address, digest_of(image))
    settings.UNDELETE_SECONDS = 60
    Image.objects.update(deleted_at=timezone.now() - timedelta(seconds=61))
    assert recycling.deleted(alice, address).rows == []


def test_the_list_goes_by_pages_and_names_each_digest_once(alice: Caller, address: Address) -> None:
    made = []
    for number in range(5):
        made.append(push_image(alice, address, f"v{number}"))
        images.delete(alice, address, digest_of(made[-1]))
    again = recycling.restore(alice, address, digest_of(made[0])).digests
    images.delete(alice, address, digest_of(made[0]))
    first = recycling.deleted(alice, address, limit=2)
    second = recycling.deleted(alice, address, limit=9, after=first.next)
    digests = [row.digest for row in (*first.rows, *second.rows)]
    assert again and first.total == 5 and second.next == ""
    assert digests == [made[0].digest, *(image.digest for image in reversed(made[1:]))]


def test_a_link_that_was_lost_is_made_again(alice: Caller, address: Address) -> None:
    """The layer's own deletion was possible while no image needed it."""
    image = push_image(alice, address, "1")
    images.delete(alice, address, digest_of(image))
    BlobLink.objects.all().delete()
    recycling.restore(alice, address, digest_of(image))
    assert BlobLink.objects.count() == 2


def test_what_staff_took_down_stays_down(alice: Caller) -> None:
    address = make_public_repository(alice).address
    image, other = push_image(alice, address, "1"), push_image(alice, address, "2")
    takedowns.take_down(Staff("staff@example.com"), address, "spam", digest=digest_of(image))
    assert recycling.deleted(alice, address).rows == []
    with pytest.raises(TakenDown):
        recycling.restore(alice, address, digest_of(image))
    images.delete(alice, address, digest_of(other))
    assert recycling.restore(alice, address, digest_of(other)).tags == ["2"]
    takedowns.take_down(Staff("staff@example.com"), address, "spam")
    assert recycling.deleted_repositories(alice, address.registry) == []


def test_a_repository_comes_back_whole(
    alice: Caller, charlie: Caller, address: Address, repository: Repository
) -> None:
    image = push_image(alice, address, "1")
    Repository.objects.update(lifecycle_due_at=timezone.now())
    repositories.delete(alice, address, force=True)
    (row,) = recycling.deleted_repositories(alice, address.registry)
    assert row.id == repository.id
    with pytest.raises(AccessDenied):
        recycling.restore_repository(charlie, address, row.id)
    assert recycling.restore_repository(alice, address, row.id).id == repository.id
    assert Repository.objects.get().lifecycle_due_at is None, "time to look at what came back"
    assert images.get(alice, address, ImageTag("1")).image.digest == image.digest
    assert AuditEvent.objects.filter(event_name="RestoreRepository").count() == 1
    with pytest.raises(RepositoryNotFound):
        recycling.restore_repository(alice, address, row.id)


def test_a_repository_whose_name_is_taken_comes_back_by_another(
    alice: Caller, address: Address, repository: Repository, settings: Settings
) -> None:
    push_image(alice, address, "1")
    repositories.delete(alice, address, force=True)
    repositories.create(alice, address)
    with pytest.raises(RepositoryAlreadyExists):
        recycling.restore_repository(alice, address, repository.id)
    other = addresses.private(alice.account_id, "team/app-before")
    settings.MAX_REPOSITORIES = 1
    with pytest.raises(CountLimitExceeded):
        recycling.restore_repository(alice, other, repository.id)
    settings.MAX_REPOSITORIES = 10
    recycling.restore_repository(alice, other, repository.id)
    assert image_tags.names(alice, other)[0] == ["1"] and image_tags.names(alice, address)[0] == []
    settings.UNDELETE_SECONDS = 0
    repositories.delete(alice, other, force=True)
    assert recycling.deleted_repositories(alice, address.registry) == []
    with pytest.raises(RepositoryNotFound):
        recycling.restore_repository(alice, other, repository.id)
