"""Images as ECR's own API lists and describes them: page by page, in one or two queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from django.db.models import F, Q, QuerySet

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import reading, repositories
from registry.errors import ImageNotFound
from registry.models import Image, ImageTag, Repository
from registry.values import Address, Digest
from registry.values import ImageTag as Tag

ANY: Final = "ANY"


@dataclass(frozen=True, slots=True)
class ImageId:
    """An image as requests name it: by digest, by tag, or by both; empty text for what is not given."""

    digest: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """An image with its tags."""

    image: Image
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TaggedImage:
    """A tag, when it came to be, and the image that it names."""

    tag: str
    created_at: datetime
    image: Image


def ids(
    caller: Caller, address: Address, *, tag_status: str = "", image_status: str = "", after: str = "", limit: int = 100
) -> tuple[list[ImageId], str]:
    """Return a row for each tag and each image without one, and where the next page begins (empty: nowhere)."""
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    found = _of_status(repository, tag_status, image_status).annotate(tag=F("tags__name")).order_by("id", "tag")
    number, _, name = after.partition(":")
    if number:
        found = found.filter(Q(id__gt=int(number)) | Q(id=int(number), tag__gt=name))
    rows = list(found.values_list("id", "digest", "tag")[: limit + 1])
    shown = rows[:limit]
    following = f"{shown[-1][0]}:{shown[-1][2] or ''}" if len(rows) > limit else ""
    return [ImageId(digest, tag or "") for _, digest, tag in shown], following


def page(
    caller: Caller, address: Address, *, tag_status: str = "", image_status: str = "", after: str = "", limit: int = 100
) -> tuple[list[Described], str]:
    """Return a repository's images with their tags, and where the next page begins (empty: nowhere)."""
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGES)
    found = _of_status(repository, tag_status, image_status).order_by("id")
    if after:
        found = found.filter(id__gt=int(after))
    rows = list(found[: limit + 1])
    shown = rows[:limit]
    return _with_tags(shown), str(shown[-1].id) if len(rows) > limit else ""


def named(caller: Caller, address: Address, wanted: Sequence[ImageId]) -> list[Described]:
    """Return the images that are named, each once. ImageNotFound for the first that there is none of.

    Raises InvalidImageTag, InvalidDigest for what can't name any.
    """
    for each in wanted:
        _check(each)
    repository = _authorized_for_each(caller, address, wanted)
    tags = [each.tag for each in wanted if each.tag]
    by_tag = dict(ImageTag.objects.filter(repository=repository, name__in=tags).values_list("name", "image__digest"))
    digests: dict[str, None] = {}
    for each in wanted:
        digest = by_tag.get(each.tag, "") if each.tag else each.digest
        if not digest or (each.digest and each.digest != digest):
            raise ImageNotFound.named(each.digest, each.tag, repository.name, repository.account_id)
        digests[digest] = None
    rows = {row.digest: row for row in _live(repository).filter(digest__in=digests)}
    for digest in digests:
        if digest not in rows:
            raise ImageNotFound(digest, repository.name, repository.account_id)
    return _with_tags([rows[digest] for digest in digests])


def _authorized_for_each(caller: Caller, address: Address, wanted: Sequence[ImageId]) -> Repository:
    """The repository, if the caller may describe each of the images; one by one only if a policy tells tags apart."""
    asked: list[str] = []

    def remember(repository: Repository | None) -> list[str]:
        asked[:] = _tags_of(wanted, repository)
        return asked

    action = Action.DESCRIBE_IMAGES
    repository = repositories.authorized(caller, address, action, image_tags=remember)
    for each in wanted if asked and len(wanted) > 1 else ():
        repositories.allow(caller, address, repository, action, image_tags=partial(_tags_of, [each]))
    return repository


def _tags_of(wanted: Sequence[ImageId], repository: Repository | None) -> list[str]:
    """The tags that policies may ask for."""
    tags = [each.tag for each in wanted if each.tag]
    if repository is None:
        return tags
    digests = [each.digest for each in wanted if not each.tag]
    return tags + [tag for each in digests for tag in reading.tags_of_image(repository.id, each)]


def tags(caller: Caller, address: Address, *, after: str = "", limit: int = 100) -> tuple[list[TaggedImage], str]:
    """Return a repository's tags in byte order with their images, and where the next page begins (empty: nowhere)."""
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGE_TAGS)
    found = ImageTag.objects.filter(repository=repository, name__gt=after).select_related("image").order_by("name")
    rows = list(found[: limit + 1])
    shown = [TaggedImage(row.name, row.created_at, row.image) for row in rows[:limit]]
    return shown, shown[-1].tag if len(rows) > limit else ""


def _check(wanted: ImageId) -> None:
    if wanted.tag:
        Tag.parse(wanted.tag)
    if wanted.digest:
        Digest.parse(wanted.digest)


def _live(repository: Repository) -> QuerySet[Image]:
    return Image.objects.filter(repository=repository, deleted_at=None)


def _of_status(repository: Repository, tag_status: str, image_status: str) -> QuerySet[Image]:
    """The images with a tag, without, or all of them; `image_status` is theirs or ANY, by itself ACTIVE."""
    found = _live(repository)
    if image_status != ANY:
        found = found.filter(image_status=image_status or Image.Status.ACTIVE)
    its = ImageTag.objects.filter(repository=repository).values("image_id")
    match tag_status:
        case "TAGGED":
            return found.filter(id__in=its)
        case "UNTAGGED":
            return found.exclude(id__in=its)
        case _:
            return found


def _with_tags(images: Iterable[Image]) -> list[Described]:
    rows = list(images)
    names: dict[int, list[str]] = defaultdict(list)
    its = ImageTag.objects.filter(image__in=rows).order_by("name").values_list("image_id", "name")
    for image_id, name in its:
        names[image_id].append(name)
    return [Described(row, names[row.id]) for row in rows]
