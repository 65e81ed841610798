"""Listing tags, page by page."""

import pytest

from accounts.caller import Caller
from registry.core import addresses, images
from registry.values import Address, ImageTag
from tests.factories.registry import push_image
from tests.registry.oci.wire import Wire

TAGS = ["1.0", "1.10", "1.2", "A", "_x", "a", "b"]


@pytest.fixture
def tags(alice: Caller, address: Address, private: str) -> str:
    """The path of the list of a repository with TAGS, which are in byte order."""
    image = push_image(alice, address, TAGS[0])
    stored = images.get(alice, address, ImageTag(TAGS[0]))
    for name in reversed(TAGS[1:]):
        images.put(alice, address, ImageTag(name), image.media_type, stored.content)
    return f"{private}/tags/list"


def test_it_works_whole_in_byte_order(alices: Wire, tags: str) -> None:
    answer = alices.get(tags)
    assert (answer.status, answer.json) == (200, {"name": "111122223333/team/app", "tags": TAGS})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Link" not in answer.headers
    assert alices.head(tags).status == 200


def test_it_works_for_a_repository_without_tags(alices: Wire, private: str) -> None:
    assert alices.get(f"{private}/tags/list").json["tags"] == []


@pytest.mark.parametrize("size", [1, 3, 6])
def test_it_works_page_by_page(alices: Wire, tags: str, size: int) -> None:
    found: list[str] = []
    path = f"{tags}?n={size}"
    while path:
        answer = alices.get(path)
        assert 0 < len(answer.json["tags"]) <= size
        found += answer.json["tags"]
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert found == TAGS


def test_it_works_after_a_name_that_is_no_tag(alices: Wire, tags: str) -> None:
    assert alices.get(f"{tags}?last=1.1").json["tags"] == TAGS[1:]
    assert alices.get(f"{tags}?last=B%2F").json["tags"] == TAGS[4:]
    assert alices.get(f"{tags}?last=zz").json["tags"] == []


def test_it_works_for_no_entries_without_a_link(alices: Wire, tags: str) -> None:
    answer = alices.get(f"{tags}?n=0")
    assert (answer.status, answer.json["tags"]) == (200, [])
    assert "Link" not in answer.headers


def test_it_works_without_a_link_if_nothing_follows(alices: Wire, tags: str) -> None:
    assert "Link" not in alices.get(f"{tags}?n={len(TAGS)}").headers


@pytest.mark.parametrize("size", ["-1", "x", "", "1.5"])
def test_it_refuses_a_size_that_is_no_number(alices: Wire, tags: str, size: str) -> None:
    answer = alices.get(f"{tags}?n={size}")
    assert (answer.status, answer.code) == (400, "PAGINATION_NUMBER_INVALID")


def test_it_refuses_nul(alices: Wire, tags: str) -> None:
    answer = alices.get(f"{tags}?last=%00")
    assert (answer.status, answer.code) == (400, "UNSUPPORTED")


def test_it_works_for_anyone_of_a_public_repository(nobodys: Wire, public: str) -> None:
    answer = nobodys.get(f"{public}/tags/list")
    assert (answer.status, answer.json["tags"]) == (200, [])
    assert answer.headers["Cache-Control"] == "public, no-cache"


def test_it_refuses_a_repository_that_does_not_exist(alices: Wire, absent: Address) -> None:
    answer = alices.get(f"/v2/{addresses.path(absent)}/tags/list")
    assert (answer.status, answer.code) == (404, "NAME_UNKNOWN")
