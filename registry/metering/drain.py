"""Reads the spool files of this node and counts what they say, each line exactly once.

The offset up to which a file was read is saved in the transaction of the rows that its lines became, so that a crash at
any point neither loses a line nor counts it twice.
"""

from pathlib import Path
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.audit import spool
from registry.metering import keys, pulls
from registry.models import SpoolFile

log = structlog.get_logger(__name__)

BATCH: Final = 500
"""Lines in one transaction; keeps it short, since SQLite has one writer."""


def drain() -> int:
    """Count all lines that are there; return how many."""
    total = 0
    for path in spool.files():
        finished = spool.is_finished(path)
        while lines := _drain_batch(path):
            total += lines
        if finished:
            spool.remove(path)
            SpoolFile.objects.filter(name=path.name).delete()
    return total


def _drain_batch(path: Path) -> int:
    """Count the next lines of one file; return how many, 0 at its end."""
    SpoolFile.objects.get_or_create(name=path.name)
    with transaction.atomic():
        position = SpoolFile.objects.select_for_update(no_key=True).get(name=path.name)
        records, offset = spool.read(path, position.offset, limit=BATCH)
        if offset == position.offset:
            return 0
        _apply(records)
        position.offset, position.updated_at = offset, timezone.now()
        position.save(update_fields=["offset", "updated_at"])
    return len(records)


def _apply(records: list[dict[str, Any]]) -> None:
    """Hand each kind of line to what counts it; a kind of a newer version is left out, with a log."""
    pulls.apply([record for record in records if record.get("kind") in pulls.KINDS])
    keys.apply([record for record in records if record.get("kind") == "key"])
    unknown = {str(record.get("kind")) for record in records} - {*pulls.KINDS, "key"}
    if unknown:
        log.warning("spool lines of unknown kinds left out", kinds=sorted(unknown))
