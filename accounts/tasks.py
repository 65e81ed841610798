"""Celery tasks of the accounts app."""

from celery import shared_task

from accounts import outbox
from accounts.sessions import temporary


@shared_task(name=outbox.RUN_TASK)
def run_outbox_row(row_id: int) -> bool:
    """Run one row of the outbox."""
    return outbox.run(row_id)


@shared_task(name="accounts.sweep_outbox")
def sweep_outbox() -> int:
    """Run what did not arrive."""
    return outbox.sweep()


@shared_task(name="accounts.forget_ended_sessions")
def forget_ended_sessions() -> int:
    """Remove the rows of sessions that ended long ago."""
    return temporary.sweep()
