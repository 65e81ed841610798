"""Sources of advisories -> rows, a few hundred in a transaction; what did not change is left alone.

An import that ends says which packages something else is said about now, and scans that are kept up to date follow.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from accounts import outbox
from registry import events
from registry.models import Advisory, AdvisoryImport, AffectedPackage
from registry.scanning import osv, sources
from registry.scanning.osv import NotAnAdvisory, Record
from registry.scanning.sources import Records, SourceRefused

log = structlog.get_logger(__name__)

BATCH: Final = 200
BATCH_BYTES: Final = 2 * osv.LARGEST
"""Of records that are in memory at a time, as they came."""
MOST_PROBLEMS: Final = 20
MOST_CHANGED: Final = 20_000
"""Packages that are named; of more, all scans are looked at again."""
KILLED: Final = "it ended before all was read"
State = AdvisoryImport.State


@dataclass
class _Tally:
    """What an import has done so far."""

    read: int = 0
    added: int = 0
    updated: int = 0
    withdrawn: int = 0
    refused: int = 0
    problems: list[str] = field(default_factory=list)
    changed: set[tuple[str, str]] = field(default_factory=set)

    def refuse(self, name: str, why: str) -> None:
        """Note a record that is not taken."""
        self.refused += 1
        if len(self.problems) < MOST_PROBLEMS:
            shown = "".join(each for each in name[-200:] if each.isprintable())
            self.problems.append(f"{shown}: {why}")


def run(source: str) -> AdvisoryImport:
    """Import all records of a source, and return what came of it. SourceRefused if it can't be read, or has none."""
    _end_killed(source)
    row = AdvisoryImport.objects.create(source=source[:1000])
    tally = _Tally()
    try:
        with sources.opened(source) as records:
            _take(row, records, tally)
        if not tally.read:
            raise SourceRefused(f"{source} holds no advisory." + (f" {tally.problems[0]}." if tally.problems else ""))
    except SourceRefused as error:
        _finish(row, tally, State.FAILED, str(error))
        raise
    return _finish(row, tally, State.DONE)


def _end_killed(source: str) -> None:
    """End imports of a source that were killed: what they wrote counts, though nobody knows any more what it was."""
    for row in AdvisoryImport.objects.filter(source=source[:1000], state=State.RUNNING):
        row.state, row.error, row.finished_at = State.FAILED, KILLED, timezone.now()
        with transaction.atomic():
            row.save()
            if row.changed_all:
                outbox.announce(events.AdvisoriesChanged(row.id))


def _take(row: AdvisoryImport, records: Records, tally: _Tally) -> None:
    """Read and write, batch by batch. Until the end is there to tell what changed, all might have."""
    found: dict[str, Record] = {}
    size = 0
    for name, content in records:
        try:
            if content is None:
                raise NotAnAdvisory(f"it has more than {osv.LARGEST} bytes")
            record = osv.read(content)
        except NotAnAdvisory as error:
            tally.refuse(name, str(error))
            continue
        tally.read += 1
        size += len(content)
        if record.id not in found or found[record.id].modified <= record.modified:
            found[record.id] = record
        if len(found) >= BATCH or size >= BATCH_BYTES:
            _put(row, found, tally)
            found, size = {}, 0
    _put(row, found, tally)


def _put(row: AdvisoryImport, found: Mapping[str, Record], tally: _Tally) -> None:
    """Write some records, and note that something has changed."""
    with transaction.atomic():
        _write(list(found.values()), tally)
        if tally.changed and not row.changed_all:
            row.changed_all = True
            row.save(update_fields=["changed_all"])


def _write(found: Sequence[Record], tally: _Tally) -> None:
    """Write what is new, or newer than what is here."""
    ids = [record.id for record in found]
    rows = Advisory.objects.filter(id__in=ids).values_list("id", "content_digest", "modified_at", "withdrawn_at")
    known = {row[0]: row[1:] for row in rows}
    taken = [
        record
        for record in found
        if record.id not in known
        or (known[record.id][0] != record.content_digest and known[record.id][1] <= record.modified)
    ]
    changed_ids = [record.id for record in taken]
    before = AffectedPackage.objects.filter(advisory__in=changed_ids)
    tally.changed.update(before.values_list("ecosystem", "name"))
    tally.changed.update((each.ecosystem, each.name) for record in taken for each in record.affected)
    tally.added += sum(record.id not in known for record in taken)
    tally.updated += sum(record.id in known for record in taken)
    tally.withdrawn += sum(
        record.withdrawn is not None and (record.id not in known or known[record.id][2] is None) for record in taken
    )
    before.delete()
    Advisory.objects.bulk_create(
        [_row(record) for record in taken],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[each.name for each in Advisory._meta.concrete_fields if not each.primary_key],
    )
    AffectedPackage.objects.bulk_create(_packages(taken), batch_size=500)


def _row(record: Record) -> Advisory:
    return Advisory(
        id=record.id,
        names=list(record.names),
        summary=record.summary,
        details=record.details,
        severity=record.level,
        vectors=[[each.kind, each.version, each.vector, each.score] for each in record.scores],
        url=record.url,
        references=list(record.references),
        published_at=record.published,
        modified_at=record.modified,
        withdrawn_at=record.withdrawn,
        content_digest=record.content_digest,
        imported_at=timezone.now(),
    )


def _packages(taken: Iterable[Record]) -> Iterable[AffectedPackage]:
    for record in taken:
        for each in record.affected:
            yield AffectedPackage(
                advisory_id=record.id,
                ecosystem=each.ecosystem,
                name=each.name,
                ranges=[[list(event) for event in events] for events in each.ranges],
                versions=list(each.versions),
                severity=each.level,
                module=each.module,
            )


def _finish(row: AdvisoryImport, tally: _Tally, state: str, error: str = "") -> AdvisoryImport:
    """Say what came of it; what was written before an error counts, too."""
    row.state, row.error, row.finished_at = state, error[:500], timezone.now()
    row.read, row.added, row.updated = tally.read, tally.added, tally.updated
    row.withdrawn, row.refused, row.problems = tally.withdrawn, tally.refused, tally.problems
    row.changed_all = len(tally.changed) > MOST_CHANGED
    row.changed = [] if row.changed_all else sorted(list(each) for each in tally.changed)
    with transaction.atomic():
        row.save()
        if tally.changed:
            outbox.announce(events.AdvisoriesChanged(row.id))
    log.info("advisories were imported", source=row.source, state=state, added=row.added, updated=row.updated)
    return row
