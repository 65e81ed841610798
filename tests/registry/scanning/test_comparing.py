"""Two images beside each other: packages that came, went and changed, vulnerabilities that are gone and new."""

import pytest
from django.test import Client

from accounts.caller import Caller
from gallery.search import index
from registry.core import aliases, policies
from registry.models import Image, ImageScan
from registry.scanning import comparing
from registry.scanning.comparing import PackageChange
from registry.scanning.sboms import Package
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.console.test_console import PRIVATE, ana, page
from tests.registry.console.test_scanning import BASH, SSL, advisories, scanned

__all__ = ["advisories", "ana"]
pytestmark = pytest.mark.usefixtures("advisories")
NEWER = Package("libssl3", "2", "deb", "amd64", "openssl", "2")
CURL = Package("curl", "7", "deb", "amd64")
DENY = """{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action":
"ecr:DescribeImageScanFindings"}]}"""


def pair(caller: Caller, address: Address) -> tuple[Image, Image]:
    """An image and a newer one."""
    return push_image(caller, address, "1"), push_image(caller, address, "2", layers=[b"2"])


def test_it_works(alice: Caller, address: Address) -> None:
    old, new = pair(alice, address)
    scanned(old, SSL, CURL)
    scanned(new, NEWER, BASH, Package("bash", "6", "deb", "amd64"))
    found = comparing.of_pair(alice, address, old, new)
    assert found and found.packages and found.vulnerabilities and not found.missing
    assert found.packages.total == 3
    assert [(each.kind, each.name, each.before, each.after) for each in found.packages.changes] == [
        ("added", "bash", "", "5, 6"),
        ("removed", "curl", "7", ""),
        ("changed", "libssl3", "1", "2"),
    ]
    came = found.vulnerabilities
    assert [row.name for row in came.fixed] == ["CVE-2024-2000"] and [row.name for row in came.new] == ["CVE-2024-3000"]
    assert (came.fixed_total, came.new_total, came.same, came.is_partial) == (1, 1, 1, False)
    back = comparing.of_pair(alice, address, new, old)
    assert back and back.packages and back.packages.changes[1] == PackageChange("deb", "curl", "", "7")


def test_the_same_packages(alice: Caller, address: Address) -> None:
    old, new = pair(alice, address)
    scan = scanned(old, SSL)
    scanned(new, SSL)
    found = comparing.of_pair(alice, address, old, new)
    assert found and found.packages and found.vulnerabilities
    assert (found.packages.total, found.vulnerabilities.same, found.vulnerabilities.new_total) == (0, 2, 0)
    ImageScan.objects.filter(id=scan.id).update(reason="There are no advisories about PyPI here.")
    found = comparing.of_pair(alice, address, old, new)
    assert found and found.vulnerabilities and found.vulnerabilities.is_partial


def test_only_the_first_of_many_are_told(alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "MOST", 1)
    old, new = pair(alice, address)
    scanned(old, CURL)
    scanned(new, SSL, BASH)
    found = comparing.of_pair(alice, address, old, new)
    assert found and found.packages and found.vulnerabilities
    assert (len(found.packages.changes), found.packages.total) == (1, 3)
    assert ([row.name for row in found.vulnerabilities.new], found.vulnerabilities.new_total) == (["CVE-2024-1000"], 3)


def test_very_long_lists_are_not_compared(alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "MOST_COMPARED", 1)
    old, new = pair(alice, address)
    scanned(old, CURL)
    scanned(new, SSL, BASH)
    found = comparing.of_pair(alice, address, old, new)
    assert found and found.packages is None and found.vulnerabilities


def test_what_was_not_scanned_is_not_called_clean(ana: Client, alice: Caller, address: Address) -> None:
    old, new = pair(alice, address)
    path = f"{PRIVATE}/team/app/-/compare/1...2"
    text = page(ana, path)
    assert "can't be compared" in text and "0 new" not in text
    scanned(old, SSL)
    failed = ImageScan.objects.create(image=new, status="FAILED")
    found = comparing.of_pair(alice, address, old, new)
    assert found and found.packages is None and found.vulnerabilities is None and found.missing == ["after"]
    failed.delete()
    scanned(new, NEWER, BASH)
    text = page(ana, path)
    assert "2 packages differ." in text and "1 gone" in text and "1 new" in text and "1 in both" in text
    assert text.index("CVE-2024-3000") < text.index("Vulnerabilities that are gone") < text.index("CVE-2024-2000")


def test_who_may_not_see_findings_sees_no_comparison_of_them(
    ana: Client, alice: Caller, charlie: Caller, address: Address
) -> None:
    old, new = pair(alice, address)
    scanned(old, SSL)
    scanned(new, BASH)
    assert comparing.of_pair(charlie, address, old, new) is None
    policies.put(alice, address, DENY)
    assert comparing.of_pair(alice, address, old, new) is None
    text = page(ana, f"{PRIVATE}/team/app/-/compare/1...2")
    assert "CVE-2024" not in text and "libssl3" not in text


def test_the_gallery_and_its_api_show_it(client: Client, alice: Caller, public_address: Address) -> None:
    old, new = pair(alice, public_address)
    index.rebuild()
    alias = aliases.primary(alice.account_id)
    asked = f"/api/v1/repositories/{alias}/app/-/compare/1...2"
    found = client.get(asked).json()["scans"]
    assert found == {"packages": None, "vulnerabilities": None, "missing": ["before", "after"]}
    scanned(old, SSL, scan_type="ENHANCED")
    scanned(new, NEWER, BASH, scan_type="ENHANCED")
    text = page(client, f"/{alias}/app/-/compare/1...2")
    assert "2 packages differ." in text and "1 gone" in text
    found = client.get(asked).json()["scans"]
    assert found["packages"]["changes"][0] == {
        "type": "deb", "name": "bash", "kind": "added", "before": "", "after": "5",
    }  # fmt: skip
    assert [row["id"] for row in found["vulnerabilities"]["new"]] == ["CVE-2024-3000"]
    assert found["vulnerabilities"]["fixed_total"] == 1 and found["missing"] == []
