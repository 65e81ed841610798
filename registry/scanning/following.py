"""Which images continuous scanning follows: live ones that were pushed or pulled of late, where a rule says so."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from registry.core import registries
from registry.core.registries import Scan
from registry.models import Image


def follows(image: Image, how: Scan) -> bool:
    """Whether new advisories change what was found in an image whose repository is scanned so."""
    if how.frequency != registries.CONTINUOUS or image.image_status != Image.Status.ACTIVE:
        return False
    if not settings.SCAN_FOLLOW_DAYS:
        return True
    last = max(filter(None, (image.pushed_at, image.last_recorded_pull_time)))
    return last >= timezone.now() - timedelta(days=settings.SCAN_FOLLOW_DAYS)


def recent(image: str) -> Q:
    """The same of images' times as a condition, with the path to the image, such as `image__`; all if none is set."""
    if not settings.SCAN_FOLLOW_DAYS:
        return Q()
    since = timezone.now() - timedelta(days=settings.SCAN_FOLLOW_DAYS)
    pulled = Q(**{f"{image}last_recorded_pull_time__isnull": False, f"{image}last_recorded_pull_time__gte": since})
    return Q(**{f"{image}pushed_at__gte": since}) | pulled
