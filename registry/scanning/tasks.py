"""Celery tasks of scanning."""

import shutil
from datetime import timedelta
from time import time
from typing import Final

from celery import shared_task
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from registry.models import ImageScan, Sbom
from registry.scanning import attaching, contents, eligibility, scans, suppressions, syncing

BATCH: Final = 500
GRACE: Final = timedelta(hours=1)
OLDEST: Final = timedelta(days=1)


@shared_task(name="registry.look_after_scans")
def look_after_scans() -> int:
    """Throw SBOMs away that no image's scan has any more, and folders of workers that died; return how many SBOMs.

    Images that are followed no more, or again, are told of before; public ones that were never
    scanned are. Scans that were given up are ended.
    """
    eligibility.look_after()
    _remove_old_folders()
    scans.request_public()
    scans.end_given_up()
    used = ImageScan.objects.filter(sbom=OuterRef("id"))
    unused = Sbom.objects.filter(~Exists(used), created_at__lt=timezone.now() - GRACE)
    ids = list(unused.values_list("id", flat=True)[:BATCH])
    return Sbom.objects.filter(id__in=ids).delete()[0]


def _remove_old_folders() -> None:
    """Nothing that is at work is as old as this: a scan has an end."""
    oldest = time() - OLDEST.total_seconds()
    for folder in settings.SCAN_ROOT.glob(f"{contents.PREFIX}*"):
        if folder.lstat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)


@shared_task(name="registry.end_suppressions")
def end_suppressions() -> int:
    """Let findings come back whose suppressions have an end that has passed; return how many are over."""
    return suppressions.end_old()


@shared_task(name="registry.sync_advisories")
def sync_advisories() -> int:
    """Take in the sources of KHO_ADVISORY_SOURCES that are due; return how many records are new or changed."""
    return syncing.sync()


@shared_task(name="registry.attach_sboms")
def attach_sboms() -> int:
    """Attach SBOMs that could not be attached when they were made, for want of room; return how many."""
    return attaching.attach_missing()
