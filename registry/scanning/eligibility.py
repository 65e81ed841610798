"""Continuous scanning of images begins, ends and begins again: by configuration, by age, by the archive."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from registry.core import registries
from registry.core.registries import Scan
from registry.models import Image, ImageScan, Repository
from registry.scanning import following, scans
from registry.scanning.results import ENHANCED

Status = ImageScan.Status
BATCH: Final = 100
MOST: Final = 5_000
"""Scans that one look begins again."""


def configured(payload: Mapping[str, Any]) -> None:
    """Scan what continuous scanning covers now, and let go what it covers no more. Started by ScanningConfigured."""
    rows = Repository.objects.filter(account_id=payload["account"], region=payload["region"], deleted_at=None)
    for repository in rows.order_by("id").iterator(chunk_size=BATCH):
        how = registries.scan_of(repository)
        if how.frequency != registries.CONTINUOUS:
            _let_go(Q(image__repository=repository))
            continue
        live = Image.objects.filter(
            following.recent(""),
            repository=repository,
            deleted_at=None,
            kind=Image.Kind.IMAGE,
            image_status=Image.Status.ACTIVE,
        ).exclude(Q(scan__scan_type=ENHANCED) & ~Q(scan__status=Status.SCAN_ELIGIBILITY_EXPIRED))
        _begin(live.order_by("-pushed_at", "-id").values_list("id", flat=True), how)


def storage_class_changed(payload: Mapping[str, Any]) -> None:
    """Follow an image again that comes out of the archive. Started by ImageStorageClassChanged."""
    image = (
        Image.objects.select_related("repository")
        .filter(repository=payload["repository"], digest=payload["digest"], deleted_at=None, scan__isnull=False)
        .first()
    )
    if image is None or image.repository.is_public:
        return
    how = registries.scan_of(image.repository)
    if following.follows(image, how):
        _begin([image.id], how)


def look_after() -> None:
    """Let images go that nobody has pushed or pulled for long, and follow those again that somebody has."""
    if settings.SCAN_FOLLOW_DAYS:
        _let_go(~following.recent("image__"))
    over = ImageScan.objects.filter(
        following.recent("image__"),
        status=Status.SCAN_ELIGIBILITY_EXPIRED,
        image__deleted_at=None,
        image__image_status=Image.Status.ACTIVE,
    )
    for repository in Repository.objects.filter(id__in=over.values("image__repository"), deleted_at=None):
        how = registries.scan_of(repository)
        if how.frequency == registries.CONTINUOUS:
            _begin(over.filter(image__repository=repository).values_list("image_id", flat=True)[:MOST], how)


def _let_go(which: Q) -> None:
    """What was found stays, and is not kept up to date."""
    ids = list(ImageScan.objects.filter(which, status=Status.ACTIVE).values_list("id", flat=True))
    for start in range(0, len(ids), BATCH):
        some = ImageScan.objects.filter(id__in=ids[start : start + BATCH], status=Status.ACTIVE)
        some.update(status=Status.SCAN_ELIGIBILITY_EXPIRED)


def _begin(image_ids: Iterable[int], how: Scan) -> None:
    """Scan images; packages that are known are not listed again."""
    ids = list(image_ids)
    for start in range(0, len(ids), BATCH):
        with transaction.atomic():
            for image in Image.objects.filter(id__in=ids[start : start + BATCH]):
                scans.request(image, how.scan_type)
