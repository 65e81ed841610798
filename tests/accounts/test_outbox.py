"""Work is started by rows: sent on commit, swept if it did not arrive, put off if it fails, never lost."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
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
    def send(name: str, args: list[int], **_: object) -> None:
        assert name == outbox.RUN_TASK
        tasks.run_outbox_row(*args)

    monkeypatch.setattr("celery.current_app.send_task", send)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        outbox.announce(Happened(7))
        assert DONE == [] and OutboxRow.objects.count() == 1
    assert DONE == [{"number": 7}]
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
    assert DONE == [{"number": 1}] and not OutboxRow.objects.exists()


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
    assert tasks.run_outbox_row(12345) is False
