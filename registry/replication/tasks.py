"""Celery tasks of replication."""

from celery import shared_task

from registry.replication import backfills, copying


@shared_task(name="registry.prune_replication_backfills")
def prune_replication_backfills() -> int:
    """Remove backfills that ended long ago, and end copies that were given up; return how many backfills."""
    copying.end_given_up()
    return backfills.prune()
