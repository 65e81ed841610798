"""New critical findings in tagged images are told once, together, to those who may see them; the overview counts."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail as outgoing
from django.test import Client
from django.utils import timezone

from accounts.caller import Caller
from accounts.models import Person
from registry.core import images
from registry.models import Image, ImageScan, Notice
from registry.notifications import finding_notices, notices
from registry.notifications.tasks import tell_of_findings
from registry.scanning import attention, importing, results
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import make_repository, push_image, push_index
from tests.registry.console.test_console import PRIVATE, ana, member, page
from tests.registry.console.test_iam import reader
from tests.registry.console.test_scanning import BASH, SSL, advisories, scanned
from tests.registry.scanning.test_importing import zipped
from tests.registry.scanning.test_matching import package
from tests.registry.scanning.test_osv import V3, record

__all__ = ["advisories", "ana", "reader"]
pytestmark = pytest.mark.usefixtures("advisories")


@pytest.fixture
def owner(alice: Caller) -> Person:
    """An administrator of the account."""
    return member(alice.account_id, "owner@example.com")


def tell(later: timedelta = finding_notices.QUIET) -> int:
    """What the task does after some time."""
    return finding_notices.tell_all(timezone.now() + later)


def test_it_works(alice: Caller, address: Address, owner: Person) -> None:
    image = push_image(alice, address, "1")
    scanned(image, SSL, BASH)
    assert tell_of_findings() == 0, "more may come"
    assert tell() == 1
    [row] = notices.page(owner).rows
    assert "New critical or high vulnerabilities in" in row.told.subject and "(111122223333)" in row.told.subject
    assert "Images: 1. Critical: 1. High: 0. With a fix: 1." in row.told.text
    assert "The worst: CVE-2024-1000 in openssl (team/app:1)." in row.told.text
    assert row.notice.path == f"{PRIVATE}/team/app/-/images/{image.digest}/vulnerabilities" and row.notice.by_mail
    assert tell() == 0 and Notice.objects.count() == 1 and not ImageScan.objects.exclude(untold_since=None).exists()
    assert not outgoing.outbox


def test_one_notice_tells_of_all_that_came(alice: Caller, address: Address, owner: Person) -> None:
    other = make_repository(alice, "team/other").address
    for where, tag in ((address, "1"), (address, "2"), (other, "1")):
        scanned(push_image(alice, where, tag, layers=[f"{where}{tag}".encode()]), SSL)
    assert tell() == 1
    [row] = notices.page(owner).rows
    assert "Images: 3. Critical: 2." in row.told.text, "once in each repository"
    assert row.notice.path == f"/console/{alice.account_id}"


def test_what_the_repository_had_before_is_not_new(
    alice: Caller, address: Address, owner: Person, tmp_path: Path
) -> None:
    scanned(push_image(alice, address, "1"), SSL)
    assert tell() == 1
    scan = scanned(push_image(alice, address, "2", layers=[b"2"]), SSL, BASH)
    assert tell() == 0, "another image with the same vulnerability"
    severity = [{"type": "CVSS_V3", "score": V3}]
    newer = record(id="DSA-9-1", upstream=["CVE-2025-9000"], affected=[package("bash")], severity=severity)
    importing.run(zipped(tmp_path, {"9.json": newer}))
    ImageScan.objects.filter(id=scan.id).update(status="FINDINGS_UNAVAILABLE")
    assert scan.sbom and results.save(scan, results.evaluate(scan.sbom, "BASIC", is_continuous=False))
    assert tell() == 1
    assert "The worst: CVE-2025-9000 in bash (team/app:2)." in notices.page(owner).rows[0].told.text


def test_images_of_an_index_have_its_tag(alice: Caller, address: Address, owner: Person) -> None:
    arm = push_image(alice, address, "", layers=[b"arm"], architecture="arm64")
    scanned(arm, SSL)
    push_index(alice, address, "", [arm])
    assert tell() == 0, "no tag leads to it"
    ImageScan.objects.update(untold_since=arm.pushed_at)
    push_index(alice, address, "all", [arm], annotations={"a": "b"})
    assert tell() == 1
    assert "The worst: CVE-2024-1000 in openssl (team/app:all)." in notices.page(owner).rows[0].told.text


def test_images_of_an_index_that_is_gone_have_none(alice: Caller, address: Address, owner: Person) -> None:
    arm = push_image(alice, address, "", layers=[b"arm"])
    index = push_index(alice, address, "all", [arm])
    scanned(arm, SSL)
    images.delete(alice, address, Digest.parse(index.digest))
    assert tell() == 0


def test_what_is_scanned_again_meanwhile_is_told_afterwards(alice: Caller, address: Address, owner: Person) -> None:
    scan = scanned(push_image(alice, address, "1"), SSL)
    ImageScan.objects.update(status="PENDING")
    assert tell() == 0
    scanned(push_image(alice, make_repository(alice, "team/other").address, "1", layers=[b"2"]), SSL)
    assert tell() == 1 and "team/app" not in notices.page(owner).rows[0].told.text
    ImageScan.objects.filter(id=scan.id).update(status="COMPLETE")
    assert tell() == 1 and "(team/app:1)" in notices.page(owner).rows[0].told.text
    assert not ImageScan.objects.exclude(untold_since=None).exists()


def test_what_goes_on_is_told_of_within_the_hour(alice: Caller, address: Address, owner: Person) -> None:
    for number, ago in enumerate((timedelta(hours=1), timedelta(0))):
        scan = scanned(push_image(alice, address, str(number), layers=[bytes([number])]), SSL)
        ImageScan.objects.filter(id=scan.id).update(untold_since=timezone.now() - ago)
    assert tell_of_findings() == 1


def test_it_is_told_as_chosen(alice: Caller, address: Address, owner: Person) -> None:
    notices.choose(owner, {finding_notices.FOUND: "off"})
    scanned(push_image(alice, address, "1"), SSL)
    assert tell() == 0 and not Notice.objects.exists()


def test_nothing_is_told_of_others(
    alice: Caller, address: Address, public_address: Address, owner: Person, reader: Client
) -> None:
    """Images without a tag or without bad findings, images that are gone, and people who may not see them."""
    scanned(push_image(alice, address, ""), SSL)
    scanned(push_image(alice, address, "mild", layers=[b"2"]), BASH)
    gone = push_image(alice, address, "gone", layers=[b"3"])
    scanned(gone, SSL)
    images.delete_ids(alice, address, [("", "gone")])
    assert tell() == 0
    colleague = Person.objects.get(email="rui@example.com")
    assert reader
    scanned(push_image(alice, public_address, "1", layers=[b"4"]), SSL, scan_type="ENHANCED")
    assert tell() == 1
    assert notices.page(owner).total == 1 and notices.page(colleague).total == 0


def test_the_overview_counts_newest_tags(ana: Client, alice: Caller, address: Address) -> None:
    overview = f"/console/{alice.account_id}"
    old = push_image(alice, address, "1")
    scanned(old, SSL)
    text = page(ana, overview)
    assert "1 image with critical findings" in text and f"{PRIVATE}/team/app/-/images/{old.digest}/vulner" in text
    arm = push_image(alice, address, "", layers=[b"arm"], architecture="arm64")
    push_index(alice, address, "2", [arm])
    assert "critical findings" not in page(ana, overview), "the newest tag names another image"
    scanned(arm, SSL)
    [found] = attention.of_account(alice).first
    assert (found.name, found.tag, found.digest, found.count) == ("team/app", "2", arm.digest, 1)
    push_image(alice, address, f"{arm.digest.replace(':', '-')}.sig")
    assert attention.of_account(alice).first == [found], "the tag of a signature is none that people pull"
    images.untag(alice, address, ImageTag.parse("1"))
    images.untag(alice, address, ImageTag.parse("2"))
    assert attention.of_account(alice).total == 0
    assert Image.objects.filter(deleted_at=None).count() == 4
