"""Tags on a page: filters, orders, what is folded away, two of them to compare."""

import html
import re

import pytest
from django.test import Client

from accounts.caller import Caller
from registry.core import repositories
from registry.models import ImageTag, Repository
from registry.values import Address
from tests.factories.registry import push_image, push_index
from tests.gallery.pages.repository.conftest import page


def order(text: str, *tags: str) -> bool:
    """Whether the tags' rows stand in this order."""
    places = [text.index(f'name="tag" value="{tag}"') for tag in tags]
    return places == sorted(places)


def test_it_works_to_filter_and_sort(client: Client, alias: str, alice: Caller, public_address: Address) -> None:
    push_image(alice, public_address, "1.10")
    text = page(client, f"/{alias}/app/-/tags")
    assert "4 tags" in text and "= 1.1" in text
    assert order(text, "1.10", "latest", "1.1", "1.0")
    assert order(page(client, f"/{alias}/app/-/tags?sort=version"), "1.10", "1.1", "1.0", "latest")
    assert order(page(client, f"/{alias}/app/-/tags?sort=name"), "1.0", "1.1", "1.10", "latest")
    for sort in ("size", "pulls"):
        assert "4 tags" in page(client, f"/{alias}/app/-/tags?sort={sort}")
    assert "2 tags" in page(client, f"/{alias}/app/-/tags?tag=1.1")
    assert "No tag contains “zz”." in page(client, f"/{alias}/app/-/tags?tag=zz&sort=name")
    assert "No tag fits these filters." in page(client, f"/{alias}/app/-/tags?kind=chart")
    assert "4 tags" in page(client, f"/{alias}/app/-/tags?platform=linux/amd64")
    part = client.get(f"/{alias}/app/-/tags?tag=1.1", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    kept = '<div id="kept" hidden hx-swap-oob="true"><input type="hidden" name="tag" value="1.1"></div>'
    assert kept in part, "the head's form keeps the filter that was just chosen"


def test_a_row_says_what_is_known(client: Client, alias: str, alice: Caller, public_address: Address) -> None:
    repositories.put_mutability(alice, public_address, "IMMUTABLE")
    parts = [push_image(alice, public_address, architecture=name) for name in ("arm64", "amd64")]
    index = push_index(alice, public_address, "2.0", parts)
    push_image(alice, public_address, index.digest.replace(":", "-") + ".sig")
    text = page(client, f"/{alias}/app/-/tags?tag=2.0")
    assert "immutable" in text and "2 platforms" in text and ">signature<" in text
    assert "verified" not in text.lower(), "nothing was checked"
    assert all(part.digest in text for part in parts)
    assert f"docker pull testserver/{alias}/app:2.0</span>" in text
    assert "1 hidden" in text and "Show 1 signature or attestation tag" in text
    assert "5 tags" in page(client, f"/{alias}/app/-/tags?attached=1")


def link(text: str, rel: str) -> str:
    """The query that a link of the pager leads to."""
    found = re.search(rf'rel="{rel}" href="([^"]+)"', text)
    assert found
    return html.unescape(found[1])


def test_pages_follow_each_other(client: Client, alias: str) -> None:
    repository = Repository.objects.get(region="public")
    image = ImageTag.objects.get(name="1.0").image
    ImageTag.objects.bulk_create(
        ImageTag(repository=repository, image=image, name=f"0.{number}") for number in range(1000)
    )
    text = page(client, f"/{alias}/app/-/tags?sort=version")
    assert "1,003 tags" in text and "and 995 more" in text and "Previous" not in text
    second = page(client, f"/{alias}/app/-/tags{link(text, 'next')}")
    assert order(second, "0.951", "0.902") and "First page" in second
    assert order(page(client, f"/{alias}/app/-/tags{link(second, 'prev')}"), "1.0", "0.999", "0.952")
    past = page(client, f"/{alias}/app/-/tags?sort=name&after=0~0")
    assert "Nothing comes behind this place" in page(client, f"/{alias}/app/-/tags?sort=name&after=zz~0")
    assert "Nothing comes behind this place" not in past


@pytest.mark.parametrize("bad", ["sort=id", "kind=index", "sort=-pulls"])
def test_it_refuses_orders_and_kinds_that_there_are_none_of(client: Client, alias: str, bad: str) -> None:
    assert "3 tags" in page(client, f"/{alias}/app/-/tags?{bad}", 400)


def test_strange_filters_find_nothing(client: Client, alias: str) -> None:
    for query in ("tag=%25", "tag=%27%22%3C", "platform=a/b/c/d", "tag=" + "x" * 10_000):
        assert "0 tags" in page(client, f"/{alias}/app/-/tags?{query}")
    assert "3 tags" in page(client, f"/{alias}/app/-/tags?after=gone")


def test_two_ticked_tags_are_compared_the_older_one_first(client: Client, alias: str) -> None:
    answer = client.get(f"/{alias}/app/-/compare?tag=1.1&tag=1.0")
    assert answer.headers["Location"] == f"/{alias}/app/-/compare/1.0...1.1"
    for query in ("?tag=1.0", "?tag=1.0&tag=1.0", "?tag=1&tag=2&tag=3"):
        answer = client.get(f"/{alias}/app/-/compare{query}", follow=True)
        assert answer.redirect_chain == [(f"/{alias}/app/-/tags", 302)]
        assert "Tick two tags to compare them." in answer.content.decode()


def test_it_refuses_to_lead_away(client: Client, alias: str) -> None:
    for tag in ("//evil.example", "../../x", "a b", "%0d%0ax"):
        page(client, f"/{alias}/app/-/compare?tag={tag}&tag=1.0", 404)
