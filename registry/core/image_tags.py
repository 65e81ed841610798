"""Image tags: listing, moving, removing, putting back, with the history of each."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import events
from registry.core import addresses, image_rows, mutability, repositories
from registry.errors import ImageNotFound, ImageTagAlreadyExists
from registry.models import Image, ImageTag, Repository, TagEvent
from registry.values import Address, Digest
from registry.values import ImageTag as Tag


def names(caller: Caller, address: Address, *, last: str = "", limit: int | None = None) -> tuple[list[str], bool]:
    """Return tags after `last` in byte order, `limit` at most (None: all), and whether more follow."""
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    found = ImageTag.objects.filter(repository=repository).order_by("name").values_list("name", flat=True)
    if last:
        found = found.filter(name__gt=last)
    if limit is None:
        return list(found), False
    tags = list(found[: limit + 1])
    return tags[:limit], len(tags) > limit


def move(
    caller: Caller, repository: Repository, tag: str, image: Image, *, because: TagEvent.Kind | None = None
) -> bool:
    """Let a tag name the image, inside the transaction that locked the repository; False if it did already.

    ImageTagAlreadyExists if the tag is immutable and names another image. `because` is the event, if no usual one.
    """
    now = timezone.now()
    row = ImageTag.objects.select_related("image").filter(repository=repository, name=tag).first()
    if row is None:
        ImageTag.objects.create(repository=repository, name=tag, image=image, created_at=now, updated_at=now)
        _write_event(caller, repository, tag, because or TagEvent.Kind.CREATED, new=image.digest)
        return True
    if row.image_id == image.id:
        return False
    if not mutability.may_move(repository, tag):
        raise ImageTagAlreadyExists(tag, repository.name, repository.account_id)
    _write_event(caller, repository, tag, because or TagEvent.Kind.MOVED, old=row.image.digest, new=image.digest)
    row.image, row.updated_at = image, now
    row.save(update_fields=["image", "updated_at"])
    return True


def revert(caller: Caller, address: Address, tag: Tag, digest: Digest) -> bool:
    """Put a tag back to an image that it named before; False if it names that already.

    ImageNotFound if it never named the image, or the image is gone; ImageTagAlreadyExists if the tag is immutable;
    CountLimitExceeded.
    """
    name = str(tag)
    repository = repositories.authorized(caller, address, Action.PUT_IMAGE, image_tags=lambda _: [name])
    with transaction.atomic():
        repositories.lock(repository)
        image = Image.objects.filter(repository=repository, digest=str(digest), deleted_at=None).first()
        named = TagEvent.objects.filter(
            Q(old_digest=str(digest)) | Q(new_digest=str(digest)), repository=repository, tag=name
        )
        if image is None or not named.exists():
            raise ImageNotFound(str(digest), repository.name, repository.account_id)
        image_rows.adopt(image)
        has_moved = move(caller, repository, name, image, because=TagEvent.Kind.REVERTED)
        if has_moved:
            record_push(caller, repository, image, [name])
    return has_moved


def record_push(caller: Caller, repository: Repository, image: Image, tags: Sequence[str]) -> None:
    """Write an audit row and announce the push, once for each tag that names the image now; "" for none."""
    repository.last_push_at = timezone.now()
    repository.save(update_fields=["last_push_at"])
    for tag in tags:
        details = {"imageDigest": image.digest, "imageTag": tag, "imageManifestMediaType": image.media_type}
        trail.record(caller, Action.PUT_IMAGE, addresses.arn(repository.address), details=details)
        outbox.announce(events.ImagePushed(repository.id, image.digest, tag))


def remove(caller: Caller, repository: Repository, row: ImageTag, *, rule: int | None = None) -> None:
    """Take a tag away, inside the transaction that locked the repository; `rule` is the one that let it expire."""
    kind = TagEvent.Kind.DELETED if rule is None else TagEvent.Kind.EXPIRED
    _write_event(caller, repository, row.name, kind, old=row.image.digest, rule=rule)
    row.delete()


def _write_event(
    caller: Caller,
    repository: Repository,
    tag: str,
    kind: TagEvent.Kind,
    *,
    old: str = "",
    new: str = "",
    rule: int | None = None,
) -> None:
    """Write one line of the tag's history."""
    TagEvent.objects.create(
        repository=repository,
        tag=tag,
        kind=kind,
        old_digest=old,
        new_digest=new,
        principal_arn=caller.principal_arn,
        rule=rule,
    )
