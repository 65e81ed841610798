"""Findings that are left aside: by whom, where, until when, by VEX; and what they do to numbers."""

from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import outbox
from accounts.caller import Caller
from accounts.errors import AccessDenied
from accounts.models import AuditEvent, OutboxRow
from registry.core import repositories
from registry.errors import InvalidValue, LimitExceeded, RepositoryNotFound, SuppressionNotFound
from registry.models import Finding, ImageScan, Suppression
from registry.scanning import findings, importing, results, suppressions
from registry.scanning.sboms import Package
from registry.scanning.suppressions import Wanted
from registry.scanning.tasks import end_suppressions
from registry.values import Address
from tests.factories.registry import make_repository, push_image
from tests.registry.console.test_scanning import BASH, SSL, scanned
from tests.registry.scanning.test_importing import zipped
from tests.registry.scanning.test_matching import package
from tests.registry.scanning.test_osv import V3, record
from tests.registry.scanning.test_vex import DIGEST, WHY, openvex, statement

pytestmark = pytest.mark.usefixtures("advisories")
CVE = "CVE-2024-1000"


@pytest.fixture
def advisories(db: None, tmp_path: Path) -> None:
    """A critical one and another one about openssl, and one about bash."""
    severity = [{"type": "CVSS_V3", "score": V3}]
    files = {
        "1.json": record(
            id="DSA-1-1", upstream=[CVE], affected=[package("openssl", fixed="3")], severity=severity, details="x"
        ),
        "2.json": record(id="DSA-2-1", upstream=["CVE-2024-2000"], affected=[package("openssl", fixed="2")]),
        "3.json": record(id="DSA-3-1", upstream=["CVE-2024-3000"], affected=[package("bash")]),
    }
    importing.run(zipped(tmp_path, files))


def wanted(vulnerability: str = CVE, **more: Any) -> Wanted:
    """A suppression that is complete."""
    return Wanted(vulnerability, "risk_accepted", "Nobody can get there.", **more)


@pytest.fixture
def scan(alice: Caller, address: Address) -> ImageScan:
    """The scan of an image of team/app with three findings."""
    return scanned(push_image(alice, address, "1"), SSL, BASH)


def hidden(scan: ImageScan) -> set[str]:
    """The findings that are left aside."""
    return {row.name for row in findings.page(scan, only=findings.FindingFilter(ignored=findings.LEFT_ASIDE)).rows}


def test_it_works(alice: Caller, address: Address, scan: ImageScan) -> None:
    """What is left aside is not counted and not listed; it comes back when that ends. The trail knows who and why."""
    assert (scan.counts, scan.fixable, scan.ignored) == (
        {"CRITICAL": 1, "UNDEFINED": 2},
        {"CRITICAL": 1, "UNDEFINED": 1},
        0,
    )
    made = suppressions.create(alice, address.registry, wanted(package="openssl", repository="team/*"))
    scan.refresh_from_db()
    assert (scan.counts, scan.fixable, scan.ignored) == ({"UNDEFINED": 2}, {"UNDEFINED": 1}, 1)
    page = findings.page(scan)
    assert [row.name for row in page.rows] == ["CVE-2024-2000", "CVE-2024-3000"] and page.total == 2
    assert hidden(scan) == {CVE} and findings.page(scan, only=findings.EVERY_ONE).total == 3
    (row,), more = suppressions.page(alice, address.registry)
    assert (row.id, row.hidden, more) == (made.id, 1, False)  # type: ignore[attr-defined]  # annotated
    event = AuditEvent.objects.get(event_name="CreateFindingSuppression")
    assert event.principal_arn == alice.principal_arn
    assert event.details["suppression"] == {
        "id": made.id,
        "vulnerability": CVE,
        "justification": "risk_accepted",
        "reason": "Nobody can get there.",
        "package": "openssl",
        "repository": "team/*",
    }
    suppressions.end(alice, address.registry, made.id)
    scan.refresh_from_db()
    assert scan.counts == {"CRITICAL": 1, "UNDEFINED": 2} and not hidden(scan)
    assert AuditEvent.objects.filter(event_name="DeleteFindingSuppression").exists()
    with pytest.raises(SuppressionNotFound):
        suppressions.end(alice, address.registry, made.id)


def test_it_ends_when_its_repository_is_gone(alice: Caller, charlie: Caller, address: Address, scan: ImageScan) -> None:
    made = suppressions.create(alice, address.registry, wanted(repository="team/app"))
    repositories.delete(alice, address, force=True)
    with pytest.raises(AccessDenied):
        suppressions.end(charlie, address.registry, made.id)
    assert suppressions.end(alice, address.registry, made.id).repository == "team/app"
    assert not Suppression.objects.exists()
    with pytest.raises(RepositoryNotFound):
        suppressions.create(alice, address.registry, wanted(repository="team/app"))


