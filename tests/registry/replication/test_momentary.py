"""Faults of the moment at a peer, or on the way to it: the copy is made later, with nothing left of the first try."""

import errno
from datetime import timedelta
from typing import Any, Self

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts import outbox
from accounts.caller import Caller
from accounts.models import AuditEvent, OutboxRow
from registry import storage
from registry.core import images, replicas
from registry.models import Image, Peer, Replication, ReplicationBackfill
from registry.replication import backfills, copying, routing, tasks, trying
from registry.storage.driver import BlobContent
from registry.values import Address, Digest, RegistryId
from registry.values import ImageTag as Tag
from tests.clients.false_peer import FalsePeer, Request, Said, refusal
from tests.factories.registry import push_image, push_index
from tests.registry.conftest import ALICE_ACCOUNT
from tests.registry.replication.making import HOME, configure, held, let_in, rule, work
from tests.registry.replication.test_sending import Status, ended, push, there, try_again

__all__ = ["there"]

REGISTRY = RegistryId(ALICE_ACCOUNT, HOME)


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT"])
def test_a_proxy_that_finds_no_peer_behind_it(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, method: str
) -> None:
    """What stands before a peer answers 404 while that starts; a Kho says of what it speaks, or why."""
    there.lie = lambda request: Said(404) if request.method == method else None
    row = push(alice, address, far)
    assert ended(row) == (Status.IN_PROGRESS, "PeerUnavailable")
    there.lie = lambda request: None
    try_again()
    assert ended(row) == (Status.COMPLETE, "")


def test_who_tries_the_trust_is_told_that_there_is_no_kho(there: FalsePeer) -> None:
    there.lie = lambda request: Said(404)
    found = trying.check(Peer.objects.get())
    assert (found.problem, found.why) == (trying.Problem.NO_KHO, "it answers 404")


def test_a_request_that_is_untimely(there: FalsePeer, alice: Caller, address: Address, far: RegistryId) -> None:
    """The clocks are apart until somebody sets them; or a proxy has sent a request on to a second node."""
    there.lie = lambda request: refusal(401, "CredentialsExpired")
    row = push(alice, address, far)
    assert ended(row) == (Status.IN_PROGRESS, "PeerUnavailable")
    assert trying.check(Peer.objects.get()).problem == trying.Problem.STRANGER
    there.lie = lambda request: None
    try_again()
    assert ended(row) == (Status.COMPLETE, "")


def test_an_answer_that_breaks_off(there: FalsePeer, alice: Caller, address: Address, far: RegistryId) -> None:
    """The peer died while it answered."""
    cut = {"Content-Length": "1000", "Connection": "close"}
    there.lie = lambda request: Said(200, cut, b'{"missing"') if request.path == "blobs/missing" else None
    row = push(alice, address, far)
    assert ended(row) == (Status.IN_PROGRESS, "PeerUnavailable")
    there.lie = lambda request: None
    try_again()
    assert ended(row) == (Status.COMPLETE, "")


