"""A push arrives where the rules lead it, once, whole, and with the rights of the destination."""

from typing import Any

import pytest
from pytest_django import Settings

from accounts import outbox
from accounts.caller import Caller
from accounts.models import Account, AuditEvent, OutboxRow
from registry import storage
from registry.core import addresses, archive, blobs, images, policies, recycling, templates
from registry.models import (
    Blob,
    BlobLink,
    Image,
    ImageBlob,
    ImageScan,
    ImageTag,
    Replication,
    Repository,
    TagEvent,
)
from registry.replication import copying, statuses
from registry.values import Address, Digest, RegistryId
from registry.values import ImageTag as Tag
from tests.factories.registry import make_public_repository, make_repository, push_image, push_index
from tests.registry.conftest import ALICE_ACCOUNT
from tests.registry.replication.making import FAR, HOME, configure, held, let_in, rule, there, work


def status(caller: Caller, address: Address, digest: str) -> list[tuple[str, str]]:
    """What is said of an image at its destinations."""
    _, found = statuses.of_image(caller, address, Digest.parse(digest), None)
    return [(each.status, each.failure_code) for each in found]


def test_it_works(alice: Caller, address: Address, far: RegistryId) -> None:
    """Another region has the image with its tag: by links, with history, trail and numbers."""
    configure(alice, rule(far))
    image = push_image(alice, address, "1.0", layers=[b"one", b"two"])
    stored = Blob.objects.count()
    work()
    assert held(far) == {image.digest: ["1.0"]} and Blob.objects.count() == stored
    copy = Image.objects.get(repository=there(far))
    assert (copy.replicated_from, copy.size, copy.os) == (f"{ALICE_ACCOUNT}/{HOME}", image.size, "linux")
    assert [(each.blob_id, each.position) for each in copy.blobs.all()] == [
        (each.blob_id, each.position) for each in image.blobs.all()
    ]
    target = there(far)
    assert target and (target.image_count, target.stored_size) == (1, image.size) and target.last_push_at
    event = TagEvent.objects.get(repository=target)
    assert (event.kind, event.tag, event.new_digest) == ("replicated", "1.0", image.digest)
    line = AuditEvent.objects.get(event_name="ReplicateImage")
    assert (line.account_id, line.region) == (ALICE_ACCOUNT, FAR) and line.details["sourceRegion"] == HOME
    assert line.principal_arn.endswith("/kho/replication")
    assert status(alice, address, image.digest) == [("COMPLETE", "")]
    layer = Digest.parse(ImageBlob.objects.filter(image=copy, is_config=False)[0].blob.digest)
    with blobs.open_for_reading(alice, target.address, layer).file as file:
        assert file.read() == b"one"


def test_a_rule_takes_some_tags(alice: Caller, address: Address, far: RegistryId) -> None:
    configure(alice, rule(far, tags=("v*",)))
    image = push_image(alice, address, "v1", layers=[b"x"])
    push_image(alice, address, "latest", layers=[b"x"])
    push_image(alice, address, layers=[b"y"])
    child = push_image(alice, address, layers=[b"z"])
    index = push_index(alice, address, "v-all", [child])
    work()
    assert held(far) == {image.digest: ["v1"], child.digest: [], index.digest: ["v-all"]}


def test_an_index_brings_its_children(alice: Caller, address: Address, far: RegistryId) -> None:
    children = [push_image(alice, address), push_image(alice, address, architecture="arm64")]
    inner = push_index(alice, address, "", children)
    configure(alice, rule(far))
    outer = push_index(alice, address, "all", [inner, children[0]])
    work()
    assert held(far) == {each.digest: [] for each in (*children, inner)} | {outer.digest: ["all"]}
    assert Image.objects.get(repository=there(far), digest=inner.digest).children.count() == 2


def test_copies_are_scanned_where_pushes_are(alice: Caller, address: Address, far: RegistryId) -> None:
    configure(alice, rule(far))
    push_image(alice, address, "1")
    work()
    Repository.objects.filter(id=there(far).id).update(scan_on_push=True)  # type: ignore[union-attr]  # it came
    image = push_image(alice, address, "2", layers=[b"two"])
    work()
    assert [(each.image.digest, each.image.repository.region) for each in ImageScan.objects.all()] == [
        (image.digest, FAR)
    ]


