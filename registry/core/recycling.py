"""The recycle window: what was deleted, by hand or by a lifecycle policy, can be listed and put back for a while.

An image comes back with its tags, with the images that it names and with what was attached to it. A tag that names
another image by now stays there. What was made of an image here comes back with it, and not by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import events
from registry.core import addresses, aliases, image_rows, image_tags, permissions, removed, repositories, tallies
from registry.core.browsing import PAGE, Page
from registry.errors import (
    CountLimitExceeded,
    ImageAlreadyExists,
    ImageNotFound,
    ReferencedImagesNotFound,
    RepositoryAlreadyExists,
    RepositoryNotFound,
)
from registry.models import Blob, BlobLink, Image, ImageChild, ImageTag, Repository, TagEvent
from registry.values import Address, Digest, RegistryId

FIELDS: Final[dict[str, Any]] = {"deleted_at": None, "deleted_tags": [], "deleted_by": "", "deleted_by_rule": None}
"""What a row says that was never deleted."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: digests, the one that was asked for first, and tags; and tags that name something else by now.

    `elsewhere` has such tags with the digests that they name.
    """

    digests: list[str]
    tags: list[str]
    elsewhere: list[tuple[str, str]]


@dataclass(slots=True)
class _Plan:
    """The rows that are to come back, by digest, and what an index names that is gone for ever."""

    rows: dict[str, Image] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def is_open() -> bool:
    """Whether anything can be put back in this deployment."""
    return settings.UNDELETE_SECONDS > 0


def days() -> int:
    """For how many days things can be put back, rounded up."""
    return -(-settings.UNDELETE_SECONDS // 86_400)


def deleted(caller: Caller, address: Address, *, after: str = "", limit: int = PAGE) -> Page[Image]:
    """Return the images of a repository that can be put back, the last deleted first; `after` is an image's number."""
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGES)
    found = _gone(repository).filter(is_generated=False).order_by("-deleted_at", "-id")
    total = found.count()
    last = _gone(repository).filter(id=int(after)).first() if after.isdecimal() and len(after) < 19 else None
    if last is not None:
        found = found.filter(deleted_at__lte=last.deleted_at).exclude(deleted_at=last.deleted_at, id__gte=last.id)
    rows = list(found[: limit + 1])
    return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else "", total)


def until(image: Image) -> datetime | None:
    """Return when a deleted image is gone for ever."""
    return image.deleted_at + timedelta(seconds=settings.UNDELETE_SECONDS) if image.deleted_at else None


def restore(caller: Caller, address: Address, digest: Digest) -> Restored:
    """Put a deleted image back. It counts as restored now: no lifecycle rule finds it old at once.

    Raises ImageNotFound if there is none in the window, ImageAlreadyExists if it is there, ReferencedImagesNotFound,
    LayersNotFound for what it needs and is gone for ever, CountLimitExceeded, TakenDown.
    """
    asked: list[str] = []

    def tags_of(found: Repository | None) -> list[str]:
        rows = _plan(found, str(digest)).rows.values() if found else ()
        asked[:] = sorted({tag for row in rows for tag in row.deleted_tags})
        return asked

    repository = repositories.authorized_for_tags(caller, address, Action.PUT_IMAGE, tags_of)
    tags_of(repository)
    removed.refuse_again(address, str(digest))
    with transaction.atomic():
        repositories.lock(repository)
        plan = _required(repository, str(digest))
        for row in plan.rows.values():
            removed.refuse_again(address, row.digest)
        _put_back(repository, plan.rows.values())
        tags, elsewhere = _put_back_tags(caller, repository, plan.rows.values(), set(asked))
        _record(caller, repository, plan.rows.values(), tags)
    return Restored(list(plan.rows), [tag for tag, _ in tags], elsewhere)


def _gone(repository: Repository) -> QuerySet[Image]:
    """The images that were deleted within the window, each once; not those that are there again, or taken down."""
    since = timezone.now() - timedelta(seconds=settings.UNDELETE_SECONDS)
    found = Image.objects.filter(repository=repository, deleted_at__isnull=False, deleted_at__gt=since)
    same = Image.objects.filter(repository=repository, digest=OuterRef("digest"))
    later = Exists(same.filter(deleted_at__gt=OuterRef("deleted_at"))) | Exists(same.filter(deleted_at=None))
    return found.exclude(deleted_by="").exclude(later)


def _plan(repository: Repository, digest: str) -> _Plan:
    """The image with all images that it names, at any depth, and what was attached when it went, or went later."""
    plan = _Plan()
    waiting = {digest}
    while waiting:
        found = {row.digest: row for row in _gone(repository).filter(digest__in=waiting)}
        found = {name: row for name, row in found.items() if name not in plan.rows}
        live = set(
            Image.objects.filter(repository=repository, deleted_at=None, digest__in=waiting).values_list(
                "digest", flat=True
            )
        )
        plan.missing += sorted(waiting - found.keys() - live - plan.rows.keys())
        plan.rows |= found
        named = ImageChild.objects.filter(parent__in=[row.id for row in found.values()])
        waiting = set(named.values_list("digest", flat=True)) - plan.rows.keys()
        for row in _gone(repository).filter(subject_digest__in=found):
            subject = found[row.subject_digest]
            if row.deleted_at and subject.deleted_at and row.deleted_at >= subject.deleted_at:
                waiting.add(row.digest)
        waiting -= plan.rows.keys()
    return plan


