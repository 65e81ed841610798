"""The archive: images that are kept but can't be pulled until somebody restores them. Bytes stay where they are.

What is attached to an image goes with it, both ways. An image that an index names goes only where all such indexes are,
and comes back with any of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import events
from registry.core import addresses, naming, reading, repositories
from registry.errors import ImageNotFound, StorageClassUpdateNotSupported
from registry.models import Image, ImageChild, Repository
from registry.values import Address, Digest
from registry.values import ImageTag as Tag

STANDARD: Final = "STANDARD"
ARCHIVE: Final = "ARCHIVE"
CLASSES: Final = {STANDARD: Image.Status.ACTIVE, ARCHIVE: Image.Status.ARCHIVED}
"""Storage class -> status of the images in it."""


def update(caller: Caller, address: Address, digest: Digest | None, tag: Tag | None, storage_class: str) -> Image:
    """Archive an image or restore it, and return it; one that is there already stays so.

    It is named by digest, by tag, or by both. Raises ImageNotFound, StorageClassUpdateNotSupported.
    """
    repository = repositories.authorized(
        caller,
        address,
        Action.UPDATE_IMAGE_STORAGE_CLASS,
        image_tags=lambda found: reading.tags_named(found, digest, tag),
    )
    with transaction.atomic():
        repositories.lock(repository)
        image = _find(repository, digest, tag)
        if storage_class == ARCHIVE:
            put_away(caller, repository, _with_attached(repository, image.digest))
        else:
            activate(caller, repository, [image])
        image.refresh_from_db()
    return image


def put_away(
    caller: Caller, repository: Repository, digests: Sequence[str], rules: Mapping[str, int] | None = None
) -> list[str]:
    """Archive these images and no others, inside the transaction that locked the repository.

    Return the digests of those that were active; StorageClassUpdateNotSupported for what an active index names.
    """
    held = _held(repository, digests, besides=digests)
    if held:
        raise StorageClassUpdateNotSupported(min(held), repository.name, repository.account_id)
    return _move(caller, repository, _live(repository).filter(digest__in=digests), ARCHIVE, rules)


def _with_attached(repository: Repository, digest: str) -> list[str]:
    """An image and what goes with it, by digest; what an active index names stays, with what is attached to it."""
    going = [digest]
    subjects = going
    while subjects:
        attached = _live(repository).filter(subject_digest__in=subjects).exclude(digest__in=going)
        found = list(attached.values_list("digest", flat=True))
        held = _held(repository, found, besides=going)
        subjects = [each for each in found if each not in held]
        going = going + subjects
    return going


def _held(repository: Repository, digests: Iterable[str], *, besides: Sequence[str]) -> set[str]:
    """Those of the digests that an active index names, besides those that go themselves."""
    active = naming.of(repository, digests, image_status=Image.Status.ACTIVE).exclude(parent__digest__in=besides)
    return set(active.values_list("digest", flat=True))


def activate(caller: Caller, repository: Repository, images: Iterable[Image]) -> bool:
    """Bring images, what they name and what is attached out of the archive, inside the repository's transaction.

    Whether one of the images, or what they name, was in it.
    """
    found = _with_named(repository, images)
    archived = [image for image in found if image.image_status == Image.Status.ARCHIVED]
    if not archived:
        return False
    digests = [image.digest for image in archived]
    _move(caller, repository, [*archived, *_attached(repository, digests)], STANDARD)
    return True


def _with_named(repository: Repository, images: Iterable[Image]) -> list[Image]:
    """The images, and what indexes among them name, at any depth."""
    found = {image.digest: image for image in images}
    parents = list(found.values())
    while indexes := [image for image in parents if image.kind == Image.Kind.INDEX]:
        named = ImageChild.objects.filter(parent__in=indexes).values("digest")
        parents = [row for row in _live(repository).filter(digest__in=named) if row.digest not in found]
        found |= {image.digest: image for image in parents}
    return list(found.values())


def _move(
    caller: Caller,
    repository: Repository,
    images: Iterable[Image],
    storage_class: str,
    rules: Mapping[str, int] | None = None,
) -> list[str]:
    """Let images be in a class, with an audit row and events for those that were not."""
    status, now = CLASSES[storage_class], timezone.now()
    moving = {image.digest: image for image in images if image.image_status != status}
    when = "last_archived_at" if storage_class == ARCHIVE else "last_activated_at"
    Image.objects.filter(id__in=[image.id for image in moving.values()]).update(image_status=status, **{when: now})
    for image in moving.values():
        image.image_status = status
    for digest in moving:
        rule = (rules or {}).get(digest)
        details: dict[str, Any] = {"imageId": {"imageDigest": digest}, "targetStorageClass": storage_class}
        details |= {"rulePriority": rule} if rule else {}
        arn = addresses.arn(repository.address)
        trail.record(caller, Action.UPDATE_IMAGE_STORAGE_CLASS, arn, details=details)
        outbox.announce(events.ImageStorageClassChanged(repository.id, digest, storage_class))
    return list(moving)


def _attached(repository: Repository, digests: Iterable[str]) -> list[Image]:
    """The images whose subjects are among the digests, and what is attached to these."""
    found: dict[str, Image] = {}
    subjects = set(digests)
    known = set(subjects)
    while subjects:
        rows = [row for row in _live(repository).filter(subject_digest__in=subjects) if row.digest not in known]
        found |= {row.digest: row for row in rows}
        subjects = {row.digest for row in rows}
        known |= subjects
    return list(found.values())


def _find(repository: Repository, digest: Digest | None, tag: Tag | None) -> Image:
    found = _live(repository)
    if digest is not None:
        found = found.filter(digest=str(digest))
    if tag is not None:
        found = found.filter(tags__name=str(tag), tags__repository=repository)
    image = found.first() if digest or tag else None
    if image is None:
        raise ImageNotFound.named(digest, tag, repository.name, repository.account_id)
    return image


def _live(repository: Repository) -> QuerySet[Image]:
    return Image.objects.filter(repository=repository, deleted_at=None)
