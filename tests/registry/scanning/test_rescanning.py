"""New advisories beside many SBOMs that are kept: what is followed is looked at, quickly, and nothing is read."""

import time
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.caller import Caller
from registry.core import registries
from registry.models import AdvisoryImport, Finding, Image, ImageScan, Sbom
from registry.scanning import importing, matching, rescanning, results, sboms, scans
from registry.scanning.sboms import Package
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.scanning.test_importing import zipped
from tests.registry.scanning.test_matching import package, sbom
from tests.registry.scanning.test_osv import record

COUNT = 200
PACKAGES = 150
BUDGET = 60.0
"""Seconds for COUNT images on a busy machine; an idle one takes two."""


def follow(image: Image, content: bytes, status: str = "ACTIVE") -> ImageScan:
    """A copy of an image, with a scan that is kept up to date."""
    image.pk, image.digest = None, f"sha256:{Image.objects.count():064x}"
    image.save()
    kept = Sbom.objects.create(manifest_digest=image.digest, content=content, package_count=1, generator="test")
    return ImageScan.objects.create(image=image, status=status, scan_type="ENHANCED", sbom=kept)


def look_again() -> None:
    """Do what the last import asks for."""
    rescanning.advisories_changed({"advisory_import": AdvisoryImport.objects.latest("id").id})


def test_it_works_for_many(alice: Caller, address: Address, tmp_path: Path) -> None:
    """Images of which one in ten has the package; the others are told that nothing new is known of them."""
    image = push_image(alice, address, "1")
    registries.put_scanning(alice, address.registry, "ENHANCED", [])
    common = [Package(f"p{number}", "1.0-1", "deb", "amd64") for number in range(PACKAGES)]
    without, having = sboms.packed(sbom(*common)), sboms.packed(sbom(*common, Package("openssl", "1", "deb")))
    made = [follow(image, having if number % 10 == 0 else without) for number in range(COUNT)]
    importing.run(zipped(tmp_path, {"a.json": record(affected=[package("openssl", fixed="2")])}))
    began = time.monotonic()
    look_again()
    assert time.monotonic() - began < BUDGET
    assert Finding.objects.count() == 2 * COUNT / 10
    assert ImageScan.objects.filter(completed_at=None).count() == COUNT - COUNT / 10
    assert not ImageScan.objects.filter(source_updated_at=None).exists()
    before = set(Finding.objects.values_list("id", flat=True))
    look_again()
    assert Finding.objects.count() == len(before), "a second run finds the same"
    assert {scan.counts["UNDEFINED"] for scan in ImageScan.objects.filter(id=made[0].id)} == {2}


@pytest.mark.parametrize("status", ["COMPLETE", "FAILED", "PENDING", "SCAN_ELIGIBILITY_EXPIRED"])
def test_what_is_not_followed_stays_as_it_is(alice: Caller, address: Address, tmp_path: Path, status: str) -> None:
    image = push_image(alice, address, "1")
    registries.put_scanning(alice, address.registry, "ENHANCED", [])
    follow(image, sboms.packed(sbom(Package("openssl", "1", "deb"))), status)
    importing.run(zipped(tmp_path, {"a.json": record(affected=[package("openssl", fixed="2")])}))
    look_again()
    assert ImageScan.objects.get().status == status and not Finding.objects.exists()


def test_a_withdrawn_advisory_takes_its_findings_along(alice: Caller, address: Address, tmp_path: Path) -> None:
    image = push_image(alice, address, "1")
    registries.put_scanning(alice, address.registry, "ENHANCED", [])
    follow(image, sboms.packed(sbom(Package("openssl", "1", "deb"))))
    affected = [package("openssl", fixed="2")]
    importing.run(zipped(tmp_path, {"a.json": record(affected=affected)}))
    look_again()
    assert Finding.objects.count() == 2
    gone = record(affected=affected, modified="2024-01-01T00:00:00Z", withdrawn="2024-01-01T00:00:00Z")
    importing.run(zipped(tmp_path, {"a.json": gone}))
    look_again()
    assert not Finding.objects.exists() and ImageScan.objects.get().counts == {}


