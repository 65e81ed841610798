"""Celery tasks of the core."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from registry.core import clock, verifying
from registry.core.collecting import collector


@shared_task(name="registry.collect_garbage")
def collect_garbage() -> None:
    """Remove what nothing needs any more, and finish what was cut short; nothing while the clock is not believed."""
    if clock.held_until(timezone.now()):
        return
    collector.collect()
    collector.go_on()


@shared_task(name="registry.verify_storage")
def verify_storage() -> None:
    """Read stored blobs for a while, if the settings want that."""
    if settings.VERIFY_RATE:
        verifying.read_some()
