"""Work is started by rows: sent on commit, swept if it did not arrive, put off if it fails, never lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import outbox, tasks
from accounts.models import OutboxRow

DONE: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Happened:
    """A domain event of the tests."""

    number: int


def work(payload: dict[str, Any]) -> None:
    """A task that succeeds."""
    DONE.append(payload)


def broken(payload: dict[str, Any]) -> None:
    """A task that fails."""
    raise ZeroDivisionError("broken")


def early(payload: dict[str, Any]) -> None:
    """A task whose time has not come."""
    raise outbox.Later(timezone.now() + timedelta(days=2))


def greedy(payload: dict[str, Any]) -> None:
    """A task whose row comes a second time while it is at it."""
    DONE.append(payload)
    assert outbox.run(OutboxRow.objects.get().id) is False


@pytest.fixture(autouse=True)
def wiring(settings: Settings, db: None) -> None:
    """One task for the event."""
    DONE.clear()
    settings.EVENT_TASKS = {"Happened": (f"{__name__}.work",)}


def due() -> None:
    """Let all rows be due."""
    OutboxRow.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_it_works(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def send(name: str, args: list[list[int]], **more: object) -> None:
        assert name == outbox.RUN_TASK and more == {"queue": "default", "retry": False}
        assert tasks.run_outbox_rows(*args) == 1

    monkeypatch.setattr("celery.current_app.send_task", send)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        outbox.announce(Happened(7))
        assert DONE == [] and OutboxRow.objects.count() == 1
    [done] = DONE
    assert done["number"] == 7 and UUID(done["event_id"]) and datetime.fromisoformat(done["happened_at"]).tzinfo
    assert not OutboxRow.objects.exists()


def test_events_that_nobody_listens_to_leave_nothing(settings: Settings) -> None:
    settings.EVENT_TASKS = {}
    outbox.announce(Happened(1))
    assert not OutboxRow.objects.exists()


def test_a_change_that_is_undone_announces_nothing() -> None:
    with transaction.atomic():
        outbox.announce(Happened(1))
        transaction.set_rollback(True)
    assert not OutboxRow.objects.exists()


def test_a_broker_that_is_away_only_delays(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("celery.current_app.send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        outbox.announce(Happened(1))
    assert DONE == []
    assert outbox.sweep() == 0, "a fresh row is left to its task for a moment"
    due()
    assert tasks.sweep_outbox() == 1
    assert [done["number"] for done in DONE] == [1] and not OutboxRow.objects.exists()


def test_work_that_fails_is_put_off_for_longer_each_time(settings: Settings) -> None:
    settings.EVENT_TASKS = {"Happened": (f"{__name__}.broken",)}
    outbox.announce(Happened(1))
    delays = []
    for tries in range(1, 4):
        due()
        assert outbox.sweep() == 0
        row = OutboxRow.objects.get()
        assert row.tries == tries and "broken" in row.last_error
        delays.append(row.due_at - timezone.now())
        assert "Happened" in str(row)
    assert delays == sorted(delays) and delays[-1] > 3 * delays[0]


def test_a_row_that_is_gone_is_done(db: None) -> None:
    assert tasks.run_outbox_rows([12345]) == 0


def test_many_events_are_few_messages(
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """A message names rows of one queue; one that fails is not in the way of those behind it."""
    settings.EVENT_TASKS = {"Happened": (f"{__name__}.work", f"{__name__}.broken")}
    settings.TASK_QUEUES = {f"{__name__}.broken": "mail"}
    sent: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda _, args, queue, **__: sent.append((queue, list(args[0])))
    )
    with django_capture_on_commit_callbacks(execute=True):
        outbox.announce(*map(Happened, range(25)))
    assert [(queue, len(ids)) for queue, ids in sent] == [
        *(("default", 10), ("default", 10), ("default", 5)),
        *(("mail", 10), ("mail", 10), ("mail", 5)),
    ]
    for _, ids in sent:
        tasks.run_outbox_rows(ids)
    assert [done["number"] for done in DONE] == list(range(25)) and len({done["event_id"] for done in DONE}) == 25
    assert set(OutboxRow.objects.values_list("queue", "tries")) == {("mail", 1)} and OutboxRow.objects.count() == 25


def announce(settings: Settings, *names: str) -> list[OutboxRow]:
    """Rows for these tasks of the tests."""
    settings.EVENT_TASKS = {"Happened": tuple(f"{__name__}.{name}" for name in names)}
    outbox.announce(Happened(1))
    return list(OutboxRow.objects.order_by("id"))


def test_a_row_that_comes_twice_is_worked_on_once(settings: Settings) -> None:
    [row] = announce(settings, "greedy")
    assert outbox.run(row.id) is True and len(DONE) == 1
    assert outbox.run(row.id) is False and len(DONE) == 1


def test_all_tasks_of_an_event_share_its_id(settings: Settings) -> None:
    first, second = announce(settings, "work", "broken")
    assert first.payload == second.payload


def test_a_row_of_a_dead_worker_is_taken_up_when_its_claim_runs_out(settings: Settings) -> None:
    [row] = announce(settings, "work")
    claimed = outbox._claim(row.id)
    assert claimed and claimed.tries == 1
    due()
    assert outbox.sweep() == 0, "its worker may live"
    OutboxRow.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    taken = outbox._claim(row.id)
    assert taken and taken.last_error == outbox.WORKER_DIED and taken.tries == 2
    assert not outbox._mine(claimed).exists(), "the first one has nothing to say any more"


def test_a_claim_is_made_longer_while_the_work_goes_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    [row] = announce(settings, "work")
    claimed = outbox._claim(row.id)
    assert claimed and claimed.claimed_until
    # The thread's own connection would see nothing of this test's transaction.
    monkeypatch.setattr("accounts.outbox.connection.close", lambda: None)
    waits = iter([False, False, True])
    is_over = type("Over", (), {"wait": lambda self, seconds: next(waits)})()
    outbox._keep(claimed, is_over)
    row.refresh_from_db()
    assert row.claimed_until and row.claimed_until > claimed.claimed_until and row.due_at == row.claimed_until
    OutboxRow.objects.update(claim=None)
    waits = iter([False])
    outbox._keep(claimed, is_over)


def test_a_claim_is_made_longer_after_a_database_that_was_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises: another worker must not take what this one is at."""
    [row] = announce(settings, "work")
    claimed = outbox._claim(row.id)
    assert claimed and claimed.claimed_until
    monkeypatch.setattr("accounts.outbox.connection.close", lambda: None)
    waits, problems = iter([False, False, False, True]), [InterfaceError("closed"), OperationalError("starting up")]
    mine = outbox._mine

    def find(wanted: OutboxRow) -> Any:
        if problems:
            raise problems.pop()
        return mine(wanted)

    monkeypatch.setattr(outbox, "_mine", find)
    outbox._keep(claimed, type("Over", (), {"wait": lambda self, seconds: next(waits)})())
    row.refresh_from_db()
    assert row.claimed_until and row.claimed_until > claimed.claimed_until