def test_what_was_there_before_stays_here(alice: Caller, address: Address, far: RegistryId) -> None:
    old = push_image(alice, address, "old")
    work()
    configure(alice, rule(far, prefixes=("team/",)))
    make_repository(alice, "other/app")
    push_image(alice, addresses.private(alice.account_id, "other/app"), "1")
    work()
    assert held(far) == {} and there(far, "other/app") is None
    # The next push of the same image goes, under its new tag alone.
    images.put(alice, address, Tag.parse("new"), old.media_type, bytes(old.manifest.content))
    work()
    assert held(far) == {old.digest: ["new"]}


class TestAnotherAccount:
    """Its registry's policy decides."""

    def test_it_is_let_in(self, alice: Caller, charlie: Caller, address: Address, theirs: RegistryId) -> None:
        let_in(charlie, alice.account_id)
        configure(alice, rule(theirs))
        image = push_image(alice, address, "1")
        work()
        assert held(theirs) == {image.digest: ["1"]}
        assert images.get(charlie, Address(theirs, address.name), Tag.parse("1")).image.digest == image.digest
        made = AuditEvent.objects.get(event_name="CreateRepository", account_id=theirs.account_id)
        assert made.caller_account_id == alice.account_id

    def test_it_is_refused(self, alice: Caller, charlie: Caller, address: Address, theirs: RegistryId) -> None:
        configure(alice, rule(theirs))
        image = push_image(alice, address, "1")
        work()
        assert there(theirs) is None and status(alice, address, image.digest) == [("FAILED", "AccessDenied")]
        let_in(charlie, alice.account_id, "ReplicateImage")
        images.put(alice, address, Tag.parse("2"), image.media_type, bytes(image.manifest.content))
        work()
        assert there(theirs) is None, "it may not create repositories"
        make_repository(charlie)
        images.put(alice, address, Tag.parse("3"), image.media_type, bytes(image.manifest.content))
        work()
        assert held(theirs) == {image.digest: ["3"]}
        assert status(alice, address, image.digest) == [("FAILED", "AccessDenied")], "the other tags are not there"

    def test_its_repository_may_refuse(
        self, alice: Caller, charlie: Caller, address: Address, theirs: RegistryId
    ) -> None:
        let_in(charlie, alice.account_id)
        make_repository(charlie)
        deny = (
            '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": {"AWS": "%s"}, "Action": "ecr:*"}}'
        )
        policies.put(charlie, Address(theirs, address.name), deny % alice.account_id)
        configure(alice, rule(theirs))
        image = push_image(alice, address, "1")
        work()
        assert held(theirs) == {} and status(alice, address, image.digest) == [("FAILED", "AccessDenied")]

    @pytest.mark.parametrize("who", ["nobody", "suspended"])
    def test_who_is_not_there_looks_like_who_refuses(
        self, alice: Caller, charlie: Caller, address: Address, theirs: RegistryId, who: str
    ) -> None:
        let_in(charlie, alice.account_id)
        Account.objects.filter(id=charlie.account_id).update(is_active=False)
        configure(alice, rule(theirs if who == "suspended" else RegistryId("9" * 12, HOME)))
        image = push_image(alice, address, "1")
        work()
        assert status(alice, address, image.digest) == [("FAILED", "AccessDenied")]

    def test_a_deny_counts_in_ones_own_account(self, alice: Caller, address: Address, far: RegistryId) -> None:
        let_in(alice, alice.account_id, "ReplicateImage", region=FAR, effect="Deny")
        configure(alice, rule(far))
        image = push_image(alice, address, "1")
        work()
        assert there(far) is None and status(alice, address, image.digest) == [("FAILED", "AccessDenied")]


def test_a_template_makes_the_repository(alice: Caller, address: Address, far: RegistryId) -> None:
    fields = {"applied_for": ["REPLICATION"], "image_tag_mutability": "IMMUTABLE", "resource_tags": {"team": "a"}}
    templates.put(alice, far, "team", fields)
    configure(alice, rule(far))
    push_image(alice, address, "1")
    work()
    made = there(far)
    assert made and (made.image_tag_mutability, made.resource_tags) == ("IMMUTABLE", {"team": "a"})


