"""Settings of a deployment whose work leaves marks in a file, for tests/faults/test_work.py."""

from config.settings.local import *  # noqa: F403 - the local settings with additions
from config.settings.local import EVENT_TASKS, TASK_QUEUES

EVENT_TASKS = EVENT_TASKS | {
    "Marked": ("tests.faults.marks.mark",),
    "MarkedSlowly": ("tests.faults.marks.mark_slowly",),
}
TASK_QUEUES = TASK_QUEUES | {"tests.faults.marks.mark_slowly": "maintenance"}
