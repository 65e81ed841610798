"""Tells people of an account that scans have found new critical or high vulnerabilities in images that have a tag.

An image of an index has the tags of the index. Findings are gathered: one notice tells of all that came since the last
one. What an image before had already, under whatever tag of the repository, is not new.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, Max, Min, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit.actions import Action
from accounts.authn import callers
from accounts.directory import people
from accounts.models import Account, Membership
from registry.core import repositories
from registry.models import Finding, ImageChild, ImageScan, ImageTag, Repository
from registry.models.scan import UNDER_WAY, WORTH_TELLING
from registry.notifications import notices
from registry.notifications.kinds import Kind

FOUND: Final = "scan.found"
KINDS: Final = (
    Kind(
        key=FOUND,
        title=_("Scans find new critical or high vulnerabilities in images of your account"),
        subject=_("New critical or high vulnerabilities in %(account)s"),
        text=_(
            "Scans of images with a tag in %(account)s have found vulnerabilities that their repositories did not have "
            "before. Images: %(images)s. Critical: %(critical)s. High: %(high)s. With a fix: %(fixable)s. The worst: "
            "%(worst)s."
        ),
        link=_("Show the findings"),
    ),
)
QUIET: Final = timedelta(minutes=5)
"""How long nothing new has to come before people are told: an import changes many images, one after the other."""
LONGEST: Final = timedelta(hours=1)
"""After which time they are told all the same."""
MOST_NAMED: Final = 3
BATCH: Final = 500


@dataclass
class _News:
    """What is new in one repository: findings by the image's scan, and tags of these images."""

    repository: Repository
    found: dict[int, list[Finding]] = field(default_factory=lambda: defaultdict(list))
    scans: dict[int, ImageScan] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)


def tell_all(now: datetime | None = None) -> int:
    """Tell of what has come; return how many notices were written."""
    at = now or timezone.now()
    waiting = _untold().values("image__repository__account").order_by()
    ages = waiting.annotate(oldest=Min("untold_since"), newest=Max("untold_since"))
    told = 0
    for row in ages.order_by("image__repository__account"):
        if row["newest"] <= at - QUIET or row["oldest"] <= at - LONGEST:
            told += _tell(row["image__repository__account"])
    return told


def _tell(account_id: str) -> int:
    """Tell the people of one account, and note that they were told, together."""
    with transaction.atomic():
        untold = _untold().select_for_update(of=("self",)).filter(image__repository__account=account_id)
        scans = list(untold.select_related("image__repository").order_by("image__repository_id", "id"))
        news = _news(scans)
        ids = [scan.id for scan in scans]
        for start in range(0, len(ids), BATCH):
            ImageScan.objects.filter(id__in=ids[start : start + BATCH]).update(untold_since=None)
        account = Account.objects.get(id=account_id)
        if not news or not account.is_active:
            return 0
        oldest = min(scan.untold_since for scan in scans if scan.untold_since)
        key = f"findings:{account_id}:{oldest:%Y%m%dT%H%M%S%f}"
        return sum(_tell_one(member, news, key) for member in people.members_of(account_id))


def _untold() -> QuerySet[ImageScan]:
    """The scans with something to tell; those under way tell it when they are over."""
    return ImageScan.objects.filter(untold_since__isnull=False).exclude(status__in=UNDER_WAY)


def _news(scans: Iterable[ImageScan]) -> list[_News]:
    """What is new, by repository; images that are gone or have no tag are left out."""
    by_repository: dict[int, list[ImageScan]] = defaultdict(list)
    for scan in scans:
        image = scan.image
        if image.deleted_at is None and image.repository.deleted_at is None:
            by_repository[image.repository_id].append(scan)
    found = (_of_repository(each) for each in by_repository.values())
    return [each for each in found if each.found]


