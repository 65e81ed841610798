"""The list of images: keyset pages in every order, every filter, children under their index."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.caller import Caller
from accounts.errors import AccessDenied
from registry.core import image_pages
from registry.core.image_pages import SORTS, ImageFilter
from registry.models import Image
from registry.values import Address, ImageTag
from tests.factories.registry import push_image, push_index


def listed(caller: Caller, address: Address, sort: str = "-pushed", **only: object) -> list[Image]:
    """All images, two at a time."""
    found: list[Image] = []
    after = ""
    while True:
        chosen = ImageFilter(**only)  # type: ignore[arg-type]  # the tests name the fields
        page = image_pages.page(caller, address, only=chosen, sort=sort, after=after, limit=2)
        found += [row.image for row in page.rows]
        if page.previous:
            back = image_pages.page(caller, address, only=chosen, sort=sort, before=page.previous, limit=2)
            assert back.next == after and [row.image for row in back.rows] == found[-2 - len(page.rows) :][:2]
        if not page.next:
            assert page.total == len(found)
            return found
        after = page.next


def test_it_works_without_children(alice: Caller, address: Address) -> None:
    child = push_image(alice, address)
    index = push_index(alice, address, "all", [child])
    others = [push_image(alice, address, str(number)) for number in range(3)]
    assert listed(alice, address) == [*reversed(others), index]
    for sort in SORTS:
        assert listed(alice, address, f"-{sort}") == listed(alice, address, sort)[::-1]
    page = image_pages.page(alice, address)
    rows = page.rows
    assert (page.total, page.beneath) == (4, 1)
    assert image_pages.page(alice, address, only=ImageFilter(contains="ALL")).beneath == 0
    assert [row.tags for row in rows] == [["2"], ["1"], ["0"], ["all"]]
    assert [each.digest for each in rows[3].platforms] == [child.digest]
    assert listed(alice, address, contains=child.digest[:15]) == [child]
    assert listed(alice, address, contains="ALL") == [index]


def test_it_works_with_every_filter(alice: Caller, address: Address) -> None:
    tagged, bare = push_image(alice, address, "1"), push_image(alice, address)
    old = timezone.now() - timedelta(days=5)
    Image.objects.filter(id=bare.id).update(pushed_at=old, last_recorded_pull_time=old, kind="chart")
    assert listed(alice, address, status="tagged") == [tagged]
    assert listed(alice, address, status="untagged") == listed(alice, address, kind="chart") == [bare]
    assert listed(alice, address, pushed_before=4) == [bare] and not listed(alice, address, pushed_before=6)
    assert listed(alice, address, not_pulled_for=6) == [tagged]
    assert image_pages.digests(alice, address, ImageFilter()) == [tagged.digest, bare.digest]


def test_an_image_with_many_tags_shows_some(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "0")
    for number in range(1, 9):
        ImageTag.parse(str(number))
        image.tags.create(repository=image.repository, name=str(number))
    row = image_pages.page(alice, address).rows[0]
    assert (row.tags, row.more_tags) == (["8", "7", "6", "5", "4", "3"], 3)


def test_it_refuses_strangers(charlie: Caller, address: Address) -> None:
    with pytest.raises(AccessDenied):
        image_pages.page(charlie, address)
    with pytest.raises(AccessDenied):
        image_pages.digests(charlie, address, ImageFilter())
