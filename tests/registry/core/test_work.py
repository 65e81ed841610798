"""Long jobs: they act with the rights of this moment, survive being killed, stop, and try again."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from pytest_django import Settings

from accounts import outbox
from accounts.authn import callers
from accounts.caller import Caller, operator
from accounts.directory import policies
from accounts.errors import AccessDenied, NotFound
from accounts.models import Membership, OutboxRow
from registry.core import bulk, work
from registry.errors import StorageUnavailable
from registry.models import Repository, WorkItem, WorkTarget
from registry.models.work import MOVES
from registry.values import Address, RegistryId
from tests.factories.registry import make_repository
from tests.registry.console.test_console import member
from tests.registry.core.test_image_details import rights

KIND = "tag-repositories"
TAGS = {"tags": {"team": "shop"}}


@pytest.fixture
def membership(alice: Caller) -> Membership:
    """Ana's, as an administrator."""
    return Membership.objects.select_related("account", "role", "person").get(
        person=member(alice.account_id, "ana@x.io")
    )


@pytest.fixture
def start(membership: Membership) -> Callable[..., WorkItem]:
    """Begins a job of Ana's."""

    def begin(*names: str, kind: str = KIND, is_secure: bool = False) -> WorkItem:
        caller = callers.from_membership(membership, region="us-east-1", is_secure=is_secure)
        registry = RegistryId(membership.account_id, "us-east-1")
        return work.start(caller, membership, registry, kind, names, params=TAGS)

    return begin


def caller_of(item: WorkItem) -> Caller:
    """Who started it."""
    assert item.membership is not None
    return callers.from_membership(item.membership, region="us-east-1")


def run(item: WorkItem) -> WorkItem:
    """Work on it as long as one task does."""
    work.run({"item": str(item.id)})
    return WorkItem.objects.get(id=item.id)


def test_it_works_in_batches(alice: Caller, start: Callable[..., WorkItem]) -> None:
    names = [f"app-{number:03}" for number in range(45)]
    for name in names:
        make_repository(alice, name)
    item = start(*names)
    assert (item.state, item.total, OutboxRow.objects.filter(event="WorkQueued").count()) == ("queued", 45, 1)
    item = run(item)
    assert (item.state, item.done, item.failed, item.worked) == ("done", 45, 0, 45) and item.finished_at
    assert Repository.objects.filter(resource_tags={"team": "shop"}).count() == 45
    assert run(item).done == 45, "a second run finds nothing to do"


