"""What the console's list of images reads: filtered and sorted on the server, with tags and platforms of one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, Replace
from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import keyset, repositories
from registry.core.browsing import PAGE, Page, PlatformRow, platforms_of
from registry.core.keyset import Order
from registry.models import Image, ImageChild, ImageScan, ImageTag, Repository
from registry.models.scan import WITH_FINDINGS
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
CLASSES: Final = tuple(Image.Status.choices)
SEVERITIES: Final = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
"""What scans can be asked to have found at least, the worst first."""


@dataclass(frozen=True, slots=True)
class ImageFilter:
    """Which images are shown; a field that is empty or None lets all through.

    `contains` is part of a tag or the beginning of a digest, `severity` the least that scans must have found in it, or
    in an image that it names. The last two are in days.
    """

    contains: str = ""
    status: str = ""
    kind: str = ""
    image_class: str = ""
    severity: str = ""
    pushed_before: int | None = None
    not_pulled_for: int | None = None


ALL: Final = ImageFilter()


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image with its first tags, how many more it has, and the images that it names as an index.

    `is_signed` tells whether a signature is attached; nobody has checked it.
    """

    image: Image
    tags: list[str]
    more_tags: int
    platforms: list[PlatformRow]
    is_signed: bool = False

    @property
    def is_scannable(self) -> bool:
        """Whether it is such as scans look into: an image for one platform or several, at hand."""
        kinds = {Image.Kind.IMAGE, Image.Kind.INDEX}
        return self.image.kind in kinds and self.image.image_status == Image.Status.ACTIVE


@dataclass(frozen=True, slots=True)
class ImagePage(Page[ImageRow]):
    """The rows; of a list without a filter, also how many images stand `beneath` them, under an index."""

    beneath: int = 0

    @property
    def has_archived(self) -> bool:
        """Whether an image is in the archive: if none is, the class of each says nothing."""
        return any(row.image.image_status == Image.Status.ARCHIVED for row in self.rows)


def page(
    caller: Caller,
    address: Address,
    *,
    only: ImageFilter = ALL,
    sort: str = "-pushed",
    after: str = "",
    before: str = "",
    limit: int = PAGE,
) -> ImagePage:
    """Return a repository's images in the order of one of SORTS; with `-` before it the other way round.

    Images without a tag that an index names stand under it, not for themselves, unless they are looked for.
    """
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGES)
    found = _found(repository, only)
    order = SORTS[sort.removeprefix("-")]
    listed = keyset.counted(found).annotate(is_signed=_is_signed(repository))
    cut = keyset.cut(listed, order, descending=sort.startswith("-"), after=after, before=before, limit=limit)
    platforms = platforms_of(cut.rows)
    tags = _tags(cut.rows)
    shown = [
        ImageRow(
            row,
            tags[row.id][:MOST_TAGS],
            max(0, len(tags[row.id]) - MOST_TAGS),
            platforms[row.id],
            getattr(row, "is_signed"),  # noqa: B009 - annotated
        )
        for row in cut.rows
    ]
    total = keyset.total(cut, found)
    return ImagePage(shown, cut.next, total, cut.previous, repository.image_count - total if only == ALL else 0)


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
    if only.image_class:
        found = found.filter(image_status=only.image_class)
    if only.severity:
        bad = _with_findings(repository, only.severity)
        above = ImageChild.objects.filter(parent__repository=repository, digest__in=bad).values("parent_id")
        found = found.filter(Q(digest__in=bad) | Q(id__in=above))
    now = timezone.now()
    if only.pushed_before is not None:
        found = found.filter(pushed_at__lt=now - timedelta(days=only.pushed_before))
    if only.not_pulled_for is not None:
        since = now - timedelta(days=only.not_pulled_for)
        found = found.filter(Q(last_recorded_pull_time=None) | Q(last_recorded_pull_time__lt=since))
    return found


def _is_signed(repository: Repository) -> Q:
    """Whether a signature is attached to an image: by its subject, or in the old way by a tag made of the digest."""
    signatures = Image.objects.filter(
        repository=repository, deleted_at=None, kind=Image.Kind.SIGNATURE, subject_digest=OuterRef("digest")
    )
    old = Concat(Replace(OuterRef("digest"), Value(":"), Value("-")), Value(".sig"))
    return Q(Exists(signatures)) | Q(Exists(ImageTag.objects.filter(repository=repository, name=old)))


def _with_findings(repository: Repository, least: str) -> QuerySet[ImageScan, str]:
    """Digests of the images in which scans found something of a severity or a worse one."""
    levels = SEVERITIES[: SEVERITIES.index(least) + 1]
    has_one = reduce(or_, (Q(**{f"counts__{level}__gt": 0}) for level in levels))
    scans = ImageScan.objects.filter(has_one, image__repository=repository, status__in=WITH_FINDINGS)
    return scans.values_list("image__digest", flat=True)


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
