"""When sources of advisories are read again: after a day, after a failure sooner, and never two at a time."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from registry.models import AdvisoryImport
from registry.scanning import syncing
from registry.scanning.tasks import sync_advisories
from tests.registry.scanning.test_importing import zipped
from tests.registry.scanning.test_osv import record

pytestmark = pytest.mark.django_db


def later(**passed: float) -> None:
    """Let time pass, for the imports that there were."""
    for row in AdvisoryImport.objects.all():
        row.started_at -= timedelta(**passed)
        row.finished_at = row.finished_at and row.finished_at - timedelta(**passed)
        row.save()


def test_a_source_is_read_once_a_day(settings: Settings, tmp_path: Path) -> None:
    settings.ADVISORY_SOURCES = (zipped(tmp_path, {"a.json": record()}),)
    assert sync_advisories() == 1
    later(hours=23)
    sync_advisories()
    assert AdvisoryImport.objects.count() == 1
    later(hours=1)
    sync_advisories()
    assert AdvisoryImport.objects.count() == 2
    (standing,) = syncing.standings()
    assert (standing.failures, standing.is_failing) == (0, False)


def test_a_source_that_failed_is_tried_after_minutes_and_later_after_hours(settings: Settings, tmp_path: Path) -> None:
    place = tmp_path / "all.zip"
    settings.ADVISORY_SOURCES = (str(place),)
    for count, minutes in enumerate((5, 10, 20, 40, 80, 160, 320, 360, 360), 1):
        sync_advisories()
        assert AdvisoryImport.objects.count() == count
        later(minutes=minutes - 1)
        sync_advisories()
        assert AdvisoryImport.objects.count() == count
        later(minutes=1)
    (standing,) = syncing.standings()
    assert (standing.failures, standing.succeeded_at) == (9, None)
    assert standing.last is not None and "No such file" in standing.last.error
    zipped(tmp_path, {"a.json": record()})
    assert sync_advisories() == 1
    place.unlink()
    later(days=1)
    sync_advisories()
    (standing,) = syncing.standings()
    assert standing.failures == 1 and standing.succeeded_at is not None and standing.due_at is not None
    assert timedelta(minutes=4) < standing.due_at - timezone.now() <= timedelta(minutes=5)


def test_one_that_is_read_is_not_read_beside_and_one_that_was_killed_is(settings: Settings, tmp_path: Path) -> None:
    settings.ADVISORY_SOURCES = (zipped(tmp_path, {"a.json": record()}),)
    AdvisoryImport.objects.create(source=settings.ADVISORY_SOURCES[0])
    assert sync_advisories() == 0
    later(hours=2)
    assert sync_advisories() == 1
    assert list(AdvisoryImport.objects.order_by("id").values_list("state", flat=True)) == ["failed", "done"]
    (standing,) = syncing.standings()
    assert standing.failures == 0


def test_many_sources_cost_as_many_queries_as_one(
    settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.ADVISORY_SOURCES = tuple(f"/none/{number}.zip" for number in range(20))
    sync_advisories()
    with django_assert_num_queries(3):
        found = syncing.standings()
    assert [each.source for each in found] == list(settings.ADVISORY_SOURCES)
    assert all(each.is_failing for each in found)