def _required(repository: Repository, digest: str) -> _Plan:
    """The plan, if it can be carried out; inside the transaction that locked the repository."""
    live = Image.objects.filter(repository=repository, deleted_at=None)
    if live.filter(digest=digest).exists():
        raise ImageAlreadyExists(digest, repository.name, repository.account_id)
    plan = _plan(repository, digest)
    if digest not in plan.rows or plan.rows[digest].is_generated:
        raise ImageNotFound(digest, repository.name, repository.account_id)
    if plan.missing:
        raise ReferencedImagesNotFound(plan.missing)
    counted = sum(not row.is_generated for row in plan.rows.values())
    image_rows.require_room(repository, counted)
    return plan


def _put_back(repository: Repository, rows: Iterable[Image]) -> None:
    """Let images be there again, with their blobs. LayersNotFound if collection has taken one."""
    images = list(rows)
    needed = list(Blob.objects.filter(images__image__in=images).distinct().order_by("id"))
    links = (BlobLink(repository=repository, blob=blob) for blob in needed)
    BlobLink.objects.bulk_create(links, ignore_conflicts=True)
    image_rows.lock_blobs(repository, needed)
    now = timezone.now()
    Image.objects.filter(id__in=[row.id for row in images]).update(**FIELDS, last_activated_at=now)
    tallies.add(repository.id, images)


def _put_back_tags(
    caller: Caller, repository: Repository, rows: Iterable[Image], asked: set[str]
) -> tuple[list[tuple[str, Image]], list[tuple[str, str]]]:
    """Let the tags that the gate was asked about name their images again, where they name nothing by now."""
    back: list[tuple[str, Image]] = []
    elsewhere: list[tuple[str, str]] = []
    wanted = [(tag, row) for row in rows for tag in row.deleted_tags if tag in asked]
    taken = ImageTag.objects.filter(repository=repository, name__in=[tag for tag, _ in wanted])
    names = dict(taken.values_list("name", "image__digest"))
    for tag, row in wanted:
        if tag in names:
            elsewhere.append((tag, names[tag]))
            continue
        image_tags.move(caller, repository, tag, row, because=TagEvent.Kind.RESTORED)
        names[tag] = row.digest
        back.append((tag, row))
    return back, elsewhere


def _record(caller: Caller, repository: Repository, rows: Iterable[Image], tags: list[tuple[str, Image]]) -> None:
    """One audit row for all; for who listens, images that come back are pushed, but for what was made here."""
    images = list(rows)
    ids = [{"imageDigest": row.digest} for row in images]
    details = {"imageIds": ids, "imageTags": [tag for tag, _ in tags]}
    trail.record(caller, Action.RESTORE_IMAGE, addresses.arn(repository.address), details=details)
    tagged = {row.digest for _, row in tags}
    back = [(row.digest, tag) for tag, row in tags]
    back += [(row.digest, "") for row in images if row.digest not in tagged and not row.is_generated]
    outbox.announce(*(events.ImagePushed(repository.id, digest, tag) for digest, tag in back))


def deleted_repositories(caller: Caller, registry: RegistryId, limit: int = PAGE) -> list[Repository]:
    """Return the repositories of a registry that can be put back, the last deleted first."""
    permissions.require_in_registry(caller, registry, Action.DESCRIBE_REPOSITORIES)
    return list(_gone_repositories(registry).order_by("-deleted_at", "-id")[:limit])


def restore_repository(caller: Caller, address: Address, repository_id: int) -> Repository:
    """Put a deleted repository back with all its images, at its name or, if that is taken, at another free one.

    Its lifecycle policy waits as if it had just been put. Raises RepositoryNotFound if it is not in the window,
    RepositoryAlreadyExists, CountLimitExceeded, TakenDown.
    """
    permissions.require(caller, address, Action.CREATE_REPOSITORY)
    removed.refuse_again(address)
    registry = address.registry
    try:
        with transaction.atomic():
            row = _gone_repositories(registry).select_for_update(no_key=True).filter(id=repository_id).first()
            if row is None:
                raise RepositoryNotFound(str(address.name), registry.account_id)
            live = Repository.objects.filter(account_id=registry.account_id, region=registry.region, deleted_at=None)
            if live.count() >= settings.MAX_REPOSITORIES:
                raise CountLimitExceeded(f"A registry may have {settings.MAX_REPOSITORIES} repositories")
            before, row.name, row.deleted_at = row.name, str(address.name), None
            row.lifecycle_due_at = None
            row.save(update_fields=["name", "deleted_at", "lifecycle_due_at"])
            if registry.is_public:
                aliases.default_for(registry.account_id)
            details = {"repositoryName": before}
            trail.record(caller, Action.RESTORE_REPOSITORY, addresses.arn(address), details=details)
            outbox.announce(events.RepositoryCreated(row.id))
    except IntegrityError as error:
        if repositories.find(address) is None:
            raise
        raise RepositoryAlreadyExists(str(address.name), registry.account_id) from error
    return row


def _gone_repositories(registry: RegistryId) -> QuerySet[Repository]:
    """The repositories that were deleted within the window, but for those that staff took down."""
    since = timezone.now() - timedelta(seconds=settings.UNDELETE_SECONDS)
    gone = Repository.objects.filter(account_id=registry.account_id, region=registry.region, deleted_at__gt=since)
    if registry.is_public:
        gone = gone.exclude(name__in=removed.names(registry.account_id))
    return gone
