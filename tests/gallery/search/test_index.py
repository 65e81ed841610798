"""A listing says what its repository is now."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from accounts import outbox
from accounts.caller import Caller
from accounts.models import Account, OutboxRow
from gallery.models import Listing
from gallery.search import index, query
from gallery.search.facets import Question
from gallery.search.folding import fold
from registry.core import aliases, images, policies, repositories, resource_tags
from registry.models import DailyPulls, Image, Repository
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import push_image, push_index

DESCRIPTION = {"org.opencontainers.image.description": "Công cụ ở Đà Nẵng"}


def refreshed(address: Address) -> Listing:
    """The listing after a domain event."""
    repository = Repository.objects.get(region="public", name=str(address.name), deleted_at=None)
    index.refresh({"repository": repository.id})
    return Listing.objects.get(repository=repository)


@pytest.mark.parametrize(
    ("text", "folded"),
    [("Đà Nẵng", "da nang"), ("ỨNG DỤNG", "ung dung"), ("Straße", "strasse"), ("plain-1", "plain-1")],
)
def test_folding_takes_case_and_marks_away(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_it_works(alice: Caller, public_address: Address) -> None:
    push_image(alice, public_address, "1", labels=DESCRIPTION)
    listing = refreshed(public_address)
    assert (listing.alias, listing.name) == (aliases.primary(alice.account_id), "app")
    assert (listing.newest_tag, listing.tag_count, listing.kind) == ("1", 1, "image")
    assert listing.description == "Công cụ ở Đà Nẵng" and "da nang" in listing.search_text
    assert listing.platforms == ["linux/amd64"] and listing.pushed_at is not None


def test_an_index_has_the_platforms_and_words_of_its_children(alice: Caller, public_address: Address) -> None:
    one = push_image(alice, public_address, architecture="arm64", labels=DESCRIPTION)
    two = push_image(alice, public_address)
    push_index(alice, public_address, "all", [one, two])
    listing = refreshed(public_address)
    assert listing.platforms == ["linux/arm64", "linux/amd64"]
    assert listing.description == DESCRIPTION["org.opencontainers.image.description"]


def test_signatures_are_not_what_is_newest(alice: Caller, public_address: Address) -> None:
    image = push_image(alice, public_address, "1")
    signature = push_image(alice, public_address, "sha256-" + "0" * 64)
    Image.objects.filter(id=signature.id).update(kind=Image.Kind.SIGNATURE)
    assert refreshed(public_address).newest_tag == "1"
    images.untag(alice, public_address, ImageTag("1"))
    images.delete(alice, public_address, Digest.parse(image.digest))
    listing = refreshed(public_address)
    assert (listing.newest_tag, listing.tag_count, listing.platforms) == ("", 0, [])


def test_facets_and_suggestions_find_what_was_refreshed(alice: Caller, public_address: Address) -> None:
    Account.objects.filter(id=alice.account_id).update(name="Đà Nẵng Tools")
    push_image(alice, public_address, "1", architecture="arm64")
    listing = refreshed(public_address)
    chosen = {"os": ("Linux",), "arch": ("ARM 64",), "kind": ("image",)}
    assert [row.id for row in query.find(Question("", chosen)).rows] == [listing.id]
    assert query.find(Question("", chosen | {"signed": ("yes",)})).total == 0
    assert listing.publisher_folded == "da nang tools"
    assert query.suggestions("đà n")[0].path == f"/{listing.alias}"


def test_recent_pulls_are_counted(alice: Caller, public_address: Address) -> None:
    image = push_image(alice, public_address, "1")
    for day, count in (("2020-01-01", 5), (image.pushed_at.date(), 3)):
        DailyPulls.objects.create(repository=image.repository, by="client", name="docker", day=day, count=count)
    assert refreshed(public_address).recent_pull_count == 3


def test_what_is_gone_or_private_has_no_listing(alice: Caller, public_address: Address, repository: Repository) -> None:
    index.refresh({"repository": repository.id})
    index.refresh({"repository": 0})
    assert not Listing.objects.exists()
    refreshed(public_address)
    Account.objects.update(is_active=False)
    index.rebuild()
    assert not Listing.objects.exists()
    Account.objects.update(is_active=True)
    refreshed(public_address)
    repositories.delete(alice, public_address)
    index.rebuild()
    assert not Listing.objects.exists()


@pytest.mark.parametrize(
    ("action", "condition", "is_listed"),
    [
        ("DescribeRepositories", {}, False),
        ("DescribeImages", {}, False),
        ("ListImages", {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
        ("DescribeImages", {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, True),
        ("PutImage", {}, True),
    ],
)
def test_what_a_policy_hides_has_no_listing_until_it_is_taken_away(
    alice: Caller, public_address: Address, action: str, condition: dict[str, Any], is_listed: bool
) -> None:
    refreshed(public_address)
    statement = {"Effect": "Deny", "Principal": "*", "Action": f"ecr-public:{action}", "Condition": condition}
    policies.put(alice, public_address, json.dumps({"Statement": [statement]}), force=True)
    outbox.run(OutboxRow.objects.get(event="RepositoryVisibilityChanged").id)
    assert Listing.objects.exists() is is_listed
    policies.delete(alice, public_address)
    outbox.run(OutboxRow.objects.filter(event="RepositoryVisibilityChanged").latest("id").id)
    assert Listing.objects.exists()


def test_what_a_policy_hides_by_its_resource_tags(alice: Caller, public_address: Address) -> None:
    refreshed(public_address)
    condition = {"StringEquals": {"aws:ResourceTag/stage": "draft"}}
    statement = {"Effect": "Deny", "Principal": "*", "Action": "ecr-public:DescribeImages", "Condition": condition}
    policies.put(alice, public_address, json.dumps({"Statement": [statement]}), force=True)
    for tags, is_listed in (({"stage": "draft"}, False), ({"stage": "done"}, True)):
        resource_tags.put(alice, public_address, tags)
        outbox.run(OutboxRow.objects.filter(event="RepositoryVisibilityChanged").latest("id").id)
        assert Listing.objects.exists() is is_listed


def test_the_command_computes_all_listings(alice: Caller, public_address: Address) -> None:
    out = StringIO()
    call_command("rebuild_listings", stdout=out)
    assert out.getvalue() == "1 public repositories are listed.\n"