def _of_repository(scans: Sequence[ImageScan]) -> _News:
    """What is new in one repository."""
    repository = scans[0].image.repository
    news = _News(repository)
    since = {scan.id: scan.untold_since for scan in scans}
    first = min(at for at in since.values() if at)
    tagged = Exists(ImageTag.objects.filter(image=OuterRef("scan__image")))
    inside = Exists(_entries(repository).filter(digest=OuterRef("scan__image__digest")))
    worth = Finding.objects.filter(scan__image__repository=repository, severity__in=WORTH_TELLING, suppression=None)
    live = worth.filter(scan__image__deleted_at=None)
    known = set(live.filter(first_seen_at__lt=first).order_by().values_list("name", "package").distinct())
    for start in range(0, len(scans), BATCH):
        some = [scan.id for scan in scans[start : start + BATCH]]
        rows = worth.filter(tagged | inside, scan__in=some, first_seen_at__gte=first).order_by("scan_id", "position")
        for each in rows.iterator(chunk_size=BATCH):
            at = since[each.scan_id]
            if at and each.first_seen_at >= at and (each.name, each.package) not in known:
                news.found[each.scan_id].append(each)
    news.scans = {scan.id: scan for scan in scans if scan.id in news.found}
    news.tags = _tags(repository, {scan.image.digest: scan.image_id for scan in news.scans.values()})
    return news


def _entries(repository: Repository) -> QuerySet[ImageChild]:
    """What indexes of a repository name that are there and have a tag."""
    return ImageChild.objects.filter(parent__repository=repository, parent__deleted_at=None, parent__tags__isnull=False)


def _tags(repository: Repository, images: Mapping[str, int]) -> dict[int, str]:
    """The newest tag of each image, given by digest and number: its own, or else that of an index that names it."""
    digests = list(images)
    found: dict[str, str] = {}
    for start in range(0, len(digests), BATCH):
        some = digests[start : start + BATCH]
        inside = _entries(repository).filter(digest__in=some).order_by("parent__tags__updated_at")
        own = ImageTag.objects.filter(image__in=[images[each] for each in some]).order_by("updated_at")
        found |= dict(inside.values_list("digest", "parent__tags__name"))
        found |= dict(own.values_list("image__digest", "name"))
    return {images[digest]: tag for digest, tag in found.items()}


def _tell_one(member: Membership, news: Sequence[_News], key: str) -> int:
    """Tell somebody of the repositories whose findings they may see."""
    caller = callers.from_membership(member)
    seen = [each for each in news if repositories.may(caller, each.repository.address, each.repository, _action(each))]
    if not seen:
        return 0
    account = f"{member.account.name} ({member.account_id})"
    params = _params(seen) | {"account": account}
    return notices.notify([member.person], FOUND, params, path=_path(member.account_id, seen), key=key)


def _action(news: _News) -> Action:
    """What somebody must be allowed to be told: of public images, which anybody may see, to push them."""
    return Action.PUT_IMAGE if news.repository.is_public else Action.DESCRIBE_IMAGE_SCAN_FINDINGS


def _params(seen: Sequence[_News]) -> dict[str, str | int]:
    """The numbers, each vulnerability in a package of a repository once, and the worst of them by name."""
    images = sum(len(each.found) for each in seen)
    distinct: dict[tuple[int, str, str], tuple[Finding, str]] = {}
    for each in seen:
        for scan_id, rows in each.found.items():
            place = f"{each.repository.name}:{each.tags.get(each.scans[scan_id].image_id, '')}"
            for row in rows:
                distinct.setdefault((each.repository.id, row.name, row.package), (row, place))
    levels = Counter(row.severity for row, _place in distinct.values())
    order = sorted(
        distinct.values(), key=lambda one: (WORTH_TELLING.index(one[0].severity), not one[0].fixed_in, one[0].name)
    )
    worst = [f"{row.name} in {row.package} ({place})" for row, place in order[:MOST_NAMED]]
    return {
        "images": images,
        "critical": levels["CRITICAL"],
        "high": levels["HIGH"],
        "fixable": sum(bool(row.fixed_in) for row, _place in distinct.values()),
        "worst": "; ".join(worst),
    }


def _path(account_id: str, seen: Sequence[_News]) -> str:
    """The page of the findings if they are of one image, of the images if of one repository, else the overview."""
    if len(seen) > 1:
        return f"/console/{account_id}"
    repository, scans = seen[0].repository, list(seen[0].scans.values())
    place = f"/console/{account_id}/{repository.region}/repositories/{repository.name}/-/images"
    return f"{place}/{scans[0].image.digest}/vulnerabilities" if len(scans) == 1 else place