class _Torn:
    """A file whose disk fails."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def seek(self, _: int) -> int:
        return 0

    def read(self, _: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")


def test_a_disk_that_fails_here_is_no_peer_that_is_away(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn: Any = BlobContent(_Torn())  # type: ignore[arg-type]  # as much of a file as is needed
    configure(alice, rule(far))
    push_image(alice, address, "1", layers=[b"one"])
    for pushed in OutboxRow.objects.filter(event="ImagePushed"):
        outbox.run(pushed.id)
    with monkeypatch.context() as failing:
        failing.setattr(type(storage.default()), "open", lambda *_: torn)
        try_again()
    there.blobs.clear()  # it takes less than was promised
    row = Replication.objects.get()
    assert ended(row) == (Status.IN_PROGRESS, "")
    assert "StorageUnavailable" in OutboxRow.objects.get(event="ReplicationDue").last_error
    assert not cache.get(f"peer-away:{Peer.objects.get().id}"), "others may go on"
    try_again()
    assert ended(row) == (Status.COMPLETE, "")


def test_an_image_that_went_after_an_answer_was_lost(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId
) -> None:
    """The peer has it, though nobody here knows; its deletion came too early to find it there."""

    def lose(request: Request) -> Said | None:
        if request.method == "PUT" and request.path.startswith("manifests/"):
            there.truth(request)
            return Said(502)
        return None

    there.lie = lose
    row = push(alice, address, far)
    assert ended(row) == (Status.IN_PROGRESS, "PeerUnavailable") and there.manifests
    images.delete(alice, address, Digest.parse(row.image.digest))
    OutboxRow.objects.exclude(event="ReplicationDue").delete()
    there.lie = lambda request: None
    work()
    assert ended(row) == (Status.FAILED, "ImageNotFound")
    assert there.removals == [{"digest": row.image.digest, "tag": "1"}, {"digests": [row.image.digest]}]


def test_what_one_refuses_is_written_once_while_another_is_away(
    there: FalsePeer, alice: Caller, charlie: Caller, address: Address, far: RegistryId, theirs: RegistryId
) -> None:
    let_in(charlie, alice.account_id)
    configure(alice, rule(far, theirs, deletes=True))
    push_image(alice, address, "1")
    work()
    there.lie = lambda request: Said(503)
    images.untag(alice, address, Tag.parse("1"))
    for _ in range(3):
        for row in OutboxRow.objects.order_by("id"):
            outbox.run(row.id)
    refused = AuditEvent.objects.filter(event_name="BatchDeleteImage", error_code="AccessDenied")
    assert refused.count() == 1 and not there.removals
    there.lie = lambda request: None
    work()
    assert refused.count() == 1 and len(there.removals) == 1


def begun(alice: Caller, address: Address, far: RegistryId) -> ReplicationBackfill:
    """A backfill of one image that was there before the rules."""
    push_image(alice, address, "old")
    OutboxRow.objects.all().delete()
    configure(alice, rule(far))
    return backfills.start(alice, REGISTRY, far)


def look(made: ReplicationBackfill) -> ReplicationBackfill:
    """Let the work of a backfill be tried once."""
    for row in OutboxRow.objects.filter(event="BackfillQueued"):
        outbox.run(row.id)
    made.refresh_from_db()
    return made


def test_a_backfill_of_days_waits_for_a_peer_that_starts(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId
) -> None:
    """The day that a peer may be away begins when it is away first, not when the backfill did."""
    made = begun(alice, address, far)
    ReplicationBackfill.objects.update(started_at=timezone.now() - timedelta(days=3))
    there.lie = lambda request: Said(503)
    assert look(made).worked == 0 and made.away_since is not None
    there.lie = lambda request: None
    again = ReplicationBackfill.objects.get(id=look(made).id)
    assert (again.status, again.completed, again.away_since) == ("COMPLETE", 1, None)


def test_a_backfill_gives_a_peer_up_after_a_day(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId
) -> None:
    made = begun(alice, address, far)
    there.lie = lambda request: Said(503)
    assert look(made).worked == 0
    ReplicationBackfill.objects.update(away_since=timezone.now() - timedelta(days=1, minutes=1))
    assert (look(made).status, made.failed) == ("COMPLETE", 1)
    assert backfills.failure_codes(made) == ["PeerUnavailable"]


@pytest.mark.parametrize("how", ["stopped", "without a rule"])
def test_a_copy_outlives_its_backfill(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, how: str
) -> None:
    """What waits for a peer goes on by itself, and is not under way for ever."""
    made = begun(alice, address, far)
    there.lie = lambda request: Said(503)
    look(made)
    copy = Replication.objects.get()
    assert copy.status == Status.IN_PROGRESS
    if how == "stopped":
        backfills.stop(alice, REGISTRY, str(made.id))
    else:
        configure(alice)
    assert look(made).is_over
    there.lie = lambda request: None
    work()
    assert ended(copy) == (Status.COMPLETE, "")


@pytest.mark.parametrize("times", [1, replicas.MOST_TRIES])
def test_a_child_that_is_deleted_there_before_its_index_comes(
    alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Inside a deployment: it is brought again; an index without its children is never there."""
    child = push_image(alice, address)
    index = push_index(alice, address, "all", [child])
    put_children, left = replicas._put_children, [None] * times

    def put_and_lose(way: Any, source: Image, above: frozenset[str]) -> None:
        put_children(way, source, above)
        if source.digest == index.digest and left:
            left.pop()
            images.delete(alice, Address(far, address.name), Digest.parse(child.digest))

    monkeypatch.setattr(replicas, "_put_children", put_and_lose)
    configure(alice, rule(far))
    row = routing.start(index, "all", far, index.repository)
    copying.copy(row)
    if times < replicas.MOST_TRIES:
        assert ended(row) == (Status.COMPLETE, "")
        assert held(far) == {child.digest: [], index.digest: ["all"]}
    else:
        assert ended(row) == (Status.FAILED, "ReferencedImagesNotFound")
        assert held(far) == {}


def test_a_copy_whose_work_was_discarded_is_not_under_way_for_ever(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId
) -> None:
    there.lie = lambda request: Said(503)
    row = push(alice, address, far)
    Replication.objects.update(started_at=timezone.now() - copying.SETTLED)
    tasks.prune_replication_backfills()
    assert ended(row) == (Status.IN_PROGRESS, "PeerUnavailable"), "its work waits"
    OutboxRow.objects.filter(event="ReplicationDue").delete()
    made = backfills.start(alice, REGISTRY, far)
    tasks.prune_replication_backfills()
    assert ended(row) == (Status.IN_PROGRESS, "PeerUnavailable"), "a backfill may be at it"
    ReplicationBackfill.objects.filter(id=made.id).update(ended_at=timezone.now())
    tasks.prune_replication_backfills()
    assert ended(row) == (Status.FAILED, "GivenUp")
