"""Public images are scanned by themselves, unless the deployment does not want it; what was missed is made up for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.caller import Caller
from accounts.models import OutboxRow
from registry.models import AdvisoryImport, Image, ImageScan
from registry.scanning import findings, importing, rescanning, scans
from registry.scanning.sboms import Package
from registry.scanning.tasks import look_after_scans
from registry.values import Address
from tests.factories.registry import push_image, push_index
from tests.registry.console.test_scanning import scanned
from tests.registry.scanning.test_importing import zipped
from tests.registry.scanning.test_matching import package
from tests.registry.scanning.test_osv import record


@pytest.fixture(autouse=True)
def folders(settings: Settings, tmp_path: Path) -> None:
    """Where images would be laid out."""
    settings.SCAN_ROOT = tmp_path


def pushed(image: Image) -> None:
    """Tell scanning of a push."""
    scans.image_pushed({"repository": image.repository_id, "digest": image.digest, "tag": "1"})


def requested() -> Iterator[int]:
    """The scans that workers are asked for."""
    return (row.payload["scan"] for row in OutboxRow.objects.filter(event="ScanRequested").order_by("id"))


def test_it_works(alice: Caller, public_address: Address, anonymous: Caller) -> None:
    image = push_image(alice, public_address, "1")
    index = push_index(alice, public_address, "all", [image])
    pushed(index)
    assert not ImageScan.objects.exists()
    pushed(image)
    scan = ImageScan.objects.get()
    assert (scan.scan_type, scan.status, list(requested())) == ("ENHANCED", "PENDING", [scan.id])
    assert findings.of_image(anonymous, public_address, image)[1] == scan
    ImageScan.objects.update(status="ACTIVE")
    pushed(image)
    assert list(requested()) == [scan.id], "the same image again needs no other scan"


def test_a_deployment_may_do_without(
    alice: Caller, public_address: Address, settings: Settings, tmp_path: Path
) -> None:
    settings.SCAN_PUBLIC = False
    image = push_image(alice, public_address, "1")
    pushed(image)
    look_after_scans()
    assert not ImageScan.objects.exists()


def test_what_was_pushed_before_is_made_up_for(
    alice: Caller, public_address: Address, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.scanning.scans.BATCH", 2)
    images = [push_image(alice, public_address, str(number), layers=[bytes([number])]) for number in range(4)]
    push_image(alice, address, "1")
    ImageScan.objects.create(image=images[0], status="SCAN_ELIGIBILITY_EXPIRED", scan_type="ENHANCED")
    look_after_scans()
    pending = set(ImageScan.objects.filter(status="PENDING").values_list("image_id", flat=True))
    assert pending == {images[0].id, images[3].id, images[2].id}
    look_after_scans()
    assert ImageScan.objects.filter(status="PENDING").count() == len(list(requested())) == 4
    look_after_scans()
    assert len(list(requested())) == 4


def test_scans_are_followed_as_long_as_the_deployment_wants_it(
    alice: Caller, public_address: Address, settings: Settings, tmp_path: Path
) -> None:
    image = push_image(alice, public_address, "1")
    scan = scanned(image, Package("openssl", "1", "deb"), scan_type="ENHANCED")
    assert scan.status == "FINDINGS_UNAVAILABLE"
    importing.run(zipped(tmp_path, {"a.json": record(affected=[package("openssl", fixed="2")])}))
    for is_wanted, status in ((True, "ACTIVE"), (False, "SCAN_ELIGIBILITY_EXPIRED")):
        settings.SCAN_PUBLIC = is_wanted
        rescanning.advisories_changed({"advisory_import": AdvisoryImport.objects.latest("id").id})
        scan.refresh_from_db()
        assert scan.status == status
