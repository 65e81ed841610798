"""What scans found, for the API and for pages: read, filtered, page by page."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q, QuerySet, Subquery

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import reading, repositories
from registry.core.repositories import TagsOf
from registry.errors import ScanNotFound
from registry.models import AttachedVex, Finding, Image, ImageScan, Repository
from registry.scanning import scans, suppressing, vex_referrers
from registry.values import Address, Digest
from registry.values import ImageTag as Tag

PAGE: Final = 50
MOST_PAGE: Final = 1000
CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Scanned:
    """An image of a repository, and its scan; a scan that is waited for has none of its own findings yet."""

    repository: Repository
    image: Image
    scan: ImageScan

    @property
    def version(self) -> str:
        """Changes when the findings do: a page of others is no next page."""
        at = self.scan.completed_at
        return f"{self.scan.id}/{at.isoformat() if at else ''}"


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are shown; a field that is empty lets all through. `exclude` is text in a name or package.

    `ignored` is LEFT_ASIDE for those that are suppressed, TOGETHER for all; by itself only the others are shown.
    """

    severity: str = ""
    fixable: bool = False
    package: str = ""
    name: str = ""
    exclude: str = ""
    ignored: str = ""
    layer: str = ""


LEFT_ASIDE, TOGETHER = "ignored", "all"
ALL: Final = FindingFilter()
EVERY_ONE: Final = FindingFilter(ignored=TOGETHER)


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Findings in order; `next` is the position after which the next page begins, None at the end."""

    rows: list[Finding]
    total: int
    next: int | None


def get(caller: Caller, address: Address, digest: Digest | None, tag: Tag | None) -> Scanned:
    """Return an image's scan. ImageNotFound; ScanNotFound if it was never scanned."""
    repository = _allowed(caller, address, lambda found: reading.tags_named(found, digest, tag))
    image = scans.find_image(repository, digest, tag)
    if (scan := _scan_of(image)) is None:
        raise ScanNotFound(image.digest, repository.name, repository.account_id)
    return Scanned(repository, image, scan)


def of_image(caller: Caller, address: Address, image: Image) -> tuple[Repository, ImageScan | None]:
    """Return the repository of an image that was read from it, and the image's scan, None if it was never scanned.

    An image that was read together with its scan is not asked for it again.
    """
    its = _allowed(caller, address, lambda found: reading.tags_named(found, Digest.parse(image.digest), None))
    return its, getattr(image, "scan", None)


def _allowed(caller: Caller, address: Address, image_tags: TagsOf | None = None) -> Repository:
    # ECR Public has no action for it: who may see what an image is may see what is wrong with it.
    action = Action.DESCRIBE_IMAGES if address.is_public else Action.DESCRIBE_IMAGE_SCAN_FINDINGS
    return repositories.authorized(caller, address, action, image_tags=image_tags)


def _scan_of(image: Image) -> ImageScan | None:
    return ImageScan.objects.select_related("sbom").filter(image=image).first()


def page(scan: ImageScan, *, only: FindingFilter = ALL, after: int = -1, limit: int = PAGE) -> FindingPage:
    """Return findings of a scan that `get` or `of_image` has returned, the worst first."""
    found = _found(scan, only)
    shown = found.filter(position__gt=after).select_related("advisory", "suppression__attached__referrer")
    if only != ALL:
        shown = shown.annotate(total=Subquery(found.values("scan").annotate(n=Count("id")).values("n")))
    rows = list(shown.order_by("position")[: limit + 1])
    following = rows[limit - 1].position if len(rows) > limit else None
    if only == ALL:
        total = sum(scan.counts.values())
    elif rows:
        total = getattr(rows[0], "total", 0)
    else:
        total = found.count() if after >= 0 else 0
    return FindingPage(rows[:limit], total, following)


@dataclass(frozen=True, slots=True)
class AttachedDocuments:
    """The VEX documents attached to an image, the newest first; `current` has the ids of those that are valid."""

    rows: list[AttachedVex]
    current: frozenset[int] = frozenset()


def attached(repository: Repository, image: Image, shown: Iterable[Finding] = ()) -> AttachedDocuments:
    """Return the VEX documents about an image that `of_image` was asked for, and put to findings what they say."""
    left = [each for each in shown if each.suppression is None]
    names = {each.name for each in left} | {each.advisory_id for each in left}
    rows = vex_referrers.about(repository, image, sorted(names))
    current = vex_referrers.current(rows)
    said = [one for document in current for one in vex_referrers.said(document)]
    for each in left:
        its = (one for one in said if one.vulnerability in {each.name, each.advisory_id})
        each.attached_vex = next((one for one in its if suppressing.covers(one, each)), None)
    return AttachedDocuments(rows, frozenset(each.id for each in current))


def every(scan: ImageScan, only: FindingFilter) -> Iterator[Finding]:
    """Return all findings of a scan that `get` has returned, read while they are asked for, the worst first."""
    return _read(_chosen(Finding.objects.filter(scan=scan), only).order_by("position"))


def of_repository(caller: Caller, address: Address, only: FindingFilter) -> Iterator[Finding]:
    """Return the findings of all images of a repository, the newest image first. AccessDenied, RepositoryNotFound."""
    repository = _allowed(caller, address)
    found = Finding.objects.filter(scan__image__repository=repository, scan__image__deleted_at=None)
    return _read(_chosen(found, only).order_by("-scan__image_id", "position"))


def _read(found: QuerySet[Finding]) -> Iterator[Finding]:
    """With what a table says of each: advisory, suppression, image and image tags."""
    related = found.select_related("advisory", "suppression__attached__referrer", "scan__image__repository")
    return related.prefetch_related("scan__image__tags").iterator(chunk_size=CHUNK)


def _found(scan: ImageScan, only: FindingFilter) -> QuerySet[Finding]:
    return _chosen(Finding.objects.filter(scan=scan), only)


def _chosen(found: QuerySet[Finding], only: FindingFilter) -> QuerySet[Finding]:
    if only.ignored != TOGETHER:
        found = found.filter(suppression__isnull=only.ignored != LEFT_ASIDE)
    if only.severity:
        found = found.filter(severity=only.severity)
    if only.fixable:
        found = found.exclude(fixed_in="")
    if only.package:
        found = found.filter(Q(package__icontains=only.package) | Q(installed_as__icontains=only.package))
    if only.name:
        found = found.filter(Q(name__icontains=only.name) | Q(advisory__id__icontains=only.name))
    if only.exclude:
        found = found.exclude(name__icontains=only.exclude).exclude(package__icontains=only.exclude)
    if only.layer:
        found = found.filter(layer=only.layer)
    return found


def of_images(image_ids: Iterable[int]) -> Mapping[int, ImageScan]:
    """Return the scans of images that the caller may describe, by the image's id."""
    return {scan.image_id: scan for scan in ImageScan.objects.filter(image_id__in=list(image_ids))}