def test_a_template_for_pushes_does_not(alice: Caller, address: Address, far: RegistryId) -> None:
    templates.put(alice, far, "team", {"applied_for": ["CREATE_ON_PUSH"], "image_tag_mutability": "IMMUTABLE"})
    configure(alice, rule(far))
    push_image(alice, address, "1")
    work()
    made = there(far)
    assert made and made.image_tag_mutability == "MUTABLE"


class TestTags:
    """They follow, in whatever order the work is done, and immutable ones stay."""

    def test_a_tag_moves(self, alice: Caller, address: Address, far: RegistryId) -> None:
        configure(alice, rule(far))
        first = push_image(alice, address, "latest")
        work()
        second = push_image(alice, address, "latest")
        work()
        assert held(far) == {first.digest: [], second.digest: ["latest"]}

    def test_work_out_of_order(self, alice: Caller, address: Address, far: RegistryId) -> None:
        configure(alice, rule(far))
        first = push_image(alice, address, "latest")
        second = push_image(alice, address, "latest")
        for row in OutboxRow.objects.filter(task="registry.replication.routing.image_pushed"):
            assert outbox.run(row.id)
        for row in OutboxRow.objects.filter(event="ReplicationDue").order_by("-id"):
            assert outbox.run(row.id)
        assert held(far) == {first.digest: [], second.digest: ["latest"]}

    def test_an_immutable_tag_stays(self, alice: Caller, address: Address, far: RegistryId) -> None:
        make = {"applied_for": ["REPLICATION"], "image_tag_mutability": "IMMUTABLE"}
        templates.put(alice, far, "ROOT", make)
        configure(alice, rule(far))
        first = push_image(alice, address, "1")
        work()
        second = push_image(alice, address, "1")
        work()
        assert held(far) == {first.digest: ["1"], second.digest: []}
        assert status(alice, address, second.digest) == [("FAILED", "ImageTagAlreadyExists")]
        assert OutboxRow.objects.count() == 0

    def test_a_tag_that_is_gone(self, alice: Caller, address: Address, far: RegistryId) -> None:
        configure(alice, rule(far))
        image = push_image(alice, address, "gone")
        images.untag(alice, address, Tag.parse("gone"))
        work()
        assert held(far) == {image.digest: []} and status(alice, address, image.digest) == [("COMPLETE", "")]


class TestNoLoops:
    """What came by replication goes no further."""

    def test_between_two(self, alice: Caller, address: Address, far: RegistryId) -> None:
        home = RegistryId(alice.account_id, HOME)
        configure(alice, rule(far))
        configure(alice, rule(home), region=FAR)
        push_image(alice, address, "1")
        work()
        assert Replication.objects.count() == 1 and ImageTag.objects.count() == 2

    def test_not_to_a_third(self, alice: Caller, charlie: Caller, address: Address, far: RegistryId) -> None:
        third = RegistryId(charlie.account_id, FAR)
        let_in(charlie, alice.account_id, region=FAR)
        configure(alice, rule(far))
        configure(alice, rule(third), region=FAR)
        image = push_image(alice, address, "1")
        work()
        assert held(far) and not held(third)
        copy = Address(far, address.name)
        images.delete(alice, copy, Digest.parse(image.digest))
        recycling.restore(alice, copy, Digest.parse(image.digest))
        work()
        assert held(far) == {image.digest: ["1"]} and not held(third), (
            "what is restored came by replication all the same"
        )
        images.put(alice, copy, Tag.parse("mine"), image.media_type, bytes(image.manifest.content))
        work()
        assert held(third) == {image.digest: ["mine"]}, "what is pushed there goes on"