def test_advisories_that_come_in_while_an_image_is_scanned_count(
    alice: Caller, address: Address, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looked again saw no scan that was complete."""
    image = push_image(alice, address, "1")
    registries.put_scanning(alice, address.registry, "ENHANCED", [])
    scan = follow(image, sboms.packed(sbom(Package("openssl", "1", "deb"))), "PENDING")
    importing.run(zipped(tmp_path, {"a.json": record(affected=[package("other", fixed="2")])}))
    save = results.save

    def late(*arguments: Any) -> bool:
        if AdvisoryImport.objects.count() == 1:
            importing.run(zipped(tmp_path, {"b.json": record(id="DSA-2-1", affected=[package("openssl", fixed="2")])}))
            look_again()
        return save(*arguments)

    monkeypatch.setattr(results, "save", late)
    scans.run({"scan": scan.id})
    assert ImageScan.objects.get().status == "ACTIVE" and Finding.objects.count() == 2


def test_older_advisories_do_not_undo_what_newer_ones_say(alice: Caller, address: Address, tmp_path: Path) -> None:
    """Two look again at once, and the one that began first comes last."""
    image = push_image(alice, address, "1")
    registries.put_scanning(alice, address.registry, "ENHANCED", [])
    scan = follow(image, sboms.packed(sbom(Package("openssl", "1", "deb"))))
    importing.run(zipped(tmp_path, {"a.json": record(affected=[package("other", fixed="2")])}))
    assert scan.sbom is not None
    knowledge = matching.Knowledge()
    stale = results.evaluate(scan.sbom, "ENHANCED", is_continuous=True, knowledge=knowledge)
    importing.run(zipped(tmp_path, {"b.json": record(id="DSA-2-1", affected=[package("openssl", fixed="2")])}))
    look_again()
    newest = ImageScan.objects.get().source_updated_at
    assert not results.save(scan, stale)
    results.note_newest([scan.id], knowledge.newest)
    assert Finding.objects.count() == 2 and ImageScan.objects.get().source_updated_at == newest


def test_an_import_that_is_gone_is_nothing(db: None) -> None:
    rescanning.advisories_changed({"advisory_import": 0})
    assert not ImageScan.objects.exists()


class TestTooMuch:
    """An image may claim any number of versions of a package that thousands of advisories are about."""

    MANY = tuple(Package("openssl", f"1.{number}", "deb") for number in range(30))

    @pytest.fixture(autouse=True)
    def advisories(self, db: None, tmp_path: Path) -> None:
        """Ten about the package."""
        importing.run(
            zipped(
                tmp_path,
                {
                    f"{n}.json": record(
                        id=f"DSA-{n}-1", upstream=[f"CVE-2024-{n}"], affected=[package("openssl", fixed="3")]
                    )
                    for n in range(1000, 1010)
                },
            )
        )

    @pytest.mark.parametrize(("bound", "words"), [("MOST_FOUND", "more than 99 vuln"), ("MOST_COMPARED", "too many")])
    def test_it_is_refused_and_others_go_on(
        self, alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch, bound: str, words: str
    ) -> None:
        registries.put_scanning(alice, address.registry, "ENHANCED", [])
        hostile, usual = (push_image(alice, address, str(n), layers=[bytes([n])]) for n in (1, 2))
        scans = [follow(hostile, sboms.packed(sbom(*self.MANY))), follow(usual, sboms.packed(sbom(*self.MANY[:3])))]
        monkeypatch.setattr(matching, bound, 99)
        look_again()
        for scan in scans:
            scan.refresh_from_db()
        assert scans[0].status == "FAILED" and words in scans[0].reason and not scans[0].findings.exists()
        assert scans[1].status == "ACTIVE" and scans[1].findings.count() == 30

    def test_it_takes_no_longer_than_reading_the_image(self, settings: Settings) -> None:
        settings.SCAN_SECONDS = 0
        things = matching.installed(sbom(*self.MANY), with_languages=False)
        with pytest.raises(matching.TooMuch):
            matching.match(things)
