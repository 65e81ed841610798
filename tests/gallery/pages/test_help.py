"""Help: its topics carry this host's name, its examples are taken by what they are for, its reference is complete."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller
from accounts.iam import document
from accounts.iam.document import Kind
from gallery.pages import glossary, topics
from gallery.pages.views import components, helping
from gallery.search import index
from registry.content.charts import Chart
from registry.core import addresses, aliases, repositories
from registry.lifecycle import grammar
from tests.factories.registry import push_chart

PROJECT = Path(__file__).resolve().parent.parent.parent.parent
PLACE = topics.Place(
    "kho.example.com",
    "acme/app:1",
    "acme/charts/app:2.0",
    "kho.example.com",
    "https://kho.example.com",
    "111122223333",
    "eu-1",
    False,
)


def text(client: Client, path: str, status: int = 200) -> str:
    """The text of a page."""
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("topic", topics.TOPICS)
def test_it_works(
    client: Client, db: None, topic: str, language: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(12):
        page = text(client, f"/help/{topic}?lang={language}")
    assert page.count("<h1>") == 1 and f'href="/help/{topic}" aria-current="page"' in page
    assert f'href="/help/{topic}"' in text(client, "/help")


def test_it_refuses_topics_that_are_not_there(client: Client, db: None) -> None:
    text(client, "/help/nonsense", 404)
    assert client.post("/help").status_code == 405
    assert client.post("/help/components").status_code == 405


def test_commands_carry_this_host_and_the_reader_s_account(client: Client, db: None, settings: Settings) -> None:
    page = text(client, "/help/first-push")
    assert "docker push testserver/123456789012/my-app:1" in page and "insecure-registries" in page
    session = client.session
    session["kho_account"] = "444455556666"
    session.save()
    assert "docker push testserver/444455556666/my-app:1" in text(client, "/help/first-push")
    settings.PUBLIC_URL = "https://kho.example.com"
    page = text(client, "/help/log-in")
    assert "AWS_ENDPOINT_URL=https://kho.example.com " in page and "insecure-registries" not in page
    settings.AWS_HOST_NAMES = True
    page = text(client, "/help/first-push")
    assert "docker push 444455556666.dkr.ecr.us-east-1.amazonaws.com/my-app:1" in page


@pytest.mark.usefixtures("alias")
def test_commands_are_about_what_can_be_pulled_here(client: Client, alice: Caller) -> None:
    page = text(client, "/help/first-pull")
    assert f"helm pull oci://testserver/{helping.EXAMPLE_CHART.replace(':', ' --version ')}" in page
    address = addresses.public(alice.account_id, "charts/shop")
    repositories.create(alice, address)
    push_chart(alice, address, Chart("shop", "2.0.0", "", "Runs the shop."))
    index.rebuild()
    alias = aliases.primary(alice.account_id)
    page = text(client, "/help/first-pull")
    assert f"docker pull testserver/{alias}/" in page
    assert f"helm pull oci://testserver/{alias}/charts/shop --version 2.0.0" in page


def test_examples_are_policies() -> None:
    for name, policy in PLACE.policies().items():
        kind = Kind.REPOSITORY if name in {"partner", "network"} else Kind.IDENTITY
        assert not [each for each in document.check(policy, kind) if not each.is_warning], name
    for name, policy in topics.lifecycle().items():
        assert len(grammar.parse(policy)) == 1, name
    assert json.loads(PLACE.commands()["insecure"]) == {"insecure-registries": ["kho.example.com"]}


def test_the_glossary_is_in_order() -> None:
    words = [english for english, _, _ in glossary.TERMS]
    assert len(set(words)) == len(words) > 30


def test_the_reference_shows_every_component(client: Client, db: None) -> None:
    page = text(client, "/help/components")
    assert page.count("data-specimen") == len(components.SECTIONS) * 4
    identifiers = re.findall(r'\sid="([^"]+)"', page)
    assert sorted(set(identifiers)) == sorted(identifiers), "an id is there twice"
    shown = {name for _, names in components.SECTIONS.values() for name in names.split()}
    parts = {template.stem for template in (PROJECT / "templates" / "components").glob("*.html")}
    tags = {"icon", "moment", "size", "short_count", "toast", ".prose"}
    assert shown <= parts | tags


def test_every_icon_is_drawn() -> None:
    drawn = set(re.findall(r'symbol id="(\w+)"', (PROJECT / "static" / "img" / "icons.svg").read_text()))
    assert drawn == set(components.ICONS)
    used = {
        name
        for template in (PROJECT / "templates").rglob("*.html")
        for name in re.findall(r'{% icon "(\w+)" %}', template.read_text())
    }
    assert used <= drawn


def test_operators_may_have_a_use_policy_of_their_own(client: Client, db: None, settings: Settings) -> None:
    assert 'href="/help/use-policy"' in text(client, "/sign-up")
    assert "Security research" in text(client, "/help/use-policy")
    settings.USE_POLICY_URL = "https://example.com/terms"
    assert client.get("/help/use-policy").headers["Location"] == "https://example.com/terms"
    assert 'href="https://example.com/terms"' in text(client, "/sign-up")
