"""The gallery's pages, as somebody without an account sees them."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller
from gallery.search import index
from registry.core import aliases
from registry.models import Alias, Image, Repository
from registry.values import Address
from tests.factories.registry import OCI_CONFIG, make_public_repository, push_image, push_index

LABELS = {
    "org.opencontainers.image.description": "Serves <b>pages</b> quickly",
    "org.opencontainers.image.source": "javascript:alert(1)",
    "org.opencontainers.image.url": "https://example.com/app",
    "org.opencontainers.image.licenses": "MIT",
}


@pytest.fixture
def alias(alice: Caller, public_address: Address) -> str:
    """The publisher of a repository with two tags of one image and an older one."""
    push_image(alice, public_address, "1.0")
    image = push_image(alice, public_address, "1.1", labels=LABELS)
    from registry.core import images
    from registry.values import ImageTag

    content = images.get(alice, public_address, ImageTag("1.1")).content
    images.put(alice, public_address, ImageTag("latest"), image.media_type, content)
    index.rebuild()
    return aliases.primary(alice.account_id)


def page(client: Client, path: str, status: int = 200) -> str:
    """The text of a page."""
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_home_says_that_nothing_is_there(client: Client, db: None) -> None:
    assert "Nothing has been published here yet." in page(client, "/")


def test_home_shows_what_there_is(client: Client, alias: str) -> None:
    text = page(client, "/")
    assert f'href="/{alias}/app"' in text and f"docker pull testserver/{alias}/app:" in text
    assert client.get("/?q=app").headers["Location"] == "/search?q=app"


def test_search_finds_and_filters(client: Client, alias: str) -> None:
    text = page(client, "/search?q=pages")
    assert f"docker pull testserver/{alias}/app:1.1" in text
    assert "1 repository" in text and "Serves &lt;b&gt;pages&lt;/b&gt; quickly" in text
    assert "No repositories match “zzz”." in page(client, "/search?q=zzz")
    assert "Without Kind: chart there is 1" in page(client, "/search?q=app&kind=chart").replace("Helm chart", "chart")
    for bad in ("kind=nonsense", "sort=nonsense", "page=x", "page=²", "q=%00"):
        page(client, f"/search?{bad}", 400)


def test_search_sends_the_part_to_htmx(client: Client, alias: str) -> None:
    part = client.get("/search?q=app", headers={"HX-Request": "true"})
    assert b"<html" not in part.content and b"1 repository" in part.content
    assert "HX-Request" in part.headers["Vary"]
    restored = client.get("/search", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert b"<html" in restored.content


def test_a_publisher_and_its_other_names(client: Client, alias: str, alice: Caller) -> None:
    assert f"testserver/{alias}" in page(client, f"/{alias}")
    Alias.objects.create(name="shop", account_id=alice.account_id)
    assert client.get("/shop").headers["Location"] == f"/{alias}"
    assert client.get("/shop/app").headers["Location"] == f"/{alias}/app"
    page(client, "/nobody", 404)


def test_an_image_by_tag_and_digest(client: Client, alias: str, alice: Caller, public_address: Address) -> None:
    image = Image.objects.get(tags__name="1.0")
    text = page(client, f"/{alias}/app/-/tags/1.0")
    assert image.digest in text and f"docker pull testserver/{alias}/app@{image.digest}" in text
    assert OCI_CONFIG in page(client, f"/{alias}/app/-/images/{image.digest}/manifest")
    assert "linux/amd64" in page(client, f"/{alias}/app/-/images/{image.digest}")
    index_image = push_index(
        alice, public_address, "all", [image, push_image(alice, public_address, architecture="arm64")]
    )
    assert "linux/arm64" in page(client, f"/{alias}/app/-/images/{index_image.digest}")


def test_what_is_not_there_has_near_names(client: Client, alias: str) -> None:
    assert f"/{alias}/app/-/tags/latest" in page(client, f"/{alias}/app/-/tags/lates", 404)
    assert f'href="/{alias}/app"' in page(client, f"/{alias}/ap", 404)
    page(client, f"/{alias}/app/-/images/sha256:{'0' * 64}", 404)
    page(client, f"/{alias}/app/-/images/sha512:{'0' * 64}", 404)
    page(client, f"/{alias}/{'a' * 206}", 404)
    page(client, f"/{alias}/app/-/nonsense", 404)


def test_pasted_references_lead_on(client: Client, alias: str, settings: Settings) -> None:
    digest = "sha256:" + "0" * 64
    for path, target in (
        (f"/{alias}/app:1.0", f"/{alias}/app/-/tags/1.0"),
        (f"/{alias}/app@{digest}", f"/{alias}/app/-/images/{digest}"),
        (f"/{alias}/app:1.0@{digest}", f"/{alias}/app/-/images/{digest}"),
        ("/111122223333/team/app:1", "/console/111122223333/us-east-1/repositories/team/app/-/images"),
        ("/111122223333.eu-west-1/app", "/console/111122223333/eu-west-1/repositories/app/-/images"),
    ):
        assert client.get(path).headers["Location"] == target
    answer = client.get(f"/{alias}/app/?tag=1")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"/{alias}/app?tag=1")


def test_pages_cost_the_same_however_much_is_there(
    client: Client,
    alias: str,
    alice: Caller,
    public_address: Address,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(8):
        push_image(alice, public_address, f"more-{number}")
        make_public_repository(alice, f"more-{number}")
    index.rebuild()
    for path, queries in (
        ("/", 4),
        ("/search?q=app", 3),
        ("/search?kind=image", 4),
        ("/publishers", 1),
        (f"/{alias}", 8),
    ):
        with django_assert_num_queries(queries):
            page(client, path)


def test_a_suspended_publisher_is_gone(client: Client, alias: str) -> None:
    Repository.objects.get(region="public").account.__class__.objects.update(is_active=False)
    page(client, f"/{alias}", 404)
    page(client, f"/{alias}/app", 404)
