"""Celery tasks of search: what grows old by itself."""

from celery import shared_task

from gallery.search import index


@shared_task(name="gallery.count_listings")
def count_listings() -> None:
    """Count the facets over all listings."""
    index.count_all()


@shared_task(name="gallery.recount_recent_pulls")
def recount_recent_pulls() -> int:
    """Let old pulls leave the counts of the last 30 days."""
    return index.recount_recent_pulls()
