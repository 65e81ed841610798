"""Deletions that follow at a peer."""

from accounts import outbox
from accounts.caller import Caller
from accounts.models import AuditEvent, OutboxRow
from registry.core import images
from registry.values import Address, Digest, RegistryId
from registry.values import ImageTag as Tag
from tests.clients.false_peer import FalsePeer, Said, refusal
from tests.registry.replication.making import HOME, work
from tests.registry.replication.test_sending import push, there

__all__ = ["there"]


def test_deletions_follow(there: FalsePeer, alice: Caller, address: Address, far: RegistryId) -> None:
    row = push(alice, address, far)
    images.untag(alice, address, Tag.parse("1"))
    images.delete(alice, address, Digest.parse(row.image.digest))
    work()
    assert there.removals == [{"digest": row.image.digest, "tag": "1"}, {"digests": [row.image.digest]}]


def test_a_deletion_that_is_refused_is_in_the_trail(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId
) -> None:
    push(alice, address, far)
    there.lie = lambda request: refusal(403, "AccessDenied")
    images.untag(alice, address, Tag.parse("1"))
    work()
    assert AuditEvent.objects.get(event_name="BatchDeleteImage", error_code="AccessDenied").region == HOME


def test_a_deletion_waits_for_a_peer_that_is_away(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId
) -> None:
    push(alice, address, far)
    there.lie = lambda request: Said(503)
    images.untag(alice, address, Tag.parse("1"))
    [row] = OutboxRow.objects.filter(task="registry.replication.deletions.image_untagged")
    assert not outbox.run(row.id) and not there.removals
    there.lie = lambda request: None
    assert outbox.run(row.id) and len(there.removals) == 1
