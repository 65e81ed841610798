"""What pages read: keyset pages, platforms, what is folded away, what is refused."""

import pytest

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry.core import browsing, images
from registry.errors import ImageNotFound
from registry.models import Image, ImageTag, TagEvent
from registry.values import Address, Digest
from registry.values import ImageTag as Tag
from tests.factories.registry import push_image, push_index


def all_pages(caller: Caller, address: Address, sort: str) -> list[str]:
    """The names of all tags, two at a time."""
    found: list[str] = []
    after = ""
    while True:
        page = browsing.tag_page(caller, address, sort=sort, after=after, limit=2)
        found += [row.name for row in page.rows]
        if not page.next:
            return found
        after = page.next


def test_tags_page_by_page(alice: Caller, address: Address) -> None:
    for name in ("b", "a", "d", "c", "e"):
        push_image(alice, address, name)
    assert all_pages(alice, address, "pushed") == ["e", "c", "d", "a", "b"]
    assert all_pages(alice, address, "name") == ["a", "b", "c", "d", "e"]
    ImageTag.objects.update(updated_at=ImageTag.objects.first().updated_at)  # type: ignore[union-attr]  # there are five
    assert all_pages(alice, address, "pushed") == ["e", "c", "d", "a", "b"], "ties are kept apart"
    assert browsing.tag_page(alice, address, after="gone").rows[0].name == "e"
    assert [row.name for row in browsing.tag_page(alice, address, contains="C").rows] == ["c"]


def test_a_tag_shows_platforms_sizes_and_its_twins(alice: Caller, address: Address) -> None:
    small = push_image(alice, address, layers=[b"a"])
    large = push_image(alice, address, layers=[b"b" * 500], architecture="arm64")
    push_index(alice, address, "all", [large, small])
    content = images.get(alice, address, Tag("all")).content
    images.put(alice, address, Tag("latest"), "application/vnd.oci.image.index.v1+json", content)
    row = browsing.tag_page(alice, address).rows[0]
    assert [(each.platform, each.digest) for each in row.platforms] == [
        ("linux/arm64", large.digest),
        ("linux/amd64", small.digest),
    ]
    assert row.same_image == ["all"] and row.sizes == (small.size, large.size)


def test_signatures_and_fallback_tags_are_folded_away(alice: Caller, address: Address) -> None:
    push_image(alice, address, "1")
    push_image(alice, address, "sha256-" + "a" * 64 + ".sig")
    attestation = push_image(alice, address, "att")
    Image.objects.filter(id=attestation.id).update(kind=Image.Kind.ATTESTATION)
    assert [row.name for row in browsing.tag_page(alice, address).rows] == ["1"]
    assert browsing.tag_page(alice, address, show_attached=True).total == 3
    assert browsing.attached_tag_count(alice, address) == 2
    assert browsing.newest_tag(alice, address) == "1"


def test_the_newest_tag_is_latest_if_there_is_one(alice: Caller, address: Address) -> None:
    assert browsing.newest_tag(alice, address) == ""
    push_image(alice, address, "latest")
    push_image(alice, address, "2")
    assert browsing.newest_tag(alice, address) == "latest"


def test_detail_has_everything(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1", layers=[b"a", b"b"], labels={"org.opencontainers.image.version": "9"})
    index = push_index(alice, address, "all", [image])
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
    referrer = push_image(alice, address, subject=subject)
    detail = browsing.image_detail(alice, address, Tag("1"))
    assert (detail.image, detail.tags, len(detail.layers)) == (image, ["1"], 2)
    assert detail.config is not None and detail.referrers == [referrer]
    assert Digest.of(detail.content) == Digest.parse(image.digest)
    assert browsing.image_detail(alice, address, Digest.parse(index.digest)).facts["version"] == "9"
    with pytest.raises(ImageNotFound):
        browsing.image_detail(alice, address, Tag("absent"))


def test_near_tags(alice: Caller, address: Address) -> None:
    for name in ("latest", "1.0", "1.1"):
        push_image(alice, address, name)
    assert browsing.nearest_tags(alice, address, "lates") == ["latest"]
    assert browsing.nearest_tags(alice, address, "zz", limit=2) == ["1.1", "1.0"]


def test_history_page_by_page(alice: Caller, address: Address) -> None:
    for name in ("a", "b", "a"):
        push_image(alice, address, name)
    page = browsing.tag_history(alice, address, limit=2)
    assert [(row.tag, row.kind) for row in page.rows] == [("a", TagEvent.Kind.MOVED), ("b", TagEvent.Kind.CREATED)]
    page = browsing.tag_history(alice, address, after=page.next, limit=2)
    assert [row.tag for row in page.rows] == ["a"] and (page.next, page.total) == ("", 3)
    assert browsing.tag_history(alice, address, tag="b").total == 1
    assert len(browsing.tag_history(alice, address, after="nonsense").rows) == 3


def test_it_refuses_strangers(charlie: Caller, anonymous: Caller, address: Address) -> None:
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        for read in (
            lambda caller: browsing.tag_page(caller, address),
            lambda caller: browsing.attached_tag_count(caller, address),
            lambda caller: browsing.newest_tag(caller, address),
            lambda caller: browsing.image_detail(caller, address, Tag("1")),
            lambda caller: browsing.nearest_tags(caller, address, "1"),
            lambda caller: browsing.tag_history(caller, address),
        ):
            with pytest.raises(error):
                read(caller)
