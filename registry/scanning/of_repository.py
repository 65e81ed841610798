"""What a repository's page of scans shows: the setting in force, each image with its scan, and what is left aside."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, Q

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import keyset, registries, repositories
from registry.core.browsing import PAGE, Page
from registry.core.keyset import Order
from registry.core.registries import Scan
from registry.models import Image, ImageScan, ImageTag, Repository, Suppression
from registry.scanning import scans
from registry.scanning.severity import LEVELS
from registry.values import Address

ORDER: Final = Order("pushed_at", datetime)
MOST_TAGS: Final = 6
MOST_IGNORED: Final = 50


@dataclass(frozen=True, slots=True)
class Row:
    """An image that scans look into, with its own tags and those of the indexes that name it.

    `again_at` is from when on another scan may be asked for, None for now; `added` is how many findings there are that
    were not there on the day `since`, when the numbers were others.
    """

    image: Image
    tags: Sequence[str]
    scan: ImageScan | None
    again_at: datetime | None
    added: int
    since: date | None

    @property
    def counts(self) -> list[tuple[str, int]]:
        """The severities that were found, the worst first; none while there is nothing to tell."""
        if self.scan is None or not self.scan.is_complete:
            return []
        return [(level.lower(), self.scan.counts[level]) for level in LEVELS if self.scan.counts.get(level)]


@dataclass(frozen=True, slots=True)
class Opened:
    """The page; each of `ignored` has `hidden`, how many findings of the repository it leaves aside."""

    how: Scan
    page: Page[Row]
    ignored: list[Suppression]


def open_page(caller: Caller, address: Address, *, after: str = "", before: str = "", limit: int = PAGE) -> Opened:
    """Return the setting in force, a page of the images, newest first, and what is left aside in all of them."""
    action = Action.DESCRIBE_IMAGES if address.is_public else Action.DESCRIBE_IMAGE_SCAN_FINDINGS
    repository = repositories.authorized(caller, address, action)
    found = Image.objects.filter(repository=repository, deleted_at=None, kind=Image.Kind.IMAGE)
    listed = keyset.counted(found).select_related("scan")
    cut = keyset.cut(listed, ORDER, descending=True, after=after, before=before, limit=limit)
    total = keyset.total(cut, found)
    tags = _tags(repository, cut.rows)
    rows = [_row(image, tags[image.digest]) for image in cut.rows]
    return Opened(registries.scan_of(repository), Page(rows, cut.next, total, cut.previous), _ignored(repository))


def _row(image: Image, tags: Sequence[str]) -> Row:
    scan: ImageScan | None = getattr(image, "scan", None)
    added, since = _added(scan) if scan and scan.is_complete else (0, None)
    return Row(image, tags[:MOST_TAGS], scan, scans.again_at(scan), added, since)


def _added(scan: ImageScan) -> tuple[int, date | None]:
    """How many findings have come since the numbers were others, and the day of those."""
    if len(scan.history) < 2:
        return 0, None
    day, before = scan.history[-2]
    return sum(max(0, scan.counts.get(level, 0) - before.get(level, 0)) for level in LEVELS), date.fromisoformat(day)


def _tags(repository: Repository, images: Sequence[Image]) -> dict[str, list[str]]:
    """The tags of each digest, and of the indexes that name it, the newest first."""
    digests = {image.digest for image in images}
    tags: dict[str, list[str]] = defaultdict(list)
    named = ImageTag.objects.filter(repository=repository)
    found = named.filter(Q(image__digest__in=digests) | Q(image__children__digest__in=digests))
    rows = found.order_by("-updated_at", "name").values_list("image__digest", "image__children__digest", "name")
    for own, child, name in rows:
        for digest in dict.fromkeys((own, child)):
            if digest in digests and name not in tags[digest]:
                tags[digest].append(name)
    return tags


def _ignored(repository: Repository) -> list[Any]:
    """What leaves findings of the repository aside, the most first."""
    its = {"findings__scan__image__repository": repository, "findings__scan__image__deleted_at": None}
    return list(
        Suppression.objects.filter(**its).annotate(hidden=Count("findings")).order_by("-hidden", "-id")[:MOST_IGNORED]
    )
