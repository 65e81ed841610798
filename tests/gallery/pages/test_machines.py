"""What machines read: feeds, sitemap, robots.txt, badges and cards."""

import io
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from PIL import Image as Picture

from accounts.caller import Caller
from gallery.pages.badges import COLOURS, badge
from gallery.search import index
from registry.core import aliases, images
from registry.values import Address, ImageTag
from tests.factories.registry import make_public_repository, push_image

ATOM = "{http://www.w3.org/2005/Atom}"
SITES = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def alias(alice: Caller, public_address: Address) -> str:
    """A publisher whose repository has a history."""
    push_image(alice, public_address, "1.0", layers=[b"one"])
    push_image(alice, public_address, "1.0", layers=[b"two"])
    push_image(alice, public_address, "2.0")
    images.untag(alice, public_address, ImageTag("2.0"))
    make_public_repository(alice, "empty")
    index.rebuild()
    return aliases.primary(alice.account_id)


def test_a_repository_has_a_feed(client: Client, alias: str) -> None:
    answer = client.get(f"/{alias}/app/-/feed.atom")
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(answer.content)
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")]
    assert titles == ["app:2.0 deleted", "app:2.0 created", "app:1.0 moved", "app:1.0 created"]
    links = [entry.find(f"{ATOM}link") for entry in feed.findall(f"{ATOM}entry")]
    assert [link.get("href") for link in links if link is not None][2] == f"http://testserver/{alias}/app/-/tags/1.0"
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert len(set(ids)) == 4
    assert "user/alice" not in answer.content.decode()
    again = client.get(f"/{alias}/app/-/feed.atom", headers={"If-Modified-Since": answer.headers["Last-Modified"]})
    assert again.status_code == 304


def test_an_empty_repository_has_an_empty_feed(client: Client, alias: str) -> None:
    feed = ET.fromstring(client.get(f"/{alias}/empty/-/feed.atom").content)
    assert not feed.findall(f"{ATOM}entry") and feed.findtext(f"{ATOM}updated")
    assert client.get(f"/{alias}/none/-/feed.atom").status_code == 404


def test_a_publisher_has_a_feed(client: Client, alias: str) -> None:
    feed = ET.fromstring(client.get(f"/{alias}/-/feed.atom").content)
    assert [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")] == [f"{alias}/app:1.0"]
    assert client.get("/nobody/-/feed.atom").status_code == 404


def test_the_sitemap_names_every_page(client: Client, alias: str) -> None:
    top = ET.fromstring(client.get("/sitemap.xml").content)
    parts = [each.text or "" for each in top.iter(f"{SITES}loc")]
    assert parts == ["http://testserver/sitemap-repositories.xml", "http://testserver/sitemap-publishers.xml"]
    found = [
        each.text
        for part in parts
        for each in ET.fromstring(client.get(part.removeprefix("http://testserver")).content).iter(f"{SITES}loc")
    ]
    assert found == [f"http://testserver/{alias}/app", f"http://testserver/{alias}/empty", f"http://testserver/{alias}"]


def test_robots_are_kept_out_of_what_is_private(client: Client, db: None) -> None:
    text = client.get("/robots.txt").content.decode()
    hidden = [line.removeprefix("Disallow: ") for line in text.splitlines() if line.startswith("Disallow: ")]
    assert {"/console$", "/console/", "/console?", "/v2/"} <= set(hidden)
    assert not [each for each in hidden if "/accountants/app".startswith(each)], "a publisher's own name"
    assert "Sitemap: http://testserver/sitemap.xml\n" in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [("pulls", "pulls: 0"), ("version", "version: 1.0"), ("platforms", "platforms: linux/amd64"), ("size", "size: ")],
)
def test_badges(client: Client, alias: str, kind: str, words: str) -> None:
    answer = client.get(f"/{alias}/app/-/badge/{kind}.svg", headers={"Accept-Language": "vi"})
    assert (
        answer.headers["Content-Type"] == "image/svg+xml"
        and "default-src 'none'" in answer.headers["Content-Security-Policy"]
        and answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    )
    root = ET.fromstring(answer.content)
    assert (root.get("aria-label") or "").startswith(words)
    assert client.get(f"/{alias}/none/-/badge/{kind}.svg").status_code == 404
    assert client.get(f"/{alias}/empty/-/badge/{kind}.svg").status_code == 200


def test_a_badge_of_a_tag_that_has_just_gone(
    client: Client, alias: str, alice: Caller, public_address: Address
) -> None:
    """Before the listing follows."""
    images.untag(alice, public_address, ImageTag("1.0"))
    for kind in ("version", "size"):
        assert client.get(f"/{alias}/app/-/badge/{kind}.svg").status_code == 200


def test_a_badge_escapes_and_fits() -> None:
    drawn = badge("a<b", 'x" onload="alert(1)', "quiet")
    root = ET.fromstring(drawn)
    assert root.get("onload") is None and root.get("aria-label") == 'a<b: x" onload="alert(1)'
    assert all(len(colour) == 7 for colour in COLOURS.values())


def test_a_card_is_a_picture(client: Client, alias: str, alice: Caller) -> None:
    long = make_public_repository(alice, "very/long/" + "name-" * 30 + "end")
    index.refresh({"repository": long.id})
    for name in ("app", "empty", long.name):
        answer = client.get(f"/{alias}/{name}/-/card.png")
        picture = Picture.open(io.BytesIO(answer.content))
        assert (picture.format, picture.size) == ("PNG", (1200, 630))
    assert client.get(f"/{alias}/none/-/card.png").status_code == 404
