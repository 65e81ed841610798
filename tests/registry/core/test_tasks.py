"""The core's and metering's Celery tasks run under the names that the schedule uses."""

from config.celery import app
from config.wiring import BEAT_SCHEDULE


def test_every_scheduled_task_is_known_and_runs(db: None) -> None:
    """By the names in the schedule."""
    app.loader.import_default_modules()
    for entry in BEAT_SCHEDULE.values():
        assert app.tasks[str(entry["task"])].apply().successful()
