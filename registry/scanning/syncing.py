"""When the sources of KHO_ADVISORY_SOURCES are read again: daily, and after a failure in minutes, later in hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from registry.models import AdvisoryImport
from registry.scanning import importing
from registry.scanning.sources import SourceRefused

log = structlog.get_logger(__name__)

EVERY: Final = timedelta(days=1)
FIRST_PAUSE: Final = timedelta(minutes=5)
LONGEST_PAUSE: Final = timedelta(hours=6)
LONGEST_IMPORT: Final = timedelta(hours=2)
"""After which an import that says that it is running was killed."""
MOST_DOUBLED: Final = 10
State = AdvisoryImport.State


@dataclass(frozen=True, slots=True)
class Standing:
    """How a source stands: its last import, when one succeeded, how many failed since, and when the next is due."""

    source: str
    last: AdvisoryImport | None
    succeeded_at: datetime | None
    failures: int
    due_at: datetime | None

    @property
    def is_failing(self) -> bool:
        """Whether the last import that ended has failed."""
        return self.failures > 0

    @property
    def is_due(self) -> bool:
        """Whether it is to be read now."""
        return self.due_at is None or self.due_at <= timezone.now()


def standings() -> list[Standing]:
    """Every source of the settings, in their order; in as many queries for twenty as for one."""
    sources = {source: source[:1000] for source in settings.ADVISORY_SOURCES}
    rows = AdvisoryImport.objects.filter(source__in=set(sources.values()))
    done = Q(state=State.DONE)
    totals = rows.values("source").annotate(newest=Max("id"), succeeded_at=Max("started_at", filter=done))
    known = {each["source"]: each for each in totals}
    last = rows.defer("changed", "problems").in_bulk([each["newest"] for each in known.values()])
    failures = _failures(rows)
    found = []
    for source, name in sources.items():
        said = known.get(name)
        newest = last[said["newest"]] if said else None
        succeeded_at = said["succeeded_at"] if said else None
        count = failures.get(name, 0)
        found.append(Standing(source, newest, succeeded_at, count, _due_at(newest, count)))
    return found


def _failures(rows: QuerySet[AdvisoryImport]) -> dict[str, int]:
    """How many imports of each source have failed since one succeeded."""
    done = rows.filter(state=State.DONE, source=OuterRef("source")).order_by("-id").values("id")[:1]
    since = rows.filter(state=State.FAILED).annotate(done=Coalesce(Subquery(done), 0)).filter(id__gt=F("done"))
    return dict(since.order_by().values("source").annotate(n=Count("id")).values_list("source", "n"))


def _due_at(last: AdvisoryImport | None, failures: int) -> datetime | None:
    """When a source is read next; None for one that never was."""
    if last is None:
        return None
    if last.state == State.RUNNING:
        return last.started_at + LONGEST_IMPORT
    if last.state == State.FAILED:
        pause = min(FIRST_PAUSE * (1 << min(failures - 1, MOST_DOUBLED)), LONGEST_PAUSE)
        return (last.finished_at or last.started_at) + pause
    return last.started_at + EVERY


def sync() -> int:
    """Take in the sources that are due, and return how many records are new or changed."""
    return sum(_take(source) for source in settings.ADVISORY_SOURCES if _is_due(source))


def _is_due(source: str) -> bool:
    """Whether a source is due by now: another worker may have begun while the sources before it were read."""
    return any(each.is_due for each in standings() if each.source == source)


def _take(source: str) -> int:
    try:
        done = importing.run(source)
    except SourceRefused as error:
        log.warning("advisories could not be imported", source=source, error=str(error))
        return 0
    return done.added + done.updated
