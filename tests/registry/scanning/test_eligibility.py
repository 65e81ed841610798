"""Which images are followed: by configuration, by age and by the archive."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts import outbox
from accounts.caller import Caller
from accounts.models import OutboxRow
from registry.core import archive, registries
from registry.models import Image, ImageScan
from registry.scanning.tasks import look_after_scans
from registry.values import Address, Digest
from tests.factories.registry import push_image
from tests.registry.console.test_scanning import SSL, advisories, folders, scanned

__all__ = ["advisories", "folders"]
pytestmark = pytest.mark.usefixtures("advisories")
EVENTS = ("ScanningConfigured", "ScanRequested", "ImageStorageClassChanged", "ImagePushed", "ImageScanned")
OLD = timedelta(days=40)


@pytest.fixture
def image(alice: Caller, address: Address) -> Image:
    """An image that is followed."""
    registries.put_scanning(alice, address.registry, "ENHANCED", [])
    image = push_image(alice, address, "1")
    work()
    ImageScan.objects.all().delete()
    scanned(image, SSL, scan_type="ENHANCED")
    assert status() == "ACTIVE"
    return image


def work() -> None:
    """Do what waits for a task worker of scanning."""
    for task in ("registry.scanning.eligibility.configured", "registry.scanning.eligibility.storage_class_changed"):
        for row in OutboxRow.objects.filter(event__in=EVENTS, task=task):
            assert outbox.run(row.id)
    for row in OutboxRow.objects.filter(task="registry.scanning.scans.run"):
        assert outbox.run(row.id)


def status() -> str:
    """How the one scan is."""
    return ImageScan.objects.get().status


def rules(*patterns: str) -> list[dict[str, Any]]:
    """One rule of continuous scanning."""
    filters = [{"filter": each, "filterType": "WILDCARD"} for each in patterns]
    return [{"scanFrequency": "CONTINUOUS_SCAN", "repositoryFilters": filters}]


def test_it_ends_with_the_configuration_and_begins_again(alice: Caller, address: Address, image: Image) -> None:
    registries.put_scanning(alice, address.registry, "ENHANCED", rules("other/*"))
    work()
    assert status() == "SCAN_ELIGIBILITY_EXPIRED" and ImageScan.objects.get().counts
    registries.put_scanning(alice, address.registry, "ENHANCED", rules("team/*"))
    work()
    assert status() == "ACTIVE"
    registries.put_scanning(alice, address.registry, "BASIC", [])
    work()
    assert status() == "SCAN_ELIGIBILITY_EXPIRED"


def test_it_ends_by_age_and_a_pull_begins_it_again(settings: Settings, image: Image) -> None:
    settings.SCAN_FOLLOW_DAYS = 30
    look_after_scans()
    assert status() == "ACTIVE"
    Image.objects.update(pushed_at=timezone.now() - OLD)
    look_after_scans()
    assert status() == "SCAN_ELIGIBILITY_EXPIRED"
    look_after_scans()
    work()
    assert status() == "SCAN_ELIGIBILITY_EXPIRED"
    Image.objects.update(last_recorded_pull_time=timezone.now())
    look_after_scans()
    work()
    assert status() == "ACTIVE"


def test_without_a_number_of_days_it_goes_on_for_ever(image: Image) -> None:
    Image.objects.update(pushed_at=timezone.now() - OLD)
    look_after_scans()
    assert status() == "ACTIVE"


def test_an_image_of_the_archive_is_followed_again_when_it_is_restored(
    alice: Caller, address: Address, image: Image
) -> None:
    archive.update(alice, address, Digest.parse(image.digest), None, "ARCHIVE")
    work()
    ImageScan.objects.update(status="SCAN_ELIGIBILITY_EXPIRED")
    look_after_scans()
    work()
    assert status() == "SCAN_ELIGIBILITY_EXPIRED"
    archive.update(alice, address, Digest.parse(image.digest), None, "STANDARD")
    work()
    assert status() == "ACTIVE"
