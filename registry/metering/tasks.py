"""Celery tasks of metering."""

from celery import shared_task

from registry.metering.drain import drain


@shared_task(name="registry.drain_spool")
def drain_spool() -> int:
    """Count what this node has spooled."""
    return drain()
