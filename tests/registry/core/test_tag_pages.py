"""Tags as pages list them: keyset pages in each order, filters, what is folded away, what is attached, refused."""

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry.core import images, repositories, tag_pages
from registry.errors import InvalidValue
from registry.models import DailyPulls, Image, ImageTag, Repository
from registry.values import Address
from registry.values import ImageTag as Tag
from tests.factories.registry import push_image, push_index


def all_pages(caller: Caller, address: Address, sort: str) -> list[str]:
    """The names of all tags, two at a time."""
    found: list[str] = []
    after = ""
    while True:
        page = tag_pages.tag_page(caller, address, sort=sort, after=after, limit=2)
        found += [row.name for row in page.rows]
        if page.previous:
            back = tag_pages.tag_page(caller, address, sort=sort, before=page.previous, limit=2)
            assert back.next == after and [row.name for row in back.rows] == found[-2 - len(page.rows) :][:2]
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
    assert tag_pages.tag_page(alice, address, after="gone").rows[0].name == "e"
    assert [row.name for row in tag_pages.tag_page(alice, address, contains="C").rows] == ["c"]


def test_it_works_to_go_on_behind_a_tag_that_is_gone(alice: Caller, address: Address) -> None:
    for name in ("a", "b", "c", "d"):
        push_image(alice, address, name)
    for sort, following in (("name", ["c", "d"]), ("pushed", ["b", "a"]), ("version", ["b", "a"])):
        page = tag_pages.tag_page(alice, address, sort=sort, limit=2)
        last = ImageTag.objects.get(name=page.rows[-1].name)
        ImageTag.objects.filter(id=last.id).delete()
        assert [row.name for row in tag_pages.tag_page(alice, address, sort=sort, after=page.next).rows] == following
        last.save(force_insert=True)


def test_a_tag_shows_platforms_sizes_and_its_twins(alice: Caller, address: Address) -> None:
    small = push_image(alice, address, layers=[b"a"])
    large = push_image(alice, address, layers=[b"b" * 500], architecture="arm64")
    push_index(alice, address, "all", [large, small])
    content = images.get(alice, address, Tag("all")).content
    images.put(alice, address, Tag("latest"), "application/vnd.oci.image.index.v1+json", content)
    row = tag_pages.tag_page(alice, address).rows[0]
    assert [(each.platform, each.digest) for each in row.platforms] == [
        ("linux/amd64", small.digest),
        ("linux/arm64", large.digest),
    ]
    assert row.same_image == ["all"] and row.sizes == (small.size, large.size)


def test_signatures_and_fallback_tags_are_folded_away(alice: Caller, address: Address) -> None:
    push_image(alice, address, "1")
    push_image(alice, address, "sha256-" + "a" * 64 + ".sig")
    attestation = push_image(alice, address, "att")
    Image.objects.filter(id=attestation.id).update(kind=Image.Kind.ATTESTATION)
    assert [row.name for row in tag_pages.tag_page(alice, address).rows] == ["1"]
    assert tag_pages.tag_page(alice, address, show_attached=True).total == 3
    assert tag_pages.attached_tag_count(alice, address) == 2
    assert tag_pages.newest_tag(alice, address) == "1"


def test_the_newest_tag_is_a_released_version_or_latest_or_the_newest_push(alice: Caller, address: Address) -> None:
    assert tag_pages.newest_tag(alice, address) == ""
    push_image(alice, address, "edge")
    push_image(alice, address, "edge-2")
    assert tag_pages.newest_tag(alice, address) == "edge-2"
    push_image(alice, address, "latest")
    push_image(alice, address, "edge")
    push_image(alice, address, "2.0-rc.1")
    push_image(alice, address, "20260101")
    assert tag_pages.newest_tag(alice, address) == "latest"
    for name in ("1.10", "1.9", "1.10-alpine"):
        push_image(alice, address, name)
    assert tag_pages.newest_tag(alice, address) == "1.10"


def test_tags_in_the_order_of_versions_and_of_names(alice: Caller, address: Address) -> None:
    for name in ("1.9", "1.10", "latest", "1.10-rc.1", "v2.0", "1.10-alpine", "10"):
        push_image(alice, address, name)
    assert all_pages(alice, address, "version") == ["10", "v2.0", "1.10", "1.10-alpine", "1.10-rc.1", "1.9", "latest"]
    assert all_pages(alice, address, "name") == ["1.9", "1.10", "1.10-alpine", "1.10-rc.1", "10", "latest", "v2.0"]


