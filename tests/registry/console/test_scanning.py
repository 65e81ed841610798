"""The page of an image's vulnerabilities: state first, numbers, filters, scans by hand, SBOMs as files."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller
from registry.content.charts import Chart
from registry.core import policies, registries
from registry.models import Image, ImageScan, Sbom
from registry.scanning import engine, importing, results, sboms
from registry.scanning.results import Outcome
from registry.scanning.sboms import Package
from registry.scanning.severity import LEVELS
from registry.values import Address
from tests.factories.registry import push_chart, push_image, push_index
from tests.registry.console.test_console import PRIVATE, ana, page
from tests.registry.console.test_iam import reader
from tests.registry.scanning.test_importing import zipped
from tests.registry.scanning.test_matching import package, sbom
from tests.registry.scanning.test_osv import V3, record

__all__ = ["ana", "reader"]
IMAGES = f"{PRIVATE}/team/app/-/images"
NONE_FOUND = "No known vulnerabilities in"
DENY = """{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action":
"ecr:DescribeImageScanFindings"}]}"""


@pytest.fixture(autouse=True)
def folders(settings: Settings, tmp_path: Path) -> None:
    """Where images would be laid out."""
    settings.SCAN_ROOT = tmp_path / "scans"
    engine.default.cache_clear()


def scanned(image: Image, *packages: Package, scan_type: str = "BASIC") -> ImageScan:
    """A scan that found these packages, made without reading a layer."""
    found = sbom(*packages)
    row = Sbom.objects.create(
        manifest_digest=image.digest,
        content=sboms.packed(found),
        package_count=len(packages),
        generator=found.generator,
    )
    scan = ImageScan.objects.create(image=image, scan_type=scan_type, status="IN_PROGRESS")
    assert results.save(scan, results.evaluate(row, scan_type, is_continuous=scan_type == "ENHANCED"))
    scan.refresh_from_db()
    return scan


@pytest.fixture
def advisories(db: None, tmp_path: Path) -> None:
    """Two about openssl and one about bash, which has no fix."""
    severity = [{"type": "CVSS_V3", "score": V3}]
    files = {
        "1.json": record(
            id="DSA-1-1",
            upstream=["CVE-2024-1000"],
            affected=[package("openssl", fixed="3")],
            severity=severity,
            summary="openssl: <b>worst</b> of all",
            references=[{"type": "ADVISORY", "url": "https://example.com/DSA-1-1"}],
        ),
        "2.json": record(id="DSA-2-1", upstream=["CVE-2024-2000"], affected=[package("openssl", fixed="2")]),
        "3.json": record(id="DSA-3-1", upstream=["CVE-2024-3000"], affected=[package("bash")]),
    }
    importing.run(zipped(tmp_path, files))


SSL = Package("libssl3", "1", "deb", "amd64", "openssl", "1", path="/var/lib/dpkg/status", layer="sha256:" + "7" * 64)
BASH = Package("bash", "5", "deb", "amd64")


@pytest.mark.usefixtures("advisories")
def test_it_works(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    path = f"{IMAGES}/{image.digest}/vulnerabilities"
    text = page(ana, f"{IMAGES}/{image.digest}")
    assert text.count(f'href="{path}"') == 2 and "not scanned</a>" in text
    scanned(image, SSL, BASH)
    assert "Critical <strong>1</strong>" in page(ana, f"{IMAGES}/{image.digest}")
    text = page(ana, path)
    assert "Scanned " in text and "with data of" in text and "3 findings" in text and NONE_FOUND not in text
    assert text.index("CVE-2024-1000") < text.index("CVE-2024-2000") < text.index("CVE-2024-3000")
    assert "https://example.com/DSA-1-1" in text and "&lt;b&gt;worst&lt;/b&gt;" in text and V3 in text
    assert "Attack vector <strong>network</strong>" in text and "CVSS 3.1, 9.8" in text
    assert "libssl3" in text and "no fix yet" in text and "9.8" in text and "1 fixable" in text
    assert "CVE-2024-3000" not in page(ana, f"{path}?fixable=on")
    assert "1 finding<" in page(ana, f"{path}?severity=CRITICAL") and "1 finding<" in page(ana, f"{path}?package=bash")
    assert "1 finding<" in page(ana, f"{path}?id=2000") and "2 findings" in page(ana, f"{path}?exclude=bash")
    assert SSL.path in text and f"?layer={SSL.layer.replace(':', '%3A')}" in text
    of_layer = page(ana, f"{path}?layer={SSL.layer}")
    assert "2 findings" in of_layer and "selected>sha256:777777777777<" in of_layer
    assert "No finding fits these filters." in page(ana, f"{path}?layer=sha256:none")
    assert "No finding fits these filters." in page(ana, f"{path}?package=none")
    assert "Select a valid choice" in page(ana, f"{path}?severity=worst")
    assert "First page" in page(ana, f"{path}?after=0") and "CVE-2024-1000" not in page(ana, f"{path}?after=0")
    page(ana, f"{path}?after=999999999999999999999999")


@pytest.mark.usefixtures("advisories")
@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("PENDING", "", "Queued"),
        ("IN_PROGRESS", "", "Scanning"),
        ("FAILED", "A layer can't be read.", "Scan failed"),
        ("UNSUPPORTED_IMAGE", "No list of packages was found.", "Not supported"),
        ("FINDINGS_UNAVAILABLE", "There are no advisories about Debian:11 here.", "No advisories to look at"),
    ],
)
def test_no_other_state_looks_like_none_found(
    ana: Client, alice: Caller, address: Address, status: str, reason: str, words: str
) -> None:
    image = push_image(alice, address, "1")
    ImageScan.objects.create(image=image, status=status, reason=reason)
    text = page(ana, f"{IMAGES}/{image.digest}/vulnerabilities")
    assert (
        words in text and reason.replace("'", "&#x27;") in text and NONE_FOUND not in text and "0 findings" not in text
    )


@pytest.mark.usefixtures("advisories")
def test_only_a_whole_scan_says_that_nothing_was_found(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    path = f"{IMAGES}/{image.digest}/vulnerabilities"
    text = page(ana, path)
    assert "Not scanned" in text and NONE_FOUND not in text
    scan = scanned(image, Package("openssl", "9", "deb"))
    assert f"{NONE_FOUND} 1 package." in page(ana, path)
    ImageScan.objects.filter(id=scan.id).update(reason="There are no advisories about PyPI here.")
    text = page(ana, path)
    assert "Nothing was found in what could be looked at." in text and NONE_FOUND not in text


def test_a_scan_is_asked_for_once_a_day(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    path = f"{IMAGES}/{image.digest}"
    assert "Scan now" in page(ana, f"{path}/vulnerabilities")
    assert ana.get(f"{path}/scan").status_code == 405
    text = ana.post(f"{path}/scan", follow=True).content.decode()
    assert "The scan is queued." in text and "Queued" in text and "Scan now" not in text
    ImageScan.objects.update(status="COMPLETE", completed_at=timezone.now())
    text = ana.post(f"{path}/scan", follow=True).content.decode()
    assert "within the last 24 hours" in text and "Another scan may be asked for from" in text
    ImageScan.objects.update(status="FAILED")
    assert "Scan again" in page(ana, f"{path}/vulnerabilities")
    index = push_index(alice, address, "all", [image])
    assert "is an index" in ana.post(f"{IMAGES}/{index.digest}/scan", follow=True).content.decode()
    assert "Scan failed" in page(ana, f"{IMAGES}/{index.digest}/vulnerabilities?platform=linux/amd64")


def test_who_may_only_read_sees_no_button(reader: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    text = page(reader, f"{IMAGES}/{image.digest}/vulnerabilities")
    assert "Not scanned" in text and "Scan now" not in text
    assert reader.post(f"{IMAGES}/{image.digest}/scan").status_code == 403 and not ImageScan.objects.exists()


@pytest.mark.usefixtures("advisories")
def test_the_packages_are_files(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    page(ana, f"{IMAGES}/{image.digest}/sbom.cdx.json", 404)
    scanned(image, SSL, BASH)
    cyclonedx = ana.get(f"{IMAGES}/{image.digest}/sbom.cdx.json")
    assert cyclonedx["Content-Type"] == "application/vnd.cyclonedx+json"
    assert 'filename="app.cdx.json"' in cyclonedx["Content-Disposition"]
    names = [each["name"] for each in json.loads(b"".join(cyclonedx))["components"]]
    assert names == ["debian", "libssl3", "bash"]
    spdx = json.loads(b"".join(ana.get(f"{IMAGES}/{image.digest}/sbom.spdx.json")))
    assert spdx["spdxVersion"] == "SPDX-2.3" and len(spdx["packages"]) == 3
    assert spdx["packages"][1]["sourceInfo"] == "built from openssl 1"


def test_the_packages_have_a_page(ana: Client, alice: Caller, address: Address) -> None:
    """Whoever may not see findings may not see it."""
    image = push_image(alice, address, "1")
    path = f"{IMAGES}/{image.digest}/sbom"
    scanned(image, SSL, BASH)
    assert f'href="{path}"' in page(ana, f"{IMAGES}/{image.digest}")
    text = page(ana, path)
    assert text.index(">bash<") < text.index(">libssl3<") and f'href="{path}.cdx.json"' in text
    policies.put(alice, address, DENY)
    assert "libssl3" not in page(ana, path, 403) and "SBOM" not in page(ana, f"{IMAGES}/{image.digest}")


def test_charts_have_no_such_page(ana: Client, alice: Caller, address: Address) -> None:
    chart = push_chart(alice, address, Chart("shop", "1.0.0", values="a: 1\n"))
    text = page(ana, f"{IMAGES}/{chart.digest}")
    assert "/vulnerabilities" not in text and "/sbom" not in text


@pytest.mark.usefixtures("advisories")
def test_public_images_have_the_page_and_nobody_asks_for_their_scans(
    ana: Client, alice: Caller, public_address: Address
) -> None:
    image = push_image(alice, public_address, "1")
    place = f"{PRIVATE.rpartition('/us-east-1')[0]}/public/repositories/app/-/images/{image.digest}"
    assert f'href="{place}/vulnerabilities"' in page(ana, place)
    text = page(ana, f"{place}/vulnerabilities")
    assert "Not scanned" in text and "Scan now" not in text and NONE_FOUND not in text
    scanned(image, SSL, scan_type="ENHANCED")
    text = page(ana, f"{place}/vulnerabilities")
    assert "kept up to date" in text and "CVE-2024-1000" in text and f"{place}/sbom.cdx.json" in text
    assert json.loads(b"".join(ana.get(f"{place}/sbom.spdx.json")))["spdxVersion"] == "SPDX-2.3"
    assert ana.post(f"{place}/scan").status_code == 404
    assert "CVE-2024-1000" in b"".join(ana.get(f"{place}/findings.csv")).decode()
    ignored = f"{place.partition('/repositories')[0]}/registry/ignored"
    assert f'href="{ignored}"' in text and f"{ignored}/-/new?vulnerability=CVE-2024-1000" in text
    given = {"vulnerability": "CVE-2024-1000", "repository": "app", "justification": "fixed", "reason": "Patched."}
    assert "CVE-2024-1000 is ignored" in ana.post(f"{ignored}/-/new", given, follow=True).content.decode()
    assert "1 ignored" in page(ana, f"{place}/vulnerabilities")


@pytest.mark.usefixtures("advisories")
def test_lists_of_images_tell_the_worst(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    push_chart(alice, address, Chart("shop", "1.0.0", values="a: 1\n"))
    text = page(ana, IMAGES)
    assert "not scanned</a>" in text and "not looked at" in text and "none known" not in text
    scanned(image, SSL, BASH)
    text = page(ana, IMAGES)
    assert f'href="{IMAGES}/{image.digest}/vulnerabilities"' in text and "Critical <strong>1</strong>" in text
    assert "Critical" not in page(ana, f"{IMAGES}?columns=-vulnerabilities")


def test_enhanced_scanning_has_no_button(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    registries.put_scanning(alice, address.registry, "ENHANCED", [])
    assert "Enhanced scanning scans by itself" in page(ana, f"{IMAGES}/{image.digest}/vulnerabilities")
    text = ana.post(f"{IMAGES}/{image.digest}/scan", follow=True).content.decode()
    assert "nobody has to ask for it" in text and not ImageScan.objects.exists()
    assert not results.save(ImageScan(id=0), Outcome(ImageScan.Status.COMPLETE))


def test_numbers_over_time(ana: Client, alice: Caller, address: Address, advisories: None) -> None:
    image = push_image(alice, address, "1")
    scan = scanned(image, SSL, BASH)
    path = f"{IMAGES}/{image.digest}/vulnerabilities"
    assert "Over time" not in page(ana, path)
    scan.history = [[str(timezone.now().date() - timedelta(days=3)), {"LOW": 1}], *scan.history]
    scan.save()
    shown = page(ana, path)
    assert "Over time" in shown and shown.count('<rect class="low"') == 3 and '<rect class="critical"' in shown


@pytest.mark.usefixtures("advisories")
def test_the_graph_says_what_its_colours_mean_and_when_it_begins(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    scan = scanned(image, SSL)
    first, none = timezone.now().date() - timedelta(days=9), dict.fromkeys(LEVELS, 0)
    days = [[str(first), none | {"HIGH": 2}], [str(first + timedelta(days=2)), none | {"MEDIUM": 1}]]
    ImageScan.objects.filter(pk=scan.pk).update(history=days)
    figure = page(ana, f"{IMAGES}/{image.digest}/vulnerabilities").partition('<figure class="graph">')[2]
    above = figure.partition("<details>")[0]
    assert "High</span>" in above and "Medium</span>" in above and "Low</span>" not in above
    assert f"<span>{first.day} {first:%b %Y}</span>" in above and f"{first:%m/%d/%Y}" not in figure