def test_it_goes_on_where_it_was_killed(
    alice: Caller, start: Callable[..., WorkItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"app-{number:03}" for number in range(25)]
    for name in names:
        make_repository(alice, name)
    item = start(*names)
    monkeypatch.setattr(work, "SECONDS", -1.0)
    OutboxRow.objects.all().delete()
    run(item)
    assert OutboxRow.objects.filter(event="WorkQueued").exists(), "what is left is queued again"
    monkeypatch.undo()

    tag = bulk.tag_repository

    def dies(caller: Caller, at: WorkItem, name: str) -> None:
        if name == "app-022":
            raise KeyboardInterrupt
        tag(caller, at, name)

    monkeypatch.setattr(bulk, "tag_repository", dies)
    with pytest.raises(KeyboardInterrupt):
        run(item)
    item.refresh_from_db()
    assert (item.state, item.done) == ("running", 20)
    monkeypatch.undo()
    assert (run(item).state, run(item).done) == ("done", 25)


def test_a_store_that_is_away_fails_nothing(
    alice: Caller, start: Callable[..., WorkItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done before it counts, the rest is done once it is back: the outbox tries again."""
    names = [f"app-{number}" for number in range(4)]
    for name in names:
        make_repository(alice, name)
    item = start(*names)
    [row] = OutboxRow.objects.filter(event="WorkQueued")
    tag = bulk.tag_repository

    def is_away(caller: Caller, at: WorkItem, name: str) -> None:
        tag(caller, at, name)
        if name == "app-2":
            raise StorageUnavailable("it does not answer")

    with monkeypatch.context() as away:
        away.setattr(bulk, "tag_repository", is_away)
        for _ in range(2):
            assert not outbox.run(row.id)
    item.refresh_from_db()
    assert (item.state, item.done, item.failed) == ("running", 2, 0)
    assert Repository.objects.filter(resource_tags={"team": "shop"}).count() == 2, "what was hindered left nothing"
    assert outbox.run(row.id)
    item.refresh_from_db()
    assert (item.state, item.done, item.failed) == ("done", 4, 0)


def test_what_fails_is_told_and_tried_again(alice: Caller, start: Callable[..., WorkItem]) -> None:
    make_repository(alice, "there")
    item = run(start("absent", "there"))
    assert (item.state, item.done, item.failed) == ("partial", 1, 1)
    assert [(each.name, each.error) for each in work.failures(item)] == [("absent", "RepositoryNotFound")]
    make_repository(alice, "absent")
    item = run(work.retry(caller_of(item), str(item.id)))
    assert (item.state, item.done, item.failed) == ("done", 2, 0)
    assert work.retry(caller_of(item), str(item.id)).state == "done", "there is nothing to try again"


def test_it_stops_when_it_is_cancelled(alice: Caller, start: Callable[..., WorkItem]) -> None:
    make_repository(alice, "there")
    item = start("there")
    assert work.cancel(caller_of(item), str(item.id)).state == "cancelled"
    assert run(item).done == 0 and Repository.objects.get().resource_tags == {}
    assert work.cancel(caller_of(item), str(item.id)).state == "cancelled"


def test_it_acts_with_the_rights_of_the_moment(
    alice: Caller, start: Callable[..., WorkItem], membership: Membership, settings: Settings
) -> None:
    settings.RIGHTS_SECONDS = 0
    make_repository(alice, "there")
    item = start("there")
    membership.role.attachments.all().delete()
    assert work.failures(run(item))[0].error == "AccessDenied"
    second = start("there")
    membership.delete()
    assert work.failures(run(second))[0].error == work.LEFT
    assert Repository.objects.get().resource_tags == {}


def test_policies_know_whether_it_was_asked_for_by_https(
    alice: Caller, start: Callable[..., WorkItem], membership: Membership, settings: Settings
) -> None:
    settings.RIGHTS_SECONDS = 0
    make_repository(alice, "there")
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policies.put_inline(operator(alice.account_id), membership.role, "https", text)
    item = start("there")
    assert work.failures(run(item))[0].error == "AccessDenied"
    item = start("there", is_secure=True)
    assert (run(item).state, item.is_secure) == ("done", True)


def test_it_refuses_other_peoples_jobs(
    alice: Caller, charlie: Caller, address: Address, start: Callable[..., WorkItem]
) -> None:
    item = start("absent")
    run(item)
    for stranger in (charlie, Caller()):
        for act in (work.get, work.cancel, work.retry):
            with pytest.raises(NotFound):
                act(stranger, str(item.id))
        assert work.recent(stranger).total == 0
    assert work.get(alice, str(item.id)) == item, "who may look up events sees all jobs of the account"
    with pytest.raises(NotFound):
        work.retry(alice, str(item.id))
    looks = replace(alice, principal_arn=f"{alice.principal_arn}-2", rights=rights("cloudtrail:LookupEvents"))
    assert work.get(looks, str(item.id)) == item and not work.may_cancel(looks, item)
    with pytest.raises(AccessDenied):
        work.cancel(looks, str(item.id))
    assert work.may_cancel(alice, item)
    for wrong in ("", "x", "0" * 36):
        with pytest.raises(NotFound):
            work.get(alice, wrong)


def test_jobs_page_by_page(start: Callable[..., WorkItem]) -> None:
    items = [start(f"n{number}") for number in range(3)]
    caller = caller_of(items[0])
    page = work.recent(caller, limit=2)
    assert page.rows == [items[2], items[1]] and page.total == 3
    page = work.recent(caller, after=page.next, limit=2)
    assert page.rows == [items[0]] and not page.next
    assert work.recent(caller, before=page.previous, limit=2).rows == [items[2], items[1]]
    assert [item.id for item in work.of_note(caller)] == [item.id for item in reversed(items)]


def test_every_state_is_in_the_table() -> None:
    assert set(MOVES) == set(WorkItem.State)
    assert {WorkTarget.State.PENDING, WorkTarget.State.DONE, WorkTarget.State.FAILED} == set(WorkTarget.State)
