"""Celery tasks of lifecycle policies."""

from time import monotonic
from typing import Final

import structlog
from celery import shared_task
from django.utils import timezone

from registry.core import clock
from registry.lifecycle import previews, runs

log = structlog.get_logger(__name__)

SECONDS: Final = 60.0
"""How long one task works before it makes room and starts another."""
LIMIT: Final = 500


@shared_task(name="registry.run_lifecycle")
def run_lifecycle() -> int:
    """Apply the policies that are due; return of how many repositories. What fails in one holds no other up."""
    is_believed = clock.look(timezone.now())  # first: collections wait for it, too
    previews.forget_old()
    if not is_believed:
        return 0
    until, done = monotonic() + SECONDS, 0
    for repository_id in runs.due(timezone.now(), LIMIT):
        if monotonic() > until:
            run_lifecycle.delay()
            break
        try:
            done += not runs.run(repository_id).is_busy
        except Exception:  # whatever hinders one policy is logged, and must not hold up those of others
            log.exception("a lifecycle policy could not be applied", repository=repository_id)
    return done