def test_work_that_fails_too_often_is_a_dead_letter(settings: Settings) -> None:
    settings.TASK_TRIES = 3
    [row] = announce(settings, "broken")
    for _ in range(5):
        due()
        outbox.sweep()
    row.refresh_from_db()
    assert row.dead_at and row.tries == 3 and "broken" in row.last_error and row.claim is None
    assert outbox.run(row.id) is False, "nothing runs it but a person"
    assert (outbox.waiting().total, outbox.waiting().dead, outbox.failing()) == (0, 1, [])


def test_work_that_ends_its_worker_too_often_is_a_dead_letter(settings: Settings) -> None:
    settings.TASK_TRIES = 2
    [row] = announce(settings, "work")
    for _ in range(2):
        assert outbox._claim(row.id)
        OutboxRow.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert outbox.run(row.id) is False and DONE == []
    row.refresh_from_db()
    assert row.dead_at and row.last_error == outbox.WORKER_DIED


def test_work_may_wait_for_its_time(settings: Settings) -> None:
    [row] = announce(settings, "early")
    for _ in range(3):
        assert outbox.run(row.id) is False
    row.refresh_from_db()
    assert row.tries == 0 and row.due_at - timezone.now() > timedelta(days=1) and row.last_error == ""
    assert outbox.waiting().put_off == 0


def test_one_bad_row_is_in_nobody_s_way(settings: Settings) -> None:
    announce(settings, "broken")
    announce(settings, "work", "work")
    due()
    assert outbox.sweep(limit=3) == 2 and len(DONE) == 2
    OutboxRow.objects.all().delete()
    announce(settings, "broken", "work")
    due()
    outbox.sweep(limit=1)
    assert outbox.sweep(limit=1) == 1, "what failed waits behind what was not tried"


def test_each_queue_is_swept_by_itself(settings: Settings) -> None:
    settings.QUEUES = ("default", "slow")
    settings.TASK_QUEUES = {f"{__name__}.broken": "slow"}
    rows = announce(settings, "work", "broken")
    assert [row.queue for row in rows] == ["default", "slow"]
    OutboxRow.objects.create(event="E", task=f"{__name__}.work", payload={"number": 2}, queue="of-a-former-version")
    due()
    assert outbox.sweep("default") == 2, "a queue that is no more is the first one's"
    assert OutboxRow.objects.get().tries == 0
    assert outbox.sweep("slow") == 0
    assert OutboxRow.objects.get().tries == 1


def test_a_sweep_ends_in_time(settings: Settings) -> None:
    announce(settings, "work", "work")
    due()
    assert outbox.sweep(seconds=-1) == 0
