"""Celery tasks of notifications."""

from celery import shared_task

from registry.notifications import deliveries, finding_notices


@shared_task(name="registry.prune_webhook_deliveries")
def prune_webhook_deliveries() -> int:
    """Remove old deliveries."""
    return deliveries.prune()


@shared_task(name="registry.tell_of_findings")
def tell_of_findings() -> int:
    """Tell people of new critical or high vulnerabilities; return how many notices were written."""
    return finding_notices.tell_all()
