"""What an attached VEX document says, on the page of an image; and the registry's setting that lets it count."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.authn import callers
from accounts.caller import Caller
from config.settings import base
from registry.core import permissions, registries
from registry.models import ImageScan
from registry.values import Address
from tests.factories.registry import push_image, push_index
from tests.registry.console.test_console import BASE, ana, page
from tests.registry.console.test_registry_pages import HOME
from tests.registry.console.test_scanning import BASH, IMAGES, SSL, advisories, scanned
from tests.registry.scanning.test_attached_vex import attach, says, trust, work

__all__ = ["advisories", "ana"]
SETTINGS = f"{BASE}/us-east-1/registry/settings"
NOT_HERE = "The vulnerable code is not there"


@pytest.fixture
def scan(alice: Caller, address: Address, advisories: None) -> ImageScan:
    """The scan of an image with three findings."""
    return scanned(push_image(alice, address, "1"), SSL, BASH)


def test_it_works(ana: Client, alice: Caller, address: Address, scan: ImageScan) -> None:
    """A finding says it with the artifact's digest, ignored or not."""
    path = f"{IMAGES}/{scan.image.digest}/vulnerabilities"
    assert "VEX attached" not in page(ana, path)
    image = attach(alice, scan.image, says("pkg:oci/app", author="<b>me</b>"))
    work()
    text, link = page(ana, path), f'href="{IMAGES}/{image.digest}">{image.digest[:19]}</a>'
    assert "3 findings" in text and ">Not affected</span>" in text and NOT_HERE in text and text.count(link) == 2
    assert "by the VEX attached:" in text and "does not follow it: the numbers stay as they are" in text
    assert "1 statement that something is no trouble" in text and text.count(">Ignore…</a>") == 3
    trust(alice, address)
    text = page(ana, path)
    assert "2 findings" in text and "1 ignored" in text and ">Not affected</span>" not in text
    assert "The registry trusts these documents" in text and text.count(link) == 1
    text = page(ana, f"{path}?ignored=ignored")
    assert NOT_HERE in text and text.count(link) == 2 and "Stop…" not in text and "by the VEX attached:" in text


def test_it_tells_what_was_not_read(ana: Client, alice: Caller, scan: ImageScan) -> None:
    attach(alice, scan.image, b"<script>")
    attach(alice, scan.image, says("pkg:oci/app:<b>"))
    attach(alice, scan.image, says("pkg:oci/app"))
    work()
    text = page(ana, f"{IMAGES}/{scan.image.digest}/vulnerabilities")
    assert "Not read</strong>" in text and "The document is not JSON" in text
    assert "a newer version has taken its place" in text and "<script>&" not in text


def test_what_is_left_out_is_named(ana: Client, alice: Caller, scan: ImageScan) -> None:
    attach(alice, scan.image, says("pkg:oci/<b>@1"))
    work()
    text = page(ana, f"{IMAGES}/{scan.image.digest}/vulnerabilities")
    assert "1 product left out: nobody can tell what it means" in text and "not named by its digest" in text


def test_an_image_without_a_scan_has_the_documents_too(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    attach(alice, image, says("pkg:oci/app"))
    work()
    text = page(ana, f"{IMAGES}/{image.digest}/vulnerabilities")
    assert "Not scanned" in text and "VEX attached" in text


def test_it_takes_few_queries(
    ana: Client, alice: Caller, address: Address, scan: ImageScan, settings: Settings
) -> None:
    settings.RIGHTS_SECONDS = base.RIGHTS_SECONDS
    path = f"{IMAGES}/{scan.image.digest}/vulnerabilities"
    push_index(alice, address, "all", [scan.image])
    attach(alice, scan.image, says("pkg:oci/app"))
    work()
    for value in ("SHOWN", "TRUSTED"):
        trust(alice, address, value)
        for kept in (callers._of_roles, permissions._registry_policies):
            kept.clear()
        cache.clear()
        with CaptureQueriesContext(connection) as seen:
            page(ana, f"{path}?ignored=all")
        asked = [each["sql"] for each in seen if each["sql"].partition(" ")[0] not in {"SAVEPOINT", "RELEASE"}]
        assert len(asked) <= 12, asked


def test_the_setting_is_a_box(ana: Client) -> None:
    assert "Trust VEX attached to images" in page(ana, SETTINGS)
    given = {"step": "save", "policy_scope": "V2", "blob_mounting": "on"}
    assert ana.post(SETTINGS, given | {"trusts_attached_vex": "on"}).status_code == 302
    assert registries.of(HOME).trusts_attached_vex
    text = page(ana, SETTINGS)
    assert 'name="trusts_attached_vex" checked' in text and "ATTACHED_VEX" in text and "TRUSTED" in text
    assert ana.post(SETTINGS, given).status_code == 302 and not registries.of(HOME).trusts_attached_vex
