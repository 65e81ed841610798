"""Numbers on a page and in a file; graphs."""

import csv
import io

import pytest
from django.test import Client
from django.utils import timezone

from registry.models import DailyPulls, Repository
from tests.gallery.pages.repository.conftest import page


@pytest.fixture
def pulls(alias: str) -> None:
    """Some pulls of today."""
    repository = Repository.objects.get(region="public")
    for by, name, count in (
        ("client", "docker", 1200),
        ("tag", "1.0", 1190),
        ("tag", "", 10),
        ("platform", "=cmd", 5),
        ("platform", "<b>linux", 5),
    ):
        DailyPulls.objects.create(repository=repository, by=by, name=name, day=timezone.now().date(), count=count)


def test_it_works(client: Client, alias: str, pulls: None) -> None:
    text = page(client, f"/{alias}/app/-/statistics")
    assert "1,200 pulls in this range." in text and "1,200 in 30 days" in text
    assert text.count("<rect") == 2, "one day with pulls, one month with pushes"
    assert "by digest" in text and "docker" in text and "&lt;b&gt;linux" in text
    assert 'aria-current="true">30 days' in text
    assert 'aria-current="true">1 year' in page(client, f"/{alias}/app/-/statistics?days=365")


def test_large_numbers_are_exact_here(client: Client, alias: str, pulls: None) -> None:
    """Rows add up to their total; in lists numbers are rounded."""
    DailyPulls.objects.filter(by__in=("client", "tag")).exclude(name="").update(count=1234567)
    text = page(client, f"/{alias}/app/-/statistics")
    assert "1,234,567 pulls in this range." in text and "Most on one day: 1,234,567" in text
    assert text.count('<td class="num">1,234,567</td>') == 4, "by day, in all, by tag, by client"
    assert "1.234.567 lượt kéo" in page(client, f"/{alias}/app/-/statistics?lang=vi")


def test_the_same_numbers_for_a_spreadsheet(client: Client, alias: str, pulls: None) -> None:
    answer = client.get(f"/{alias}/app/-/statistics.csv?days=90")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="app-90-days.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert rows[0] == ["by", "name", "count"]
    assert sum(int(count) for by, _, count in rows[1:] if by == "day") == 1200
    assert len([row for row in rows if row[0] == "day"]) == 90
    assert ["client", "docker", "1200"] in rows and ["platform", "'=cmd", "5"] in rows
    assert rows[-1][0] == "tags pushed in month" and rows[-1][2] == "3"
    page(client, f"/{alias}/none/-/statistics.csv", 404)


@pytest.mark.parametrize("bad", ["31", "", "-1", "x", "²"])
def test_it_refuses_other_ranges(client: Client, alias: str, bad: str) -> None:
    assert "No pulls in this range." in page(client, f"/{alias}/app/-/statistics?days={bad}", 400)
    page(client, f"/{alias}/app/-/statistics.csv?days={bad}", 400)
