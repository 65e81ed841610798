"""Findings that come and go among others: the rows are those that were to be, and what stays keeps its row."""

import random

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from registry.models import Advisory, ImageScan
from registry.scanning import stored
from registry.values import Address
from tests.factories.registry import push_image


@pytest.fixture
def scan(alice: Caller, address: Address) -> ImageScan:
    """A scan of an image; one advisory is there."""
    fields = {"names": [], "vectors": [], "references": [], "content_digest": "x", "severity": "LOW"}
    Advisory.objects.create(id="A", modified_at="2026-01-01T00:00:00Z", imported_at="2026-01-01T00:00:00Z", **fields)
    return ImageScan.objects.create(image=push_image(alice, address, "1"), status="ACTIVE")


def put(scan: ImageScan, *numbers: int) -> dict[str, int]:
    """Let the scan have these, and return its rows' ids by name."""
    before = stored.of_scan(scan)
    made = [("A", f"CVE-{number}", "LOW", None, "p", "1", "", "deb", "", "", "", "") for number in numbers]
    new = stored.put(scan, before, made, timezone.now())
    assert new == [each for each in made if each not in before]
    rows = list(scan.findings.order_by("position"))
    assert [row.position for row in rows] == list(range(len(numbers)))
    assert [row.name for row in rows] == [f"CVE-{number}" for number in numbers]
    seen = {each[stored.NAME]: row.first_seen_at for each, row in before.items()}
    assert all(row.first_seen_at == seen[row.name] for row in rows if row.name in seen)
    return {row.name: row.id for row in rows}


def test_it_works(scan: ImageScan, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    first = put(scan, *range(10, 200, 10))
    with django_assert_max_num_queries(14):
        second = put(scan, 5, 10, 30, 40, 41, *range(50, 200, 10))
    assert {name: second[name] for name in first if name in second} == {
        name: number for name, number in first.items() if name != "CVE-20"
    }
    with django_assert_max_num_queries(4):
        assert put(scan, 5, 10, 30, 40, 41, *range(50, 200, 10)) == second


def test_any_change_ends_well(scan: ImageScan) -> None:
    chance = random.Random(3)
    for _ in range(60):
        put(scan, *sorted(chance.sample(range(90), chance.randrange(60))))


def test_another_order_is_written_anew(scan: ImageScan) -> None:
    put(scan, 1, 2, 3)
    put(scan, 3, 1, 2, 4)
    put(scan)
    put(scan, *range(0, 200, 2))
    put(scan, *range(200))


def test_rows_that_say_the_same_become_one(scan: ImageScan) -> None:
    put(scan, 1, 2)
    twice = scan.findings.get(position=1)
    twice.pk, twice.position = None, 2
    twice.save()
    assert len(stored.of_scan(scan)) == 3
    said = [each for each in stored.of_scan(scan) if len(each) == len(stored.SAID)]
    assert stored.put(scan, stored.of_scan(scan), said, timezone.now()) == [] and scan.findings.count() == 2
