"""What an account should look at: images under the newest tags of its repositories with critical vulnerabilities."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, Subquery

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import permissions
from registry.core.browsing import is_shown
from registry.models import ImageChild, ImageScan, ImageTag, Repository
from registry.models.scan import WITH_FINDINGS
from registry.values import PUBLIC, RegistryId

MOST_NAMED: Final = 5


@dataclass(frozen=True, slots=True)
class Critical:
    """A repository whose newest tag names an image with critical findings; of an index one of its images.

    Tags of signatures and the like are left out.
    """

    region: str
    name: str
    tag: str
    digest: str
    count: int


@dataclass(frozen=True, slots=True)
class CriticalImages:
    """How many such repositories there are, and the first of them, those with the most findings first."""

    total: int
    first: list[Critical]


def of_account(caller: Caller) -> CriticalImages:
    """Return what the caller may know of: registries all of whose findings they may see."""
    account_id = caller.account_id
    regions = [
        region
        for region in (*settings.REGIONS, PUBLIC)
        if permissions.may(caller, RegistryId(account_id, region), _action(region))
    ]
    tags = ImageTag.objects.filter(is_shown(), repository=OuterRef("image__repository"))
    newest = tags.order_by("-updated_at", "-id")
    inside = ImageChild.objects.filter(parent=OuterRef("newest_image"), digest=OuterRef("image__digest"))
    found = ImageScan.objects.filter(
        status__in=WITH_FINDINGS,
        counts__CRITICAL__gt=0,
        image__deleted_at=None,
        image__repository__in=Repository.objects.filter(account=account_id, region__in=regions, deleted_at=None),
    ).annotate(newest_image=Subquery(newest.values("image")[:1]), tag=Subquery(newest.values("name")[:1]))
    named = found.filter(Q(image_id=F("newest_image")) | Exists(inside))
    rows = named.values_list("image__repository__region", "image__repository__name", "tag", "image__digest", "counts")
    worst: dict[tuple[str, str], Critical] = {}
    for region, name, tag, digest, counts in rows:
        made = Critical(region, name, tag, digest, counts["CRITICAL"])
        before = worst.get((region, name))
        if before is None or before.count < made.count:
            worst[region, name] = made
    ranked = sorted(worst.values(), key=lambda each: (-each.count, each.region, each.name))
    return CriticalImages(len(ranked), ranked[:MOST_NAMED])


def _action(region: str) -> Action:
    return Action.DESCRIBE_IMAGES if region == PUBLIC else Action.DESCRIBE_IMAGE_SCAN_FINDINGS
