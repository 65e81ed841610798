"""The page of how a registry's images are scanned: type, rules with what they cover, advisories."""

import pytest
from django.test import Client

from accounts.caller import Caller
from registry.core import registries
from registry.models import AdvisoryImport
from registry.scanning import importing
from registry.scanning.sources import SourceRefused
from registry.values import Address, RegistryId
from tests.factories.registry import make_repository
from tests.registry.console.test_console import BASE, ana, chi, page
from tests.registry.console.test_iam import reader
from tests.registry.console.test_registry_pages import looker
from tests.registry.console.test_scanning import advisories

__all__ = ["advisories", "ana", "chi", "looker", "reader"]
SCANNING = f"{BASE}/us-east-1/registry/scanning"
CHANGE = f"{SCANNING}/-/change"
HOME = RegistryId("111122223333", "us-east-1")


@pytest.fixture
def repositories(alice: Caller) -> None:
    """Three of them."""
    for name in ("team/app", "team/web", "tools/lint"):
        make_repository(alice, name)


def confirmed(client: Client, query: str) -> str:
    """Look at a change, make it, and return the page after it."""
    text = page(client, f"{CHANGE}?{query}")
    was = text.partition('name="was" value="')[2].partition('"')[0].replace("&quot;", '"')
    return client.post(f"{CHANGE}?{query}", {"was": was}, follow=True).content.decode()


@pytest.mark.usefixtures("repositories")
def test_it_works(ana: Client) -> None:
    text = page(ana, SCANNING)
    assert "Basic scanning" in text and "3 repositories in all." in text and "No rules" in text
    assert "put-registry-scanning-configuration" in text
    text = page(ana, f"{CHANGE}?add=SCAN_ON_PUSH&filter=team/*")
    assert "Add the filter team/*?" in text and "team/*" in text
    assert not registries.of(HOME).scanning_configuration
    text = confirmed(ana, "add=SCAN_ON_PUSH&filter=team/*")
    assert "On push: 2." in text and "By hand: 1." in text and "1 repository fits no filter." in text
    text = confirmed(ana, "add=SCAN_ON_PUSH&filter=lint")
    assert registries.of(HOME).scanning_configuration == {
        "scanType": "BASIC",
        "rules": [
            {
                "scanFrequency": "SCAN_ON_PUSH",
                "repositoryFilters": [
                    {"filter": "team/*", "filterType": "WILDCARD"},
                    {"filter": "lint", "filterType": "WILDCARD"},
                ],
            }
        ],
    }
    confirmed(ana, "remove=SCAN_ON_PUSH&filter=team/*")
    text = confirmed(ana, "remove=SCAN_ON_PUSH&filter=lint")
    assert "No rules" in text and registries.of(HOME).scanning_configuration["rules"] == []


@pytest.mark.usefixtures("repositories")
def test_another_type_says_which_rules_it_does_not_know(ana: Client) -> None:
    assert "every image is scanned continuously" in confirmed(ana, "type=ENHANCED")
    confirmed(ana, "add=CONTINUOUS_SCAN&filter=team/app")
    confirmed(ana, "add=SCAN_ON_PUSH&filter=team/web")
    text = page(ana, f"{CHANGE}?type=BASIC")
    assert "Filters that this scan type does not know go:" in text and "team/app" in text
    confirmed(ana, "type=BASIC")
    found = registries.of(HOME).scanning_configuration
    assert found["scanType"] == "BASIC" and [rule["scanFrequency"] for rule in found["rules"]] == ["SCAN_ON_PUSH"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("add=SCAN_ON_PUSH&filter=", "Give a filter such as team/*"),
        ("add=SCAN_ON_PUSH&filter=" + "a" * 60 + "!", "Give a filter such as team/*"),
        ("add=SCAN_ON_PUSH&filter=Team", "Give a filter such as team/*"),
        ("add=SCAN_ON_PUSH&filter=" + "a" * 257, "Give a filter such as team/*"),
        ("add=SCAN_ON_PUSH&filter=known", "This filter is there already."),
        ("add=CONTINUOUS_SCAN&filter=a", "the address is wrong"),
        ("remove=SCAN_ON_PUSH&filter=none", "Somebody else has changed"),
        ("type=BASIC", "the address is wrong"),
        ("type=OTHER", "the address is wrong"),
        ("", "the address is wrong"),
    ],
)
def test_it_refuses(ana: Client, query: str, words: str) -> None:
    confirmed(ana, "add=SCAN_ON_PUSH&filter=known")
    before = registries.of(HOME).scanning_configuration
    for answer in (ana.get(f"{CHANGE}?{query}"), ana.post(f"{CHANGE}?{query}")):
        assert answer.status_code == 422 and words in answer.content.decode()
    assert registries.of(HOME).scanning_configuration == before


def test_it_refuses_to_overwrite_what_others_saved(ana: Client, alice: Caller) -> None:
    registries.put_scanning(alice, HOME, "ENHANCED", [])
    answer = ana.post(f"{CHANGE}?add=SCAN_ON_PUSH&filter=a", {"was": "{}"})
    assert answer.status_code == 409 and "meanwhile" in answer.content.decode()
    assert registries.of(HOME).scanning_configuration["rules"] == []


def test_who_may_not_change_it(looker: Client, chi: Client) -> None:
    text = page(looker, SCANNING)
    assert "PutRegistryScanningConfiguration" in text and "Add filter" not in text
    change = f"{CHANGE}?add=SCAN_ON_PUSH&filter=a"
    was = page(looker, change).partition('name="was"')[2]
    assert not was and looker.post(change).status_code in {403, 409}
    assert not registries.of(HOME).scanning_configuration
    page(chi, SCANNING, 404)
    page(chi, f"{BASE}/public/registry/scanning", 404)


@pytest.mark.usefixtures("advisories")
def test_it_tells_of_the_advisories(ana: Client) -> None:
    text = page(ana, SCANNING)
    assert "Debian:11" in text and "3 read, 3 new, 0 changed, 0 refused" in text
    with pytest.raises(SourceRefused):
        importing.run("/nowhere.zip")
    assert AdvisoryImport.objects.count() == 2 and "failed" in page(ana, SCANNING)


def test_it_says_that_there_are_none(ana: Client) -> None:
    assert "There are no advisories here yet" in page(ana, SCANNING)


def test_the_page_is_named_after_what_it_is_about_in_vietnamese(ana: Client, address: Address) -> None:
    """The English word is that of a scan that goes on, too, and has another one there."""
    text = page(ana, f"{SCANNING}?lang=vi")
    assert "<h1>Quét hình ảnh</h1>" in text and "Đang quét" not in text
