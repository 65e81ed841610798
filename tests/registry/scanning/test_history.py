"""Numbers of findings by day: written when they change, and carried over days without a change."""

from datetime import UTC, date, datetime, timedelta

import pytest

from accounts.caller import Caller
from registry.models import ImageScan
from registry.scanning import history
from registry.scanning.severity import LEVELS
from registry.values import Address
from tests.factories.registry import push_image

TODAY = datetime(2026, 11, 29, 23, 59, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The time; tests move it."""
    now = [TODAY]
    monkeypatch.setattr("registry.scanning.history.timezone.now", lambda: now[0])
    return now


@pytest.fixture
def scan(alice: Caller, address: Address) -> ImageScan:
    """A scan that is followed."""
    return ImageScan.objects.create(image=push_image(alice, address, "1"), status="ACTIVE")


def note(scan: ImageScan, **counts: int) -> None:
    """Let the scan have numbers, and note them."""
    scan.counts = counts
    history.note(scan)


def test_it_works(scan: ImageScan, clock: list[datetime]) -> None:
    note(scan)
    clock[0] += timedelta(days=2)
    note(scan, HIGH=1)
    note(scan, HIGH=2)
    clock[0] += timedelta(days=2)
    note(scan, HIGH=2)
    found = history.by_day(scan)
    assert [day for day, _ in found] == [date(2026, 11, 29) + timedelta(days=number) for number in range(5)]
    assert [counts["HIGH"] for _, counts in found] == [0, 0, 2, 2, 2]
    assert list(found[0][1]) == list(LEVELS)
    assert len(scan.history) == 2


def test_what_never_changed_has_no_history(scan: ImageScan, clock: list[datetime]) -> None:
    assert history.by_day(scan) == []
    note(scan, LOW=1)
    clock[0] += timedelta(days=9)
    note(scan, LOW=1)
    assert history.by_day(scan) == []


def test_a_scan_that_failed_is_no_news(scan: ImageScan, clock: list[datetime]) -> None:
    note(scan, LOW=1)
    scan.status = ImageScan.Status.FAILED
    clock[0] += timedelta(days=1)
    note(scan)
    assert len(scan.history) == 1


def test_only_what_is_shown_is_kept(scan: ImageScan, clock: list[datetime]) -> None:
    for number in range(200):
        note(scan, LOW=number)
        clock[0] += timedelta(days=1)
    shown = history.by_day(scan)
    assert len(shown) == history.DAYS and shown[-1][1]["LOW"] == 199 and shown[0][1]["LOW"] == 111
    assert len(scan.history) == history.DAYS + 1
    clock[0] += timedelta(days=500)
    note(scan, LOW=3)
    assert [counts for _, counts in scan.history] == [{"LOW": 199}, {"LOW": 3}]
    assert [counts["LOW"] for _, counts in history.by_day(scan)] == [199] * (history.DAYS - 1) + [3]
