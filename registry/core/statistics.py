"""How often a repository is pulled and pushed: the one source of every such number on every page."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Subquery, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, TruncMonth
from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import repositories
from registry.models import DailyPulls, Repository, TagEvent
from registry.values import Address

RANGES: Final = (30, 90, 365)
"""Days that statistics may be asked for."""
RECENT: Final = 30
"""Days of what pages call recent."""
MOST_TAGS: Final = 20
MONTHS: Final = 12
GONE: Final = (TagEvent.Kind.DELETED, TagEvent.Kind.EXPIRED)
"""Events of tags that nobody pushed."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Pulls of some days, each day named, and what they were of; `tags` are the most pulled ones, "" is by digest.

    `other_tags` are the pulls of all further tags, `pushes` how often tags were pushed in each month.
    """

    days: list[tuple[date, int]]
    clients: list[tuple[str, int]]
    tags: list[tuple[str, int]]
    other_tags: int
    platforms: list[tuple[str, int]]
    pushes: list[tuple[date, int]]

    @property
    def total(self) -> int:
        """All pulls of the days."""
        return sum(count for _, count in self.days)


def of(caller: Caller, address: Address, days: int = RECENT) -> Statistics:
    """Return what is known of the last days, today included."""
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGES)
    first = first_day(days)
    by_day: Counter[date] = Counter()
    clients: Counter[str] = Counter()
    for day, name, count in _pulls(repository, DailyPulls.By.CLIENT, first).values_list("day", "name", "count"):
        by_day[day] += count
        clients[name] += count
    tags = _totals(repository, DailyPulls.By.TAG, first)
    return Statistics(
        days=[(day, by_day[day]) for day in (first + timedelta(days=number) for number in range(days))],
        clients=sorted(clients.items(), key=lambda each: (-each[1], each[0])),
        tags=tags[:MOST_TAGS],
        other_tags=sum(count for _, count in tags[MOST_TAGS:]),
        platforms=_totals(repository, DailyPulls.By.PLATFORM, first),
        pushes=_pushes(repository),
    )


def recent_pulls(repository_id: int) -> int:
    """Return a repository's pulls of the last RECENT days."""
    found = DailyPulls.objects.filter(repository=repository_id, by=DailyPulls.By.CLIENT, day__gte=first_day(RECENT))
    total: int = found.aggregate(total=Sum("count", default=0))["total"]
    return total


def recent_pulls_of_repository(repository: Any) -> Combinable:
    """The same as a column of a statement."""
    return _sum(repository=repository, by=DailyPulls.By.CLIENT)


def recent_pulls_of_tag(repository_id: int, name: Any) -> Combinable:
    """The pulls of a tag in the last RECENT days, as a column of a statement."""
    return _sum(repository=repository_id, by=DailyPulls.By.TAG, name=name)


def first_day(days: int) -> date:
    """The first of the last days (UTC), today included."""
    return timezone.now().date() - timedelta(days=days - 1)


def _sum(**place: Any) -> Combinable:
    found = DailyPulls.objects.filter(day__gte=first_day(RECENT), **place).order_by()
    return Coalesce(Subquery(found.values("by").annotate(total=Sum("count")).values("total")), 0)


def _pulls(repository: Repository, by: DailyPulls.By, first: date) -> Any:
    return DailyPulls.objects.filter(repository=repository, by=by, day__gte=first)


def _totals(repository: Repository, by: DailyPulls.By, first: date) -> list[tuple[str, int]]:
    """Pulls by name, most first."""
    found = _pulls(repository, by, first).values("name").annotate(total=Sum("count"))
    return list(found.order_by("-total", "name").values_list("name", "total"))


def _pushes(repository: Repository) -> list[tuple[date, int]]:
    """How often a tag was pushed or put back, in each of the last MONTHS."""
    now = timezone.now()
    months = [_month(now, back) for back in reversed(range(MONTHS))]
    found = TagEvent.objects.filter(repository=repository, at__gte=months[0]).exclude(kind__in=GONE)
    counted = found.annotate(month=TruncMonth("at")).order_by().values_list("month").annotate(total=Count("id"))
    totals = {month.date(): total for month, total in counted}
    return [(month.date(), totals.get(month.date(), 0)) for month in months]


def _month(now: datetime, back: int) -> datetime:
    """The first moment of a month before."""
    number = now.year * 12 + now.month - 1 - back
    return now.replace(year=number // 12, month=number % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
