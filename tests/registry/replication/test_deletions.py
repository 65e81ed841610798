"""Deletions follow where a rule says so, and take nothing that is not the source's own copy."""

import pytest

from accounts import outbox
from accounts.caller import Caller
from accounts.models import AuditEvent, OutboxRow
from registry.core import images, repositories
from registry.models import Image
from registry.values import Address, Digest, RegistryId
from registry.values import ImageTag as Tag
from tests.factories.registry import push_image, push_index
from tests.registry.replication.making import FAR, HOME, configure, held, let_in, rule, work


def put(caller: Caller, address: Address, image: Image, tag: str) -> None:
    """Push an image that is there under another tag."""
    images.put(caller, address, Tag.parse(tag), image.media_type, bytes(image.manifest.content))


def test_it_works(alice: Caller, address: Address, far: RegistryId) -> None:
    configure(alice, rule(far, deletes=True))
    first, second = push_image(alice, address, "1"), push_image(alice, address, "2")
    work()
    images.untag(alice, address, Tag.parse("1"))
    images.delete(alice, address, Digest.parse(second.digest))
    work()
    assert held(far) == {first.digest: []}


def test_by_itself_nothing_is_deleted(alice: Caller, address: Address, far: RegistryId) -> None:
    configure(alice, rule(far))
    image = push_image(alice, address, "1")
    work()
    images.delete(alice, address, Digest.parse(image.digest))
    work()
    assert held(far) == {image.digest: ["1"]}


@pytest.mark.parametrize("backwards", [False, True])
def test_an_index_with_its_children(alice: Caller, address: Address, far: RegistryId, backwards: bool) -> None:
    """In whatever order the work is done."""
    configure(alice, rule(far, deletes=True))
    children = [push_image(alice, address), push_image(alice, address, architecture="arm64")]
    index = push_index(alice, address, "all", children)
    work()
    images.delete_many(alice, address, [Digest.parse(each.digest) for each in (index, *children)])
    for row in OutboxRow.objects.order_by("-id" if backwards else "id"):
        assert outbox.run(row.id)
    work()
    assert held(far) == {}


class TestWhatStays:
    """Whatever is there for another reason."""

    def test_what_was_pushed_there(self, alice: Caller, address: Address, far: RegistryId) -> None:
        configure(alice, rule(far, deletes=True))
        image = push_image(alice, address, "1")
        work()
        put(alice, Address(far, address.name), image, "own")
        images.delete(alice, address, Digest.parse(image.digest))
        work()
        assert held(far) == {image.digest: ["own"]}, "its tag is gone, the image is not"

    def test_a_tag_that_was_moved_there(self, alice: Caller, address: Address, far: RegistryId) -> None:
        configure(alice, rule(far, deletes=True))
        image = push_image(alice, address, "1")
        work()
        other = push_image(alice, Address(far, address.name), "1")
        images.untag(alice, address, Tag.parse("1"))
        work()
        assert held(far) == {image.digest: [], other.digest: ["1"]}

    def test_what_is_pushed_again_meanwhile(self, alice: Caller, address: Address, far: RegistryId) -> None:
        configure(alice, rule(far, deletes=True))
        image = push_image(alice, address, "1")
        work()
        content = bytes(image.manifest.content)
        images.delete(alice, address, Digest.parse(image.digest))
        images.put(alice, address, Tag.parse("1"), image.media_type, content)
        for row in OutboxRow.objects.order_by("-id"):
            assert outbox.run(row.id)
        work()
        assert held(far) == {image.digest: ["1"]}

    def test_what_another_index_names(self, alice: Caller, address: Address, far: RegistryId) -> None:
        configure(alice, rule(far, deletes=True))
        child = push_image(alice, address)
        index = push_index(alice, address, "all", [child])
        work()
        own = push_index(alice, Address(far, address.name), "own", [child], annotations={"own": "1"})
        images.delete_many(alice, address, [Digest.parse(each.digest) for each in (index, child)])
        work()
        assert held(far) == {child.digest: [], own.digest: ["own"]}

    def test_everything_when_the_repository_goes(self, alice: Caller, address: Address, far: RegistryId) -> None:
        configure(alice, rule(far, deletes=True))
        image = push_image(alice, address, "1")
        work()
        repositories.delete(alice, address, force=True)
        work()
        assert held(far) == {image.digest: ["1"]}


def test_another_account_has_to_allow_it(alice: Caller, charlie: Caller, address: Address, theirs: RegistryId) -> None:
    """To let images come is not to let them be deleted."""
    let_in(charlie, alice.account_id)
    configure(alice, rule(theirs, deletes=True))
    first, second = push_image(alice, address, "1"), push_image(alice, address, "2")
    work()
    images.delete(alice, address, Digest.parse(first.digest))
    work()
    assert set(held(theirs)) == {first.digest, second.digest}
    refused = AuditEvent.objects.filter(event_name="BatchDeleteImage", error_code="AccessDenied")
    assert {each.account_id for each in refused} == {alice.account_id}
    assert refused[0].details["destination"] == {"region": HOME, "registryId": charlie.account_id}
    let_in(charlie, alice.account_id, "ReplicateImage", "BatchDeleteImage")
    images.delete(alice, address, Digest.parse(second.digest))
    work()
    assert set(held(theirs)) == {first.digest}


def test_deletions_go_no_further(alice: Caller, address: Address, far: RegistryId) -> None:
    """Two regions that follow each other: what is deleted in one is not what the other one has pushed."""
    home = RegistryId(alice.account_id, HOME)
    configure(alice, rule(far, deletes=True))
    configure(alice, rule(home, deletes=True), region=FAR)
    image = push_image(alice, address, "1")
    work()
    images.delete(alice, Address(far, address.name), Digest.parse(image.digest))
    work()
    assert held(home) == {image.digest: ["1"]} and held(far) == {}