def test_tags_by_size_and_by_pulls(alice: Caller, address: Address, repository: Repository) -> None:
    for name, size in (("a", 10), ("b", 3000), ("c", 200)):
        push_image(alice, address, name, layers=[b"x" * size])
    for name, count in (("c", 7), ("a", 2)):
        day = timezone.now().date()
        DailyPulls.objects.create(repository=repository, by="tag", name=name, day=day, count=count)
    DailyPulls.objects.create(repository=repository, by="tag", name="b", day="2020-01-01", count=99)
    assert all_pages(alice, address, "size") == ["b", "c", "a"]
    assert all_pages(alice, address, "pulls") == ["c", "a", "b"]
    assert [row.pulls for row in tag_pages.tag_page(alice, address, sort="pulls").rows] == [7, 2, 0]


def test_tags_of_a_platform_and_of_a_kind(alice: Caller, address: Address) -> None:
    arm = push_image(alice, address, "arm", architecture="arm64")
    push_index(alice, address, "all", [arm, push_image(alice, address, "amd")])
    chart = push_image(alice, address, "chart")
    Image.objects.filter(id=chart.id).update(kind=Image.Kind.CHART, os="", architecture="")

    def names(**filters: str) -> list[str]:
        return [row.name for row in tag_pages.tag_page(alice, address, sort="name", **filters).rows]  # type: ignore[arg-type]

    assert names(platform="linux/arm64") == ["all", "arm"]
    assert names(platform="linux/arm64/v8") == names(platform="x") == names(platform="a/b/c/d") == []
    assert names(kind="chart") == ["chart"] and names(kind="image") == ["all", "amd", "arm"]
    assert names(kind="artifact") == []


def test_it_says_what_is_attached_and_what_can_not_move(alice: Caller, address: Address) -> None:
    repositories.put_mutability(alice, address, "IMMUTABLE_WITH_EXCLUSION", ["edge*"])
    image = push_image(alice, address, "1")
    push_image(alice, address, "edge")
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
    signature = push_image(alice, address, subject=subject)
    Image.objects.filter(id=signature.id).update(kind=Image.Kind.SIGNATURE)
    push_image(alice, address, image.digest.replace(":", "-") + ".sbom")
    rows = tag_pages.tag_page(alice, address, sort="name").rows
    assert [(row.name, row.attached, row.is_immutable) for row in rows] == [
        ("1", ("sbom", "signature"), True),
        ("edge", (), False),
    ]


def test_a_page_costs_the_same_however_many_tags_it_has(
    alice: Caller, public_address: Address, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(9):
        push_index(alice, public_address, f"all-{number}", [push_image(alice, public_address, f"{number}")])
        if number in {0, 8}:
            with django_assert_num_queries(4):
                tag_pages.tag_page(alice, public_address)


def test_it_works_with_a_thousand_tags(alice: Caller, address: Address, repository: Repository) -> None:
    image = push_image(alice, address, "1.0.0")
    ImageTag.objects.bulk_create(
        ImageTag(repository=repository, image=image, name=f"1.0.{number}") for number in range(1, 1000)
    )
    page = tag_pages.tag_page(alice, address, sort="version")
    assert (page.total, page.rows[0].name, page.rows[-1].name) == (1000, "1.0.999", "1.0.950")
    assert tag_pages.tag_page(alice, address, sort="version", after=page.next).rows[0].name == "1.0.949"
    assert len(page.rows[0].same_image) == 999


def test_it_refuses_orders_and_kinds_that_there_are_none_of(alice: Caller, address: Address) -> None:
    with pytest.raises(InvalidValue):
        tag_pages.tag_page(alice, address, sort="id")
    with pytest.raises(InvalidValue):
        tag_pages.tag_page(alice, address, kind="index")


def test_it_refuses_strangers(charlie: Caller, anonymous: Caller, address: Address) -> None:
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        for read in (
            tag_pages.tag_page,
            tag_pages.attached_tag_count,
            tag_pages.newest_tag,
        ):
            with pytest.raises(error):
                read(caller, address)