@pytest.mark.parametrize(
    ("limits", "is_covered"),
    [
        ({}, True),
        ({"package": "libssl3"}, True),
        ({"package": "openssl", "version": "1"}, True),
        ({"package": "openssl", "version": "2"}, False),
        ({"package": "bash"}, False),
        ({"package": "openssl", "package_type": "deb"}, True),
        ({"package": "openssl", "package_type": "python"}, False),
        ({"repository": "team/app"}, True),
        ({"repository": "*/app"}, True),
        ({"repository": "team/ap*"}, True),
        ({"repository": "tea*/other"}, False),
        ({"image_digest": DIGEST}, False),
        ({"vulnerability": "DSA-1-1"}, True),
        ({"vulnerability": "DSA-2-1"}, False),
        ({"vulnerability": "CVE-2024-1"}, False),
    ],
)
def test_it_is_limited_to_what_it_says(
    alice: Caller, address: Address, scan: ImageScan, limits: dict[str, str], is_covered: bool
) -> None:
    suppressions.create(alice, address.registry, wanted(**({"vulnerability": CVE} | limits)))
    assert (CVE in hidden(scan)) is is_covered


def test_other_accounts_and_regions_are_not_touched(
    charlie: Caller, alice: Caller, scan: ImageScan, address: Address
) -> None:
    own = make_repository(charlie, "team/app").address
    its = scanned(push_image(charlie, own, "1", config=b'{"os": "linux", "architecture": "arm64"}'), SSL)
    suppressions.create(charlie, own.registry, wanted())
    assert hidden(its) == {CVE} and not hidden(scan)
    with pytest.raises(SuppressionNotFound):
        suppressions.get(alice, address.registry, Suppression.objects.get().id)
    with pytest.raises(AccessDenied):
        suppressions.page(charlie, address.registry)
    with pytest.raises(AccessDenied):
        suppressions.create(charlie, address.registry, wanted())
    with pytest.raises(AccessDenied):
        suppressions.create(charlie, address.registry, wanted(repository="team/app"))


def test_a_new_scan_keeps_what_is_left_aside(alice: Caller, address: Address, scan: ImageScan) -> None:
    suppressions.create(alice, address.registry, wanted())
    ImageScan.objects.update(status="IN_PROGRESS")
    assert scan.sbom is not None
    scan.refresh_from_db()
    assert results.save(scan, results.evaluate(scan.sbom, "BASIC", is_continuous=False))
    scan.refresh_from_db()
    assert hidden(scan) == {CVE} and scan.counts == {"UNDEFINED": 2}


def test_it_ends_by_itself(alice: Caller, address: Address, scan: ImageScan) -> None:
    """At its end findings come back, unless another one lasts longer; the row stays to be looked at."""
    soon = timezone.now() + timedelta(hours=1)
    suppressions.create(alice, address.registry, wanted(until=soon))
    assert hidden(scan) == {CVE} and end_suppressions() == 0
    Suppression.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert hidden(scan) == {CVE}
    assert end_suppressions() == 1 and end_suppressions() == 0
    scan.refresh_from_db()
    assert not hidden(scan) and scan.counts["CRITICAL"] == 1 and scan.ignored == 0
    assert Suppression.objects.filter(is_in_force=False).count() == 1
    ends = suppressions.create(alice, address.registry, wanted(until=soon))
    stays = suppressions.create(alice, address.registry, wanted())
    assert Finding.objects.get(name=CVE).suppression_id == stays.id != ends.id


def test_reason_and_end_change(alice: Caller, charlie: Caller, address: Address, scan: ImageScan) -> None:
    """One that is over hides again; what it is about stays, and the trail has both."""
    made = suppressions.create(alice, address.registry, wanted(until=timezone.now() + timedelta(hours=1)))
    Suppression.objects.update(until=timezone.now() - timedelta(seconds=1))
    end_suppressions()
    assert not hidden(scan)
    change = partial(suppressions.change, registry=address.registry, suppression_id=made.id)
    with pytest.raises(InvalidValue):
        change(alice, justification="fixed", reason=" ", until=None)
    with pytest.raises(AccessDenied):
        change(charlie, justification="fixed", reason="x", until=None)
    assert not hidden(scan)
    now = change(alice, justification="fixed", reason="Patched.", until=None)
    assert hidden(scan) == {CVE} and (now.vulnerability, now.until, now.is_in_force) == (CVE, None, True)
    said = AuditEvent.objects.get(event_name="UpdateFindingSuppression").details
    assert said["before"]["reason"] == "Nobody can get there." and said["suppression"]["reason"] == "Patched."
    Suppression.objects.update(document="vex")
    with pytest.raises(InvalidValue):
        change(alice, justification="fixed", reason="x", until=None)
    with pytest.raises(SuppressionNotFound):
        change(alice, suppression_id=made.id + 1, justification="fixed", reason="x", until=None)


