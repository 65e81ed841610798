"""Celery tasks of the core."""

from celery import shared_task

from registry.core import uploads


@shared_task(name="registry.remove_stale_uploads")
def remove_stale_uploads() -> int:
    """Throw away uploads that were left alone for too long."""
    return uploads.remove_stale()
