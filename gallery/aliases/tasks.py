"""Celery tasks of aliases."""

from celery import shared_task

from gallery.aliases import routing


@shared_task(name="gallery.look_after_alias_requests")
def look_after_alias_requests() -> int:
    """Flag requests that were missed, and remind the staff of those that wait."""
    routing.check_all()
    return routing.remind()
