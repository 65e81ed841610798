"""Reads the spool files of this node and counts what they say, each line exactly once.

The offset up to which a file was read is saved in the transaction of the rows that its lines became, so that a crash at
any point neither loses a line nor counts it twice.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.audit import spool
from registry.metering import denials, edge, keys, pulls
from registry.models import SpoolFile

log = structlog.get_logger(__name__)

BATCH: Final = 500
"""Lines in one transaction; keeps it short, since SQLite has one writer."""
MOST_BATCHES: Final = 200
"""Batches between two looks at which files there are."""


def drain() -> int:
    """Count all lines that are there; return how many."""
    finished = {path: spool.is_finished(path) for path in spool.files()}
    total = 0
    for _ in range(MOST_BATCHES):
        lines = _drain_batch(list(finished))
        if lines is None:
            break
        total += lines
    else:
        return total  # more is coming all the time: files that are new by now have their turn too
    for path in (path for path, is_finished in finished.items() if is_finished):
        spool.remove(path)
        SpoolFile.objects.filter(name=path.name).delete()
    return total


def _drain_batch(paths: Sequence[Path]) -> int | None:
    """Count the next lines of all files, in the order in which they were written; return how many, None at the end.

    A client's requests go to several processes: the HEAD that names a tag and the GET behind it may be in two files.
    """
    for path in paths:
        SpoolFile.objects.get_or_create(name=path.name)
    records: list[dict[str, Any]] = []
    has_moved = False
    with transaction.atomic():
        names = [path.name for path in paths]
        rows = SpoolFile.objects.select_for_update(no_key=True).filter(name__in=names).order_by("name")
        positions = {row.name: row for row in rows}
        for path in paths:
            position = positions[path.name]
            lines, offset = spool.read(path, position.offset, limit=max(1, BATCH // len(paths)))
            records += lines
            if offset != position.offset:
                has_moved = True
                position.offset, position.updated_at = offset, timezone.now()
                position.save(update_fields=["offset", "updated_at"])
        _apply(records)
    return len(records) if has_moved else None


def _apply(records: list[dict[str, Any]]) -> None:
    """Hand each kind of line to what counts it; a kind of a newer version is left out, with a log."""
    in_front = edge.translate([record for record in records if record.get("kind") == edge.KIND])
    own = [record for record in records if record.get("kind") in pulls.KINDS]
    pulls.apply(sorted([*own, *in_front], key=lambda record: str(record["at"])))
    keys.apply([record for record in records if record.get("kind") == "key"])
    denials.apply([record for record in records if record.get("kind") == denials.KIND])
    unknown = {str(record.get("kind")) for record in records} - {*pulls.KINDS, "key", denials.KIND, edge.KIND}
    if unknown:
        log.warning("spool lines of unknown kinds left out", kinds=sorted(unknown))
