"""Image tags: listing, moving, removing, with the history of each."""

from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import mutability, repositories
from registry.errors import ImageTagAlreadyExists
from registry.models import Image, ImageTag, Repository, TagEvent
from registry.values import Address


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


def move(caller: Caller, repository: Repository, tag: str, image: Image) -> bool:
    """Let a tag name the image, inside the transaction that locked the repository; False if it did already.

    ImageTagAlreadyExists if the tag is immutable and names another image.
    """
    now = timezone.now()
    row = ImageTag.objects.select_related("image").filter(repository=repository, name=tag).first()
    if row is None:
        ImageTag.objects.create(repository=repository, name=tag, image=image, created_at=now, updated_at=now)
        _write_event(caller, repository, tag, TagEvent.Kind.CREATED, new=image.digest)
        return True
    if row.image_id == image.id:
        return False
    if not mutability.may_move(repository, tag):
        raise ImageTagAlreadyExists(tag, repository.name, repository.account_id)
    _write_event(caller, repository, tag, TagEvent.Kind.MOVED, old=row.image.digest, new=image.digest)
    row.image, row.updated_at = image, now
    row.save(update_fields=["image", "updated_at"])
    return True


def remove(caller: Caller, repository: Repository, row: ImageTag) -> None:
    """Take a tag away, inside the transaction that locked the repository."""
    _write_event(caller, repository, row.name, TagEvent.Kind.DELETED, old=row.image.digest)
    row.delete()


def _write_event(
    caller: Caller, repository: Repository, tag: str, kind: TagEvent.Kind, *, old: str = "", new: str = ""
) -> None:
    """Write one line of the tag's history."""
    TagEvent.objects.create(
        repository=repository,
        tag=tag,
        kind=kind,
        old_digest=old,
        new_digest=new,
        principal_arn=caller.principal_arn,
    )