class TestAgain:
    """Work that is done twice, or by two, changes nothing."""

    def test_it_changes_nothing(self, alice: Caller, address: Address, far: RegistryId) -> None:
        configure(alice, rule(far))
        push_image(alice, address, "1")
        work()
        before = (AuditEvent.objects.count(), TagEvent.objects.count(), Image.objects.count(), BlobLink.objects.count())
        row = Replication.objects.get()
        Replication.objects.update(status="IN_PROGRESS")
        copying.run({"replication": row.id})
        after = (AuditEvent.objects.count(), TagEvent.objects.count(), Image.objects.count(), BlobLink.objects.count())
        assert before == after and OutboxRow.objects.count() == 0
        assert Replication.objects.get().status == "COMPLETE"

    def test_a_worker_that_died_half_way(
        self, alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The children are there, the index is not: the next try finds them and goes on."""
        configure(alice, rule(far))
        children = [push_image(alice, address), push_image(alice, address, architecture="arm64")]
        OutboxRow.objects.all().delete()
        index = push_index(alice, address, "all", children)
        real, made = Image.objects.create, list[str]()

        def dying(**fields: Any) -> Image:
            if len(made) == 2:
                raise KeyboardInterrupt
            made.append(fields["digest"])
            return real(**fields)

        monkeypatch.setattr(Image.objects, "create", dying)
        with pytest.raises(KeyboardInterrupt):
            work()
        assert held(far) == {child.digest: [] for child in children}
        monkeypatch.undo()
        OutboxRow.objects.update(claimed_until=None)
        work()
        assert held(far) == {child.digest: [] for child in children} | {index.digest: ["all"]}
        assert status(alice, address, index.digest) == [("COMPLETE", "")]


def test_an_image_that_is_gone(alice: Caller, address: Address, far: RegistryId) -> None:
    configure(alice, rule(far))
    image = push_image(alice, address, "1")
    row = OutboxRow.objects.get(task="registry.replication.routing.image_pushed")
    outbox.run(row.id)
    images.delete(alice, address, Digest.parse(image.digest))
    work()
    assert held(far) == {} and Replication.objects.get().failure_code == "ImageNotFound"


def test_archived_images_come_when_they_are_restored(alice: Caller, address: Address, far: RegistryId) -> None:
    image = push_image(alice, address, "1")
    archive.update(alice, address, Digest.parse(image.digest), None, "ARCHIVE")
    work()
    configure(alice, rule(far))
    archive.update(alice, address, Digest.parse(image.digest), None, "STANDARD")
    work()
    assert held(far) == {image.digest: ["1"]}


def test_damaged_layers_are_not_handed_on(alice: Caller, address: Address, far: RegistryId) -> None:
    configure(alice, rule(far))
    image = push_image(alice, address, "1")
    Blob.objects.filter(images__image=image, images__is_config=False).update(state=Blob.State.DAMAGED)
    work()
    assert held(far) == {} and status(alice, address, image.digest) == [("FAILED", "LayersNotFound")]


@pytest.mark.parametrize(
    ("setting", "value", "code"), [("MAX_IMAGES", 0, "CountLimitExceeded"), ("STORAGE_QUOTA_BYTES", 1, "QuotaExceeded")]
)
def test_limits_of_the_destination(
    alice: Caller,
    charlie: Caller,
    address: Address,
    theirs: RegistryId,
    settings: Settings,
    setting: str,
    value: int,
    code: str,
) -> None:
    let_in(charlie, alice.account_id)
    make_repository(charlie)
    push_image(charlie, Address(theirs, address.name), "own")
    configure(alice, rule(theirs))
    image = push_image(alice, address, "1")
    OutboxRow.objects.filter(event="RepositoryCreated").delete()
    setattr(settings, setting, value)
    work()
    assert status(alice, address, image.digest) == [("FAILED", code)]
    assert image.digest not in held(theirs)


def test_public_repositories_are_not_replicated(alice: Caller, far: RegistryId) -> None:
    configure(alice, rule(far))
    public = make_public_repository(alice)
    push_image(alice, public.address, "1")
    work()
    assert not Replication.objects.exists() and Repository.objects.count() == 1


def test_nothing_is_read_or_stored(
    alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replication within a deployment touches no byte."""
    configure(alice, rule(far))
    push_image(alice, address, "1")

    def refuse(*_: object) -> None:
        raise AssertionError("the store was asked")

    monkeypatch.setattr(type(storage.default()), "open", refuse)
    monkeypatch.setattr(type(storage.default()), "size", refuse)
    work()
    assert held(far)
