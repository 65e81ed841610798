"""Settings of a deployment in which hours are seconds, for tests/faults/test_everything_dies.py."""

from config.settings.local import *  # noqa: F403 - the local settings with additions
from config.settings.local import CELERY_BEAT_SCHEDULE

BLOB_GRACE_SECONDS = 10
UNDELETE_SECONDS = 0
EVERY = {
    "registry.run_lifecycle": 2.0,
    "registry.collect_garbage": 2.0,
    "accounts.sweep_outbox": 2.0,
}
CELERY_BEAT_SCHEDULE = {
    name: entry | {"schedule": EVERY.get(str(entry["task"]), entry["schedule"])}
    for name, entry in CELERY_BEAT_SCHEDULE.items()
}
