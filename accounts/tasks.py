"""Celery tasks of the accounts app."""

from celery import shared_task

from accounts import outbox, statistics
from accounts.console import browser_sessions
from accounts.sessions import temporary


@shared_task(name=outbox.RUN_TASK)
def run_outbox_rows(row_ids: list[int]) -> int:
    """Run some rows of the outbox; return how many succeeded."""
    return sum(outbox.run(row_id) for row_id in row_ids)


@shared_task(name="accounts.sweep_outbox")
def sweep_outbox(queue: str = "") -> int:
    """Run what did not arrive in a queue."""
    return outbox.sweep(queue)


@shared_task(name="accounts.gather_statistics")
def gather_statistics() -> None:
    """Let the database know how its tables have grown."""
    statistics.gather()


@shared_task(name="accounts.forget_ended_sessions")
def forget_ended_sessions() -> int:
    """Remove the rows of sessions that ended long ago: of clients, and of browsers."""
    return temporary.sweep() + browser_sessions.sweep()
