"""Beat's times: they outlive a restart, a full disk, a damaged file and a clock that is put right."""

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, beat
from celery.beat import SchedulingError
from django.conf import settings

from config.beat import Scheduler

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that the tests set, and a beat that writes down what it sends."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOON
        self.file = folder / "beat.json"
        self.sent: list[str] = []
        self.app = Celery("of a test", broker="memory://", set_as_current=False)
        self.app.conf.beat_schedule = {
            "often": {"task": "often", "schedule": 10.0},
            "daily": {"task": "daily", "schedule": 86400.0},
        }
        monkeypatch.setattr(self.app, "now", lambda: self.now)

        def send(_: Scheduler, entry: beat.ScheduleEntry, **__: Any) -> None:
            self.sent.append(str(entry.task))

        monkeypatch.setattr(Scheduler, "apply_async", send)

    def started(self) -> Scheduler:
        """A beat that has just begun."""
        return Scheduler(app=self.app, schedule_filename=str(self.file))

    def look(self, scheduler: Scheduler, **later: float) -> list[str]:
        """Let time pass; return what is sent then."""
        self.now += timedelta(**later)
        self.sent.clear()
        while scheduler.tick() == 0:
            continue
        return sorted(self.sent)


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Noon."""
    return Clock(tmp_path, monkeypatch)


def test_it_works(clock: Clock) -> None:
    scheduler = clock.started()
    assert clock.look(scheduler) == []
    assert clock.look(scheduler, seconds=11) == ["often"]
    assert clock.look(scheduler, days=1) == ["daily", "often"]
    scheduler.close()
    assert [each.name for each in clock.file.parent.iterdir()] == ["beat.json"]


def test_the_settings_name_it() -> None:
    assert settings.CELERY_BEAT_SCHEDULER == "config.beat:Scheduler"
    assert settings.CELERY_BEAT_SCHEDULE_FILENAME.endswith("beat.json")


def test_a_restart_does_not_begin_the_day_anew(clock: Clock) -> None:
    clock.started().close()
    clock.now += timedelta(hours=23)
    scheduler = clock.started()
    assert clock.look(scheduler) == ["often"]
    scheduler.close()
    clock.now += timedelta(hours=2)
    assert clock.look(clock.started()) == ["daily", "often"]


def test_tasks_that_are_no_longer_named_are_forgotten(clock: Clock) -> None:
    clock.file.write_text(json.dumps({"gone": NOON.isoformat(), "often": NOON.isoformat()}))
    clock.started().close()
    assert set(json.loads(clock.file.read_text())) == {"often", "daily"}


@pytest.mark.parametrize("ahead", [timedelta(minutes=1), timedelta(days=400)])
def test_a_clock_that_is_put_back_while_it_runs_holds_nothing_up(clock: Clock, ahead: timedelta) -> None:
    scheduler = clock.started()
    clock.look(scheduler)
    clock.look(scheduler, seconds=ahead.total_seconds())
    clock.now = NOON + timedelta(seconds=5)
    clock.look(scheduler)
    assert clock.look(scheduler, seconds=11) == ["often"]
    assert clock.look(scheduler, days=1) == ["daily", "often"]


def test_a_clock_that_was_put_back_between_two_starts_holds_nothing_up(clock: Clock) -> None:
    scheduler = clock.started()
    clock.look(scheduler, days=400)
    scheduler.close()
    clock.now = NOON
    scheduler = clock.started()
    assert clock.look(scheduler, seconds=11) == ["often"]
    assert clock.look(scheduler, days=1) == ["daily", "often"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"often": 3}', b'{"often": "yesterday"}', b"\xff"])
def test_a_damaged_file_is_none(clock: Clock, content: bytes) -> None:
    clock.file.write_bytes(content)
    assert clock.look(clock.started(), seconds=11) == ["often"]


def test_a_full_disk_ends_nothing(clock: Clock, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    scheduler = clock.started()
    scheduler.sync()
    before = clock.file.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        scheduler.sync()
        assert clock.look(scheduler, seconds=11) == ["often"]
    assert clock.file.read_bytes() == before


def test_a_task_that_cant_be_sent_is_said_in_a_line(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = clock.started()

    def fail(_: Scheduler, entry: beat.ScheduleEntry, **__: Any) -> None:
        clock.sent.append(str(entry.task))
        raise SchedulingError("the broker is away")

    monkeypatch.setattr(Scheduler, "apply_async", fail)
    assert clock.look(scheduler, seconds=11) == ["often"]
    assert clock.look(scheduler, seconds=5) == []
    assert clock.look(scheduler, seconds=6) == ["often"]
