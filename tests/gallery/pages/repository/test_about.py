"""The head of all pages, About and Usage."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from accounts.models import Account
from gallery.pages import commands
from registry.core import catalog
from registry.models import Alias, CatalogData, DailyPulls, RegistryCatalogData, Repository
from registry.values import Address
from tests.factories.registry import make_public_repository, push_image, push_index
from tests.gallery.pages.repository.conftest import page
from tests.registry.console.test_console import member

PAGES = ("", "/-/usage", "/-/tags", "/-/history", "/-/statistics", "/-/report")
TEXT = (
    "# app\n\n## One\n\nA [link](https://example.com).\n\n## Two\n\n## Three\n\n## Four\n\n<script>alert(1)</script>\n"
)


def test_it_works_to_read_about_a_repository(
    client: Client, alias: str, alice: Caller, public_address: Address
) -> None:
    catalog.put(
        alice,
        public_address,
        {
            "about_text": TEXT,
            "description": "Our words",
            "licence": "Apache-2.0",
            "source_url": "https://example.com/source",
            "categories": ["databases", "unknown"],
        },
    )
    text = page(client, f"/{alias}/app")
    assert '<h2 id="text-one">One</h2>' in text and '<a href="#text-four">Four</a>' in text
    assert text.count("<h1>") == 1 and "alert(1)" not in text
    assert '<meta property="og:description" content="Our words">' in text
    assert f'<link rel="canonical" href="http://testserver/{alias}/app">' in text
    assert f'<meta property="og:image" content="http://testserver/{alias}/app/-/card.png">' in text
    assert 'rel="nofollow noopener noreferrer"' in text
    assert "Our words" in text and "Serves" not in text
    assert "Apache-2.0" in text and 'href="https://example.com/source"' in text
    assert '<a href="/categories/databases">Databases</a>' in text and "unknown" not in text


def test_every_page_has_the_same_head(client: Client, alias: str, public_address: Address) -> None:
    repository = Repository.objects.get(region="public")
    Repository.objects.update(pull_count=12345)
    DailyPulls.objects.create(repository=repository, by="client", name="docker", day=timezone.now().date(), count=17)
    for path in PAGES:
        text = page(client, f"/{alias}/app{path}")
        assert f"docker pull testserver/{alias}/app:1.1" in text, path
        assert "12.3k pulls" in text and "17 in 30 days" in text
        assert "Serves &lt;b&gt;pages&lt;/b&gt; quickly" in text and "Licence MIT" in text
        assert "javascript:" not in text and "Manage" not in text
        assert f'href="/{alias}/app/-/statistics"' in text and f'href="/{alias}/app/-/report"' in text


def test_what_the_publisher_does_not_say_the_image_says(client: Client, alias: str) -> None:
    text = page(client, f"/{alias}/app")
    assert "The publisher has not written a description." in text and "Write one" not in text
    assert 'href="https://example.com/app"' in text and "MIT" in text


def test_the_tag_and_the_client_are_chosen_and_remembered(client: Client, alias: str) -> None:
    assert f"docker pull testserver/{alias}/app:1.0" in page(client, f"/{alias}/app?pull=1.0")
    text = page(client, f"/{alias}/app/-/tags?client=podman&tag=1")
    assert f"podman pull --tls-verify=false testserver/{alias}/app:1.1" in text
    assert '<input type="hidden" name="tag" value="1">' in text, "the filter is kept"
    assert "podman pull" in page(client, f"/{alias}/app/-/history"), "the client is remembered"
    assert f"docker pull testserver/{alias}/app:1.1" in page(client, f"/{alias}/app?client=nonsense")
    assert client.cookies["kho_client"].value == "podman"


@pytest.mark.parametrize("tag", ["absent", "!", "sha256:zz", "a" * 5000])
def test_a_tag_that_is_not_there_is_not_offered(client: Client, alias: str, tag: str) -> None:
    assert f"docker pull testserver/{alias}/app:1.1" in page(client, f"/{alias}/app?pull={tag}")


def test_platforms_stand_in_the_usual_order(client: Client, alias: str, alice: Caller, public_address: Address) -> None:
    parts = [push_image(alice, public_address, architecture=name) for name in ("s390x", "arm64", "amd64", "ppc64le")]
    push_index(alice, public_address, "2.0", parts)
    text = page(client, f"/{alias}/app")
    assert text.index("linux/amd64") < text.index("linux/arm64") < text.index("linux/ppc64le")
    assert "and 1 more platform" in text


def test_publishers_are_verified_repositories_deprecated(client: Client, alias: str, public_address: Address) -> None:
    text = page(client, f"/{alias}/app")
    assert "Verified publisher" not in text and "no longer recommends" not in text
    RegistryCatalogData.objects.create(
        account_id=public_address.registry.account_id, display_name="Alice & Sons", verified_at=timezone.now()
    )
    repository = Repository.objects.get(region="public")
    said = CatalogData.objects.create(repository=repository, is_deprecated=True, replacement="acme/new")
    text = page(client, f"/{alias}/app")
    assert "Verified publisher" in text and "by Alice &amp; Sons" in text
    assert 'Use <a href="/acme/new">acme/new</a> instead.' in text
    for replacement, shown in (
        ("//evil.example/x", "this instead: //evil"),
        ("<b>", "this instead: &lt;b&gt;"),
        ("", "repository.</p>"),
    ):
        said.replacement = replacement
        said.save()
        text = page(client, f"/{alias}/app")
        assert shown in text and 'href="//' not in text


def test_who_may_manage_it_is_led_there(client: Client, publisher: Client, alias: str, charlie: Caller) -> None:
    text = page(publisher, f"/{alias}/app")
    assert 'href="/console/111122223333/public/repositories/app/-/images"' in text
    assert 'href="/console/111122223333/public/repositories/app/-/listing"' in text and "Write one" in text
    assert "Write your own" in page(publisher, f"/{alias}/app/-/usage")
    client.force_login(member(charlie.account_id, "chi@example.com"))
    assert "/console/111122223333" not in page(client, f"/{alias}/app")


def test_usage_is_the_publishers_or_generated(
    client: Client, alias: str, alice: Caller, public_address: Address
) -> None:
    text = page(client, f"/{alias}/app/-/usage")
    assert f"docker run --rm testserver/{alias}/app:1.1" in text
    assert f"docker pull testserver/{alias}/app@sha256:" in text
    assert f"image: testserver/{alias}/app:1.1" in text
    catalog.put(alice, public_address, {"usage_text": "Just *run* it."})
    text = page(client, f"/{alias}/app/-/usage")
    assert "Just <em>run</em> it." in text and "docker run" not in text


def test_an_empty_repository(client: Client, publisher: Client, alias: str, alice: Caller) -> None:
    make_public_repository(alice, "empty")
    for path in ("", "/-/usage", "/-/tags"):
        text = page(client, f"/{alias}/empty{path}")
        assert "This repository has no images yet." in text and "docker pull" not in text
    assert "Nothing has been pushed yet." in page(client, f"/{alias}/empty/-/history")
    assert "No pulls in this range." in page(client, f"/{alias}/empty/-/statistics")
    assert f"docker push testserver/{alias}/empty:1" in page(publisher, f"/{alias}/empty/-/tags")


def test_other_names_of_the_publisher_lead_to_the_first(client: Client, alias: str, alice: Caller) -> None:
    Alias.objects.create(name="shop", account_id=alice.account_id)
    assert client.get("/shop/app").headers["Location"] == f"/{alias}/app"


@pytest.mark.parametrize("path", PAGES)
def test_pages_cost_the_same_however_much_is_there(
    client: Client,
    publisher: Client,
    alias: str,
    alice: Caller,
    public_address: Address,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    path: str,
) -> None:
    for number in range(8):
        push_index(alice, public_address, f"3.{number}", [push_image(alice, public_address, f"more-{number}")])
    with django_assert_max_num_queries(12):
        page(client, f"/{alias}/app{path}")
    with django_assert_max_num_queries(12):
        page(publisher, f"/{alias}/app{path}")


@pytest.mark.parametrize("path", PAGES)
def test_it_refuses_what_is_suspended_or_not_there(client: Client, alias: str, path: str) -> None:
    page(client, f"/{alias}/absent{path}", 404)
    page(client, f"/nobody/app{path}", 404)
    Account.objects.update(is_active=False)
    page(client, f"/{alias}/app{path}", 404)


@pytest.mark.parametrize("path", PAGES)
def test_it_refuses_whom_a_policy_keeps_out(client: Client, alias: str, path: str) -> None:
    Repository.objects.filter(region="public").update(
        policy_text='{"Version": "2012-10-17", "Statement": {"Sid": "No", "Effect": "Deny", "Principal": "*", '
        '"Action": "ecr-public:ListImages"}}'
    )
    page(client, f"/{alias}/app{path}", 404)


@pytest.mark.parametrize(
    ("kind", "reference", "client_name", "line"),
    [
        ("image", "1", "", "docker pull h/a/b:1"),
        ("index", "1", "crane", "crane pull h/a/b:1 b.tar"),
        ("image", "1", "ctr", "ctr images pull h/a/b:1"),
        ("image", "1", "nerdctl", "nerdctl pull h/a/b:1"),
        ("image", "1", "skopeo", "skopeo copy docker://h/a/b:1 oci:b"),
        ("image", "1", "compose", "echo 'services: {app: {image: \"h/a/b:1\"}}' | docker compose -p app -f - pull"),
        ("image", "sha256:00", "docker", "docker pull h/a/b@sha256:00"),
        ("chart", "1.0_build", "", "helm install my-release oci://h/a/b --version 1.0+build"),
        ("chart", "sha256:00", "helm install", "helm pull oci://h/a/b@sha256:00"),
        ("artifact", "1", "docker", "oras pull h/a/b:1"),
    ],
)
def test_commands_run_as_they_stand(kind: str, reference: str, client_name: str, line: str) -> None:
    assert commands.pull(kind, "h/a/b", reference, client_name) == line


def test_commands_say_that_there_is_no_https() -> None:
    assert commands.pull("image", "h/a/b", "1", "crane", is_plain=True) == "crane pull --insecure h/a/b:1 b.tar"
    lines = [step.command for step in commands.steps("chart", "h/a/b", "1", "sha256:00", is_plain=True)]
    assert all(line.endswith(" --plain-http") for line in lines) and len(lines) == 4
    assert commands.steps("artifact", "h/a/b", "1", "sha256:00")[1].command == "oras manifest fetch --pretty h/a/b:1"
