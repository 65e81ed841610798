"""What is in a public image, as somebody without an account sees it: packages, licences, lists to take along."""

import json

import pytest
from django.test import Client

from accounts.caller import Caller
from gallery.search import index
from registry.core import aliases
from registry.image_pages import packages
from registry.models import Image, ImageScan, Sbom
from registry.scanning.sboms import Package
from registry.values import Address
from tests.factories.registry import push_image, push_index
from tests.gallery.pages.test_scans import page
from tests.registry.console.test_scanning import SSL, scanned
from tests.registry.oci.test_referrers import attach

BASH = Package("bash", "5.1-2", "deb", "amd64", licences=("GPL-3.0", "MIT"), path="/var/lib/dpkg/status")
FLASK = Package("Flask", "3.0.0", "python", licences=("BSD-3-Clause",), path="/app/<b>/METADATA")
LONG = Package("words", "1", "npm", licences=("x" * 101,))


@pytest.fixture
def image(alice: Caller, public_address: Address) -> Image:
    """An image that nobody has scanned."""
    return push_image(alice, public_address, "1.0")


@pytest.fixture
def path(alice: Caller, image: Image) -> str:
    """Its page."""
    index.rebuild()
    return f"/{aliases.primary(alice.account_id)}/app/-/images/{image.digest}/sbom"


def names(client: Client, path: str) -> list[str]:
    """The packages that a page lists."""
    rows = page(client, path).partition("<tbody>")[2].split('<th scope="row"><span class="mono">')[1:]
    return [each.partition("<")[0] for each in rows]


def test_it_works(client: Client, path: str, image: Image) -> None:
    scanned(image, FLASK, SSL, BASH, LONG)
    text = page(client, path)
    assert f'href="{path}"' in page(client, path.replace("/sbom", "")), "it is a tab"
    assert f'href="{path}"' in page(client, path.replace("/sbom", "/vulnerabilities"))
    assert names(client, path) == ["bash", "Flask", "libssl3", "words"]
    assert "<strong>4 packages</strong>" in text and "test 1" in text and "built from openssl" in text
    assert "/app/&lt;b&gt;/METADATA" in text and "none told" in text and "x" * 101 not in text
    for form in ("cdx", "spdx"):
        assert f'href="{path}.{form}.json"' in text
    assert len(json.loads(b"".join(client.get(f"{path}.cdx.json")))["components"]) == 5


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("package=FLASK", ["Flask"]),
        ("package=openssl", ["libssl3"]),
        ("type=deb", ["bash", "libssl3"]),
        ("licence=MIT", ["bash"]),
        ("licence=-", ["libssl3"]),
        ("type=python&licence=MIT", []),
        ("type=gem", ["bash", "Flask", "libssl3", "words"]),
    ],
)
def test_filters(client: Client, path: str, image: Image, query: str, wanted: list[str]) -> None:
    scanned(image, FLASK, SSL, BASH, LONG)
    assert names(client, f"{path}?{query}") == wanted
    text = page(client, f"{path}?{query}")
    assert ("No package fits these filters." in text) is (not wanted)
    assert ("Select a valid choice" in text) is (query == "type=gem")


def test_licences_are_counted(client: Client, path: str, image: Image) -> None:
    more = [Package(f"p{number}", "1", "npm", licences=("MIT", "MIT")) for number in range(3)]
    scanned(image, BASH, FLASK, *more)
    text = page(client, path)
    assert text.index("?licence=MIT") < text.index("?licence=GPL-3.0") and "MIT (4)" in text and "npm (3)" in text


def test_a_long_list_has_pages(client: Client, path: str, image: Image) -> None:
    scanned(image, *(Package(f"p{number:03}", "1", "npm") for number in range(201)))
    assert names(client, path)[::99] == ["p000", "p099"] and 'rel="prev"' not in page(client, path)
    assert "after=100" in page(client, path)
    assert names(client, f"{path}?after=100&type=npm")[0] == "p100"
    last = page(client, f"{path}?after=200")
    assert names(client, f"{path}?after=200") == ["p200"] and "?after=100" in last and 'rel="next"' not in last
    for odd in ("x", "-1", "²", "9" * 30):
        assert names(client, f"{path}?after={odd}")[0] == "p000"


def test_a_list_that_is_too_long_is_in_files(client: Client, path: str, image: Image) -> None:
    scanned(image, BASH)
    Sbom.objects.update(package_count=packages.MOST_SHOWN + 1)
    text = page(client, path)
    assert "The files have all of them." in text and f"{path}.cdx.json" in text and ">bash<" not in text


def test_before_it_is_there(client: Client, path: str, image: Image) -> None:
    assert "No SBOM. It is made when the image is scanned." in page(client, path)
    scan = ImageScan.objects.create(image=image, status="PENDING")
    assert "No SBOM yet. The image is being scanned." in page(client, path)
    ImageScan.objects.filter(id=scan.id).update(status="FAILED", reason="A layer can't be read.")
    text = page(client, path)
    assert "It is made when the image is scanned." in text and "A layer can&#x27;t be read." in text
    assert '<form class="filters"' not in text and "CycloneDX" not in text
    scan.delete()
    scanned(image)
    text = page(client, path)
    assert "<strong>0 packages</strong>" in text and '<form class="filters"' not in text


def test_what_publishers_have_attached(
    client: Client, path: str, image: Image, alice: Caller, public_address: Address
) -> None:
    sbom = attach(alice, public_address, image.digest, "application/spdx+json")
    signature = attach(alice, public_address, image.digest, "application/vnd.dev.cosign.artifact.sig.v1+json")
    text = page(client, path)
    assert "Attached by the publisher:" in text and f"/images/{sbom.digest}" in text
    assert signature.digest not in text


def test_each_platform_has_its_own(
    client: Client, path: str, image: Image, alice: Caller, public_address: Address
) -> None:
    arm = push_image(alice, public_address, "", architecture="arm64", layers=[b"arm"])
    both = push_index(alice, public_address, "all", [image, arm])
    scanned(arm, BASH)
    shown = path.replace(image.digest, both.digest)
    assert names(client, f"{shown}?platform=linux/arm64&package=bash") == ["bash"]
    assert f"/images/{arm.digest}/sbom.cdx.json" in page(client, f"{shown}?platform=linux/arm64")
    assert "No SBOM." in page(client, f"{shown}?platform=linux/amd64")
