"""How many findings an image had on which day: a scan's numbers are noted whenever they become others."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from django.utils import timezone

from registry.models import ImageScan
from registry.scanning.severity import LEVELS

DAYS: Final = 90


def note(scan: ImageScan) -> None:
    """Note the numbers of a scan that is complete as those of today (UTC), unless they are the last ones known.

    `scan.history` is changed, and has to be saved by whoever asks.
    """
    if not scan.is_complete or (scan.history and scan.history[-1][1] == scan.counts):
        return
    today = timezone.now().date()
    before = [each for each in scan.history if each[0] != today.isoformat()]
    # One from before the first day that is shown says how it began.
    first = (today - timedelta(days=DAYS)).isoformat()
    start = max((place for place, each in enumerate(before) if each[0] <= first), default=0)
    scan.history = [*before[start:], [today.isoformat(), scan.counts]]


def by_day(scan: ImageScan) -> list[tuple[date, Mapping[str, int]]]:
    """The numbers by severity of each of the last days, from the first known one on; none if they never changed."""
    known = [(date.fromisoformat(day), counts) for day, counts in scan.history]
    if len(known) < 2:
        return []
    today = timezone.now().date()
    first = max(known[0][0], today - timedelta(days=DAYS - 1))
    found: list[tuple[date, Mapping[str, int]]] = []
    counts = dict.fromkeys(LEVELS, 0)
    for number in range((today - first).days + 1):
        day = first + timedelta(days=number)
        while known and known[0][0] <= day:
            counts = dict.fromkeys(LEVELS, 0) | known.pop(0)[1]
        found.append((day, counts))
    return found
