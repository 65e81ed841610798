"""What beat reckons by: when each task of the schedule was last sent, kept in one small file.

Celery's own keeps it in a database of several files and ends if they can't be written; and when a clock was in the
future and is put right, it sends nothing until the clock has got there again.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from celery import beat
from celery.beat import SchedulingError

log = structlog.get_logger(__name__)


class Scheduler(beat.Scheduler):
    """What CELERY_BEAT_SCHEDULER names; `schedule_filename` is the file."""

    def __init__(self, *args: Any, schedule_filename: str, **options: Any) -> None:
        self.file = Path(schedule_filename)
        self._latest: datetime | None = None
        super().__init__(*args, **options)

    def setup_schedule(self) -> None:
        """Take what the settings say, and go on where the last beat stood."""
        super().setup_schedule()
        for name, at in self._kept().items():
            if name in self.schedule:
                self.schedule[name].last_run_at = at
        self._forget_the_future()

    def tick(self, *args: Any, **options: Any) -> float:
        """Send what is due; seconds until the next look."""
        now = self.app.now()
        if self._latest is not None and now < self._latest:
            log.warning("the clock was put back", seconds=round((self._latest - now).total_seconds()))
            self._forget_the_future()
            self._heap = None  # it is ordered by times of the former clock
        self._latest = now
        return float(super().tick(*args, **options))

    def apply_entry(self, entry: beat.ScheduleEntry, producer: Any = None) -> None:
        """Send a task; one that can't be sent is left out once, in one line."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            log.error("a task of the schedule was not sent", error=str(error))

    def sync(self) -> None:
        """Write the file, whole or not at all. Without it the next beat counts from its own start."""
        unfinished = self.file.with_name(f"{self.file.name}.new")
        times = {name: entry.last_run_at.isoformat() for name, entry in self.schedule.items() if entry.last_run_at}
        try:
            unfinished.write_text(json.dumps(times), encoding="utf-8")
            unfinished.replace(self.file)
        except OSError as error:
            log.error("the times of the schedule could not be kept", error=str(error))

    def _kept(self) -> dict[str, datetime]:
        try:
            times = json.loads(self.file.read_text(encoding="utf-8"))
            return {name: datetime.fromisoformat(at) for name, at in times.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            log.error("the times of the schedule can't be read", error=str(error))
            return {}

    def _forget_the_future(self) -> None:
        """Count from now what a wrong clock says was sent later than now."""
        now = self.app.now()
        for entry in self.schedule.values():
            entry.last_run_at = min(entry.last_run_at or now, now)
