"""The page of a repository's scans: the setting in force, each image, and what is ignored."""

import html
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller
from registry.content.charts import Chart
from registry.core import policies, registries
from registry.models import Image, ImageScan
from registry.scanning import engine, suppressions
from registry.scanning.suppressions import Wanted
from registry.values import Address, RegistryId
from tests.factories.registry import make_public_repository, push_chart, push_image, push_index
from tests.registry.console.test_console import BASE, PRIVATE, ana, chi, page
from tests.registry.console.test_many import cost
from tests.registry.console.test_scanning import BASH, DENY, SSL, advisories, scanned

__all__ = ["advisories", "ana", "chi"]
SCANS = f"{PRIVATE}/team/app/-/scanning"
HOME = RegistryId("111122223333", "us-east-1")


@pytest.fixture(autouse=True)
def folders(settings: Settings, tmp_path: Path) -> None:
    """Where images would be laid out."""
    settings.SCAN_ROOT = tmp_path / "scans"
    engine.default.cache_clear()


def text_of(client: Client, path: str = SCANS) -> str:
    """A page as it reads, on one line."""
    return " ".join(html.unescape(page(client, path)).split())


@pytest.mark.usefixtures("advisories")
def test_it_works(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1.0")
    push_index(alice, address, "all", [image])
    plain = push_image(alice, address, "plain")
    push_chart(alice, address, Chart("shop", "9.9.9"))
    assert f'href="{SCANS}"' in page(ana, f"{PRIVATE}/team/app/-/images")
    scan = scanned(image, SSL, BASH)
    ImageScan.objects.filter(id=scan.id).update(history=[["2026-01-31", {"LOW": 1}], *scan.history])
    suppressions.create(alice, HOME, Wanted("CVE-2024-3000", "risk_accepted", "We know.", repository="team/*"))
    text = text_of(ana)
    assert "<strong>By hand</strong> · By the setting of this repository." in text and "2 images<" in text
    assert '<span class="mono">all</span>, <span class="mono">1.0</span>' in text and "9.9.9" not in text
    assert "Critical <strong>1</strong>" in text and "1 ignored" in text and "not scanned" in text
    assert "+2 " in text and "since 31 Jan 2026" in text
    assert "CVE-2024-3000" in text and "The risk is accepted" in text and "We know." in text and "for ever" in text
    assert f'action="{PRIVATE}/team/app/-/images/{plain.digest}/scan"' in text
    assert f'action="{PRIVATE}/team/app/-/images/{image.digest}/scan"' not in text and "possible again" in text
    ImageScan.objects.update(requested_at=timezone.now() - timedelta(days=2))
    assert f'action="{PRIVATE}/team/app/-/images/{image.digest}/scan"' in text_of(ana)


def test_it_says_which_rule_decides(ana: Client, alice: Caller, address: Address) -> None:
    push_image(alice, address, "1.0")
    filters = [{"filter": each, "filterType": "WILDCARD"} for each in ("team/*", "app")]
    rules = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters}]
    registries.put_scanning(alice, HOME, "BASIC", rules)
    text = text_of(ana)
    assert "<strong>On push</strong> · By the registry's filters" in text and ">team/*, app</span>" in text
    registries.put_scanning(alice, HOME, "ENHANCED", [])
    text = text_of(ana)
    assert "<strong>Continuously</strong> · Enhanced scanning is on" in text and "Scan now" not in text
    ImageScan.objects.update_or_create(image=Image.objects.get(), defaults={"status": "FAILED", "reason": "Broken."})
    text = text_of(ana)
    assert "Scan now" in text and '<span class="badge bad">failed</span>' in text and "Broken." in text


def test_only_scans_that_are_complete_have_findings(ana: Client, alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1.0")
    for status, words in (("PENDING", "queued"), ("UNSUPPORTED_IMAGE", "not supported")):
        ImageScan.objects.update_or_create(image=image, defaults={"status": status, "counts": {"HIGH": 3}})
        text = text_of(ana)
        assert words in text and "High" not in text and "none known" not in text


def test_it_works_for_public_repositories(ana: Client, alice: Caller, settings: Settings) -> None:
    settings.SCAN_PUBLIC = True
    make_public_repository(alice, "open")
    text = text_of(ana, f"{BASE}/public/repositories/open/-/scanning")
    assert "<strong>Continuously</strong>" in text and "for the whole site" in text and "no image here" in text
    assert "Nothing is ignored" in text and "Equivalent command" not in text


def test_it_refuses_who_may_not_see_findings(ana: Client, chi: Client, alice: Caller, address: Address) -> None:
    page(chi, SCANS, 404)
    policies.put(alice, address, DENY)
    assert "ecr:DescribeImageScanFindings" in page(ana, SCANS, 403)
    assert f'href="{SCANS}"' not in page(ana, f"{PRIVATE}/team/app/-/images")


def test_many_images_cost_what_one_does(ana: Client, alice: Caller, address: Address) -> None:
    push_image(alice, address, "0")
    few = cost(ana, SCANS)
    for number in range(5):
        push_image(alice, address, str(number))
    assert cost(ana, SCANS) == few
