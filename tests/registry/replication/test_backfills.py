"""Backfills: what was there before the rules is copied, once, with results; stopped, killed and refused."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import outbox
from accounts.caller import Caller
from accounts.errors import AccessDenied
from accounts.iam.request import NO_RIGHTS
from accounts.models import AuditEvent, OutboxRow
from registry.core import addresses, archive, retagging
from registry.errors import BackfillInProgress, BackfillInvalidStatus, BackfillNotFound, InvalidValue, LimitExceeded
from registry.models import Blob, ReplicationBackfill
from registry.replication import backfills, tasks
from registry.values import Address, Digest, RegistryId
from registry.values import ImageTag as Tag
from tests.factories.registry import make_caller, make_repository, push_image, push_index
from tests.registry.replication.making import FAR, HOME, attach, configure, held, let_in, rule, work

ACCOUNT = "111122223333"
REGISTRY = RegistryId(ACCOUNT, HOME)


@pytest.fixture
def before(alice: Caller, address: Address) -> dict[str, Any]:
    """What was there before the rules: two tags of an image, one without, an index, and another repository."""
    made: dict[str, Any] = {"one": push_image(alice, address, "1", layers=[b"x"])}
    push_image(alice, address, "2")
    made["bare"] = push_image(alice, address)
    made["child"] = push_image(alice, address)
    made["index"] = push_index(alice, address, "all", [made["child"]])
    make_repository(alice, "other/app")
    push_image(alice, addresses.private(ACCOUNT, "other/app"), "1")
    work()
    return made


def results(caller: Caller, row: ReplicationBackfill) -> list[tuple[str, str, str]]:
    """Tags, statuses and codes of all results."""
    found, _ = backfills.results(backfills.get(caller, REGISTRY, str(row.id)))
    return sorted((each.tag, each.status, each.failure_code) for each in found)


def test_it_works(alice: Caller, before: dict[str, Any], far: RegistryId) -> None:
    configure(alice, rule(far, prefixes=("team/",)))
    row = backfills.start(alice, REGISTRY, far)
    assert row.status == "PREPARING" and backfills.results(row) == ([], False)
    work()
    row = backfills.get(alice, REGISTRY, str(row.id))
    assert (row.status, row.total, row.completed, row.failed) == ("COMPLETE", 4, 4, 0) and row.ended_at
    assert [each[0] for each in results(alice, row)] == ["", "1", "2", "all"]
    there = held(far)
    assert there[before["one"].digest] == ["1"] and there[before["bare"].digest] == []
    assert there[before["index"].digest] == ["all"] and there[before["child"].digest] == []
    assert held(far, "other/app") == {}
    names = set(AuditEvent.objects.values_list("event_name", flat=True))
    assert {"StartReplicationBackfill", "ReplicateImage"} <= names


def test_tags_that_a_rule_takes(alice: Caller, before: dict[str, Any], far: RegistryId) -> None:
    configure(alice, rule(far, prefixes=("team/",), tags=("a*", "2")))
    row = backfills.start(alice, REGISTRY, far)
    work()
    assert results(alice, row) == [("2", "COMPLETE", ""), ("all", "COMPLETE", "")]
    assert sorted(held(far).values()) == [[], ["2"], ["all"]]


def test_failures_are_counted_with_their_codes(
    alice: Caller, charlie: Caller, before: dict[str, Any], theirs: RegistryId
) -> None:
    let_in(charlie, ACCOUNT, "ReplicateImage")
    make_repository(charlie)
    configure(alice, rule(theirs))
    Blob.objects.filter(images__image=before["child"], images__is_config=False).update(state=Blob.State.DAMAGED)
    row = backfills.start(alice, REGISTRY, theirs)
    work()
    row = backfills.get(alice, REGISTRY, str(row.id))
    assert (row.status, row.completed, row.failed) == ("COMPLETE", 3, 2)
    assert backfills.failure_codes(row) == ["AccessDenied", "ChildrenNotReplicated"]
    failed, _ = backfills.results(row, status="FAILED")
    assert {(each.repository_name, each.failure_code, *each.child_failure_codes) for each in failed} == {
        ("other/app", "AccessDenied"),
        ("team/app", "ChildrenNotReplicated", "LayersNotFound"),
    }


def test_what_came_by_replication_or_is_archived_stays(alice: Caller, address: Address, far: RegistryId) -> None:
    archive.update(alice, address, Digest.parse(push_image(alice, address, "old").digest), None, "ARCHIVE")
    home = RegistryId(ACCOUNT, HOME)
    configure(alice, rule(home), region=FAR)
    make_repository(alice, "x/y")
    far_address = Address(far, address.name)
    configure(alice, rule(far))
    push_image(alice, address, "1")
    work()
    row = backfills.start(alice, far, home)
    work()
    assert backfills.get(alice, far, str(row.id)).total == 0
    own = push_image(alice, far_address, "own")
    OutboxRow.objects.all().delete()
    row = backfills.start(alice, far, home)
    work()
    assert backfills.get(alice, far, str(row.id)).total == 1 and held(home)[own.digest] == ["own"]


def test_what_was_made_here_stays(alice: Caller, address: Address, far: RegistryId) -> None:
    image = push_image(alice, address, "1")
    made = attach(alice, image)
    configure(alice, rule(far))
    row = backfills.start(alice, REGISTRY, far)
    work()
    assert backfills.get(alice, REGISTRY, str(row.id)).total == 1 and held(far) == {image.digest: ["1"]}
    retagging.retag(alice, address, Digest.parse(made.digest), Tag.parse("made"))
    row = backfills.start(alice, REGISTRY, far)
    work()
    assert held(far) == {image.digest: ["1"], made.digest: ["made"]}, "somebody has pushed it"


class TestStopping:
    """At once while it is prepared, after the copies under way later."""

    def test_while_it_is_prepared(self, alice: Caller, before: dict[str, Any], far: RegistryId) -> None:
        configure(alice, rule(far))
        row = backfills.start(alice, REGISTRY, far)
        assert backfills.stop(alice, REGISTRY, str(row.id)).status == "STOPPED"
        work()
        assert held(far) == {} and backfills.get(alice, REGISTRY, str(row.id)).total is None
        with pytest.raises(BackfillInvalidStatus):
            backfills.stop(alice, REGISTRY, str(row.id))

    def test_while_it_copies(
        self, alice: Caller, before: dict[str, Any], far: RegistryId, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(backfills, "COPIED", 1)
        monkeypatch.setattr(backfills, "SECONDS", 0)
        configure(alice, rule(far))
        row = backfills.start(alice, REGISTRY, far)
        for _ in range(4):
            backfills._work(row.id)
        assert backfills.stop(alice, REGISTRY, str(row.id)).status == "STOPPING"
        backfills._work(row.id)
        row = backfills.get(alice, REGISTRY, str(row.id))
        assert (row.status, row.total, row.completed) == ("STOPPED", 5, 2)
        assert len(results(alice, row)) == 2 and sum(map(len, held(far).values())) <= 2


def test_a_worker_that_died(
    alice: Caller, before: dict[str, Any], far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a copy, before its result was written: the next one copies again and counts once."""
    configure(alice, rule(far))
    row = backfills.start(alice, REGISTRY, far)

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backfills, "F", die)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert len(held(far)) == 1
    monkeypatch.undo()
    OutboxRow.objects.update(claimed_until=None)
    work()
    row = backfills.get(alice, REGISTRY, str(row.id))
    assert (row.status, row.total, row.completed, row.failed) == ("COMPLETE", 5, 5, 0)