def test_images_beyond_the_newest_follow_through_a_worker(
    alice: Caller, address: Address, scan: ImageScan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suppressions, "AT_ONCE", 0)
    suppressions.create(alice, address.registry, wanted())
    assert not hidden(scan)
    (row,) = OutboxRow.objects.filter(event="SuppressionsChanged")
    assert outbox.run(row.id)
    assert hidden(scan) == {CVE}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vulnerability": "a b"}, "is no name of a vulnerability"),
        ({"justification": "mine"}, "is none of the justifications"),
        ({"reason": " "}, "is no reason"),
        ({"version": "1"}, "is a version without a package"),
        ({"repository": "A*"}, "is not a legal"),
        ({"until": timezone.now()}, "is not in the future"),
    ],
)
def test_it_refuses(alice: Caller, address: Address, changes: dict[str, Any], words: str) -> None:
    given = {"vulnerability": CVE, "justification": "fixed", "reason": "x"} | changes
    with pytest.raises(InvalidValue) as caught:
        suppressions.create(alice, address.registry, Wanted(**given))
    assert words in str(caught.value) or "repository" in str(caught.value).lower()
    assert not Suppression.objects.exists()


def test_vex_works(alice: Caller, address: Address, scan: ImageScan) -> None:
    """A new version of a document takes the place of the one before."""
    first = openvex(
        statement(product="pkg:deb/debian/libssl3@1", **WHY) | {"vulnerability": CVE}, statement("affected")
    )
    done = suppressions.import_vex(alice, address.registry, first)
    assert (done.count, done.ended, done.open, done.left_out) == (1, 0, 1, ())
    assert hidden(scan) == {CVE}
    row = Suppression.objects.get()
    assert (row.document, row.justification) == ("https://example.com/vex/1", "vulnerable_code_not_present")
    second = openvex(statement("fixed", f"pkg:oci/app@{scan.image.digest}") | {"vulnerability": "CVE-2024-3000"})
    done = suppressions.import_vex(alice, address.registry, second)
    assert (done.count, done.ended) == (1, 1) and hidden(scan) == {"CVE-2024-3000"}
    suppressions.import_vex(alice, address.registry, openvex())
    assert not hidden(scan)


def test_there_is_an_end_to_their_number(alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppressions, "MOST", 1)
    suppressions.create(alice, address.registry, wanted())
    with pytest.raises(LimitExceeded):
        suppressions.create(alice, address.registry, wanted())
    with pytest.raises(LimitExceeded):
        suppressions.import_vex(alice, address.registry, openvex(statement(**WHY)))


def test_the_command_imports(scan: ImageScan, address: Address, tmp_path: Path) -> None:
    document, bad = tmp_path / "vex.json", tmp_path / "bad.json"
    said = statement("fixed", "pkg:deb/debian/openssl") | {"vulnerability": CVE}
    document.write_bytes(openvex(said, statement(product="x", **WHY)))
    bad.write_text("{}")
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="neither OpenVEX"):
        call_command("import_vex", address.registry.account_id, str(document), str(bad), stdout=out, stderr=err)
    assert "1 statements are followed" in out.getvalue() and "not named by a package URL" in err.getvalue()
    assert hidden(scan) == {CVE}
    for options, words in (
        ({"account": "999999999999"}, "no account"),
        ({"region": "mars-1"}, "no region"),
        ({"repository": "nothing"}, "no repository"),
    ):
        account = options.pop("account", address.registry.account_id)
        with pytest.raises(CommandError, match=words):
            call_command("import_vex", account, str(document), **options)


def test_names_of_packages_with_commas_in_common_are_told_apart(alice: Caller, address: Address) -> None:
    """`ssl` is no part of `libssl3`."""
    scan = scanned(push_image(alice, address, "1"), SSL, Package("libssl-dev", "1", "deb", "amd64", "openssl", "1"))
    suppressions.create(alice, address.registry, wanted(package="libssl"))
    assert not hidden(scan)
    suppressions.create(alice, address.registry, wanted(package="libssl-dev"))
    assert hidden(scan) == {CVE}
