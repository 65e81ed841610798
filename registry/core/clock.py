"""Whether the machine's clock can be believed: one that jumps must not let images expire nor be purged (ADR 0014).

The schedule looks at the clock every few minutes. If the time is more than a day later than at its last look, either
nothing ran for a day or the clock jumped: for an hour nothing is done. A clock that is set right meanwhile ends that.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from registry.models import LifecycleClock

log = structlog.get_logger(__name__)

LONGEST_GAP: Final = timedelta(hours=26)
HELD_FOR: Final = timedelta(hours=1)
BACK: Final = timedelta(hours=1)
"""By how much a clock may be corrected backwards without being noticed."""


def look(now: datetime) -> bool:
    """Note what time it is; whether it can be believed. Called by the schedule of lifecycle policies only."""
    with transaction.atomic():
        row = LifecycleClock.objects.select_for_update().order_by("id").first()
        if row is None:
            LifecycleClock.objects.create(seen_at=now)
            return True
        if now - row.seen_at > LONGEST_GAP:
            row.held_until = now + HELD_FOR
            log.warning(
                "the clock is a day ahead of the last look; nothing expires or is collected for an hour",
                now=now,
            )
        elif row.seen_at - now > BACK or (row.held_until is not None and now >= row.held_until):
            row.held_until = None
        row.seen_at = now
        row.save(update_fields=["seen_at", "held_until"])
        return row.held_until is None


def held_until(now: datetime) -> datetime | None:
    """Return until when nothing may be done; None if the time can be believed. Notes nothing."""
    row = LifecycleClock.objects.order_by("id").first()
    if row is None:
        return None
    if now - row.seen_at > LONGEST_GAP:
        return now + HELD_FOR
    is_held = row.held_until is not None and row.held_until - HELD_FOR <= now < row.held_until
    return row.held_until if is_held else None
