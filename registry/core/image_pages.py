"""What the console's list of images reads: filtered and sorted on the server, with tags and platforms of one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import keyset, repositories
from registry.core.browsing import PAGE, Page, PlatformRow, platforms_of
from registry.core.keyset import Order
from registry.models import Image, ImageChild, ImageTag, Repository
from registry.values import Address

SORTS: Final = {
    "pushed": Order("pushed_at", datetime),
    "pulled": Order("last_recorded_pull_time", datetime, is_nullable=True),
    "size": Order("size", int),
}
"""What the list can be sorted by."""
MOST_TAGS: Final = 6
"""Tags of an image that a row shows; the rest is a number."""
TAGGED, UNTAGGED = "tagged", "untagged"
KINDS: Final = tuple(Image.Kind.choices)


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images are shown; a field that is empty or None lets all through.

    `contains` is part of a tag or the beginning of a digest. The last two are in days.
    """

    contains: str = ""
    status: str = ""
    kind: str = ""
    pushed_before: int | None = None
    not_pulled_for: int | None = None


ALL: Final = ImageFilter()


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image with its first tags, how many more it has, and the images that it names as an index."""

    image: Image
    tags: list[str]
    more_tags: int
    platforms: list[PlatformRow]


def page(
    caller: Caller,
    address: Address,
    *,
    only: ImageFilter = ALL,
    sort: str = "-pushed",
    after: str = "",
    limit: int = PAGE,
) -> Page[ImageRow]:
    """Return a repository's images in the order of one of SORTS; with `-` before it the other way round.

    Images without a tag that an index names stand under it, not for themselves, unless they are looked for.
    """
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGES)
    found = _found(repository, only)
    order = SORTS[sort.removeprefix("-")]
    rows, following = keyset.cut(found, order, descending=sort.startswith("-"), after=after, limit=limit)
    platforms = platforms_of(repository, rows)
    tags = _tags(rows)
    shown = [
        ImageRow(row, tags[row.id][:MOST_TAGS], max(0, len(tags[row.id]) - MOST_TAGS), platforms[row.id])
        for row in rows
    ]
    return Page(shown, following, found.count())


def digests(caller: Caller, address: Address, only: ImageFilter) -> list[str]:
    """Return the digests of all images that match, newest first."""
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGES)
    return list(_found(repository, only).order_by("-pushed_at", "-id").values_list("digest", flat=True))


def _found(repository: Repository, only: ImageFilter) -> QuerySet[Image]:
    found = Image.objects.filter(repository=repository, deleted_at=None)
    tagged = Exists(ImageTag.objects.filter(image=OuterRef("id")))
    if only.contains:
        named = ImageTag.objects.filter(repository=repository, name__icontains=only.contains).values("image_id")
        found = found.filter(Q(id__in=named) | Q(digest__startswith=only.contains))
    if only.status == TAGGED:
        found = found.filter(tagged)
    else:
        if only.status == UNTAGGED:
            found = found.exclude(tagged)
        if not only.contains:
            found = found.filter(tagged | ~Q(digest__in=_children(repository)))
    if only.kind:
        found = found.filter(kind=only.kind)
    now = timezone.now()
    if only.pushed_before is not None:
        found = found.filter(pushed_at__lt=now - timedelta(days=only.pushed_before))
    if only.not_pulled_for is not None:
        since = now - timedelta(days=only.not_pulled_for)
        found = found.filter(Q(last_recorded_pull_time=None) | Q(last_recorded_pull_time__lt=since))
    return found


def _children(repository: Repository) -> QuerySet[ImageChild, str]:
    """Digests that indexes of the repository name."""
    named = ImageChild.objects.filter(parent__repository=repository, parent__deleted_at=None)
    return named.values_list("digest", flat=True)


def _tags(images: Sequence[Image]) -> dict[int, list[str]]:
    """The tags of each image, the newest first."""
    tags: dict[int, list[str]] = {image.id: [] for image in images}
    rows = ImageTag.objects.filter(image_id__in=tags).order_by("-updated_at", "name")
    for image_id, name in rows.values_list("image_id", "name"):
        tags[image_id].append(name)
    return tags
