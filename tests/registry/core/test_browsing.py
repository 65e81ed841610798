"""What pages read: keyset pages, platforms, what is folded away, what is refused."""

import pytest

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry.core import browsing, images
from registry.values import Address, Digest
from tests.factories.registry import make_repository, push_image, push_index


def test_images_page_by_page_without_children(alice: Caller, address: Address) -> None:
    child = push_image(alice, address)
    index = push_index(alice, address, "all", [child])
    others = [push_image(alice, address, str(number)) for number in range(3)]
    page = browsing.image_page(alice, address, limit=2)
    assert [row.image for row in page.rows] == [others[2], others[1]] and page.total == 4
    page = browsing.image_page(alice, address, after=page.next, limit=2)
    assert [row.image for row in page.rows] == [others[0], index] and not page.next
    assert [row.tags for row in page.rows] == [["0"], ["all"]]
    assert browsing.image_page(alice, address, contains=child.digest[:15]).rows[0].image == child
    assert browsing.image_page(alice, address, contains="ALL").rows[0].image == index


def test_near_tags(alice: Caller, address: Address) -> None:
    for name in ("latest", "1.0", "1.1"):
        push_image(alice, address, name)
    assert browsing.nearest_tags(alice, address, "lates") == ["latest"]
    assert browsing.nearest_tags(alice, address, "zz", limit=2) == ["1.1", "1.0"]


def test_repositories_page_by_page(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    gone = push_image(alice, address)
    images.delete(alice, address, Digest.parse(gone.digest))
    make_repository(alice, "aa")
    page = browsing.repository_page(alice, address.registry, limit=1)
    assert (page.rows[0].path, page.next, page.total) == ("111122223333/aa", "aa", 2)
    row = browsing.repository_page(alice, address.registry, after="aa").rows[0]
    assert (row.image_count, row.size, row.last_pull) == (1, image.size, None)
    assert browsing.repository_page(alice, address.registry, contains="team").total == 1
    assert browsing.repository_count(alice, address.registry) == 2


def test_effects_count_what_goes(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    assert browsing.deletion_effects(alice, address) == browsing.Effects(1, 1, image.size, 0)


def test_it_refuses_strangers(charlie: Caller, anonymous: Caller, address: Address) -> None:
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        for read in (
            lambda caller: browsing.image_page(caller, address),
            lambda caller: browsing.nearest_tags(caller, address, "1"),
            lambda caller: browsing.deletion_effects(caller, address),
            lambda caller: browsing.repository_page(caller, address.registry),
            lambda caller: browsing.repository_count(caller, address.registry),
        ):
            with pytest.raises(error):
                read(caller)