def test_a_task_makes_room(
    alice: Caller, before: dict[str, Any], far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfills, "SECONDS", 0)
    configure(alice, rule(far))
    row = backfills.start(alice, REGISTRY, far)
    backfills.run({"backfill": str(row.id)})
    assert OutboxRow.objects.filter(event="BackfillQueued").count() == 2


def test_a_rule_that_is_gone_ends_it(alice: Caller, before: dict[str, Any], far: RegistryId) -> None:
    configure(alice, rule(far))
    row = backfills.start(alice, REGISTRY, far)
    configure(alice)
    work()
    row = backfills.get(alice, REGISTRY, str(row.id))
    assert (row.status, row.failure_code) == ("FAILED", "DestinationNotConfigured") and held(far) == {}


class TestRefusals:
    """What can't be started, stopped or seen."""

    def test_where_no_rule_leads(self, alice: Caller, far: RegistryId) -> None:
        with pytest.raises(InvalidValue):
            backfills.start(alice, REGISTRY, far)

    def test_one_for_a_region(self, alice: Caller, far: RegistryId) -> None:
        another = RegistryId("444455556666", FAR)
        configure(alice, rule(far, another))
        backfills.start(alice, REGISTRY, far)
        with pytest.raises(BackfillInProgress):
            backfills.start(alice, REGISTRY, another)

    def test_so_many(self, alice: Caller, far: RegistryId, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(backfills, "MOST_OPEN", 0)
        configure(alice, rule(far))
        with pytest.raises(LimitExceeded):
            backfills.start(alice, REGISTRY, far)

    @pytest.mark.parametrize("wrong", ["nonsense", "00000000-0000-0000-0000-000000000001"])
    def test_unknown(self, alice: Caller, wrong: str) -> None:
        with pytest.raises(BackfillNotFound):
            backfills.get(alice, REGISTRY, wrong)
        with pytest.raises(BackfillNotFound):
            backfills.stop(alice, REGISTRY, wrong)

    def test_of_another_registry(self, alice: Caller, far: RegistryId) -> None:
        configure(alice, rule(far))
        row = backfills.start(alice, REGISTRY, far)
        with pytest.raises(BackfillNotFound):
            backfills.get(alice, far, str(row.id))

    def test_without_rights(self, alice: Caller, charlie: Caller, far: RegistryId) -> None:
        configure(alice, rule(far))
        row = backfills.start(alice, REGISTRY, far)
        for caller in (charlie, make_caller(ACCOUNT, "bob", rights=NO_RIGHTS)):
            with pytest.raises(AccessDenied):
                backfills.start(caller, REGISTRY, far)
            with pytest.raises(AccessDenied):
                backfills.get(caller, REGISTRY, str(row.id))
            with pytest.raises(AccessDenied):
                backfills.stop(caller, REGISTRY, str(row.id))
            with pytest.raises(AccessDenied):
                backfills.recent(caller, REGISTRY)


def test_they_are_listed_and_forgotten(alice: Caller, before: dict[str, Any], far: RegistryId) -> None:
    configure(alice, rule(far))
    made = []
    for _ in range(3):
        made.append(str(backfills.start(alice, REGISTRY, far).id))
        work()
    first, more = backfills.recent(alice, REGISTRY, limit=2)
    rest, end = backfills.recent(alice, REGISTRY, after=str(first[-1].id), limit=2)
    assert [str(row.id) for row in (*first, *rest)] == made[::-1] and more and not end
    ReplicationBackfill.objects.filter(id=made[0]).update(ended_at=timezone.now() - timedelta(days=91))
    assert [str(row.id) for row in backfills.recent(alice, REGISTRY)[0]] == made[:0:-1]
    assert tasks.prune_replication_backfills() == 1 and ReplicationBackfill.objects.count() == 2


def test_a_row_of_the_outbox_is_enough(alice: Caller, before: dict[str, Any], far: RegistryId) -> None:
    """A broker that forgot it: the sweep of its queue takes it up."""
    configure(alice, rule(far))
    backfills.start(alice, REGISTRY, far)
    OutboxRow.objects.update(due_at=timezone.now())
    assert outbox.sweep("replication") >= 1
    assert ReplicationBackfill.objects.get().status == "COMPLETE"
