"""Keysets: forwards and backwards, at both ends, while rows come and go; in every kind of order."""

import itertools
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from accounts.caller import Caller
from registry.core import keyset, repositories
from registry.core.keyset import END, Cut, Order
from registry.models import Repository
from registry.values import Address

ORDERS = {
    "name": Order("name", is_unique=True),
    "id": Order("id", int, is_unique=True),
    "count": Order("image_count", int),
    "created": Order("created_at", type(timezone.now())),
    "pulled": Order("last_pull_at", type(timezone.now()), is_nullable=True),
    "account": Order("account__name"),
}
"""Unique ones, with ties, with empty ones, and of another table."""

Walk = Callable[..., Cut[Repository]]


@pytest.fixture
def made(address: Address) -> Callable[..., Repository]:
    """Makes rows like the one that is there, with other names and values."""
    first = repositories.find(address)
    now = timezone.now()

    def make(number: int) -> Repository:
        values = {field.attname: getattr(first, field.attname) for field in Repository._meta.concrete_fields}
        changes = {
            "id": None,
            "name": f"row/{number:03}",
            "image_count": number // 3,
            "created_at": now - timedelta(seconds=number // 2),
            "last_pull_at": None if number % 3 == 0 else now - timedelta(minutes=number // 2),
        }
        return Repository.objects.create(**values | changes)

    return make


def rows() -> QuerySet[Repository]:
    return Repository.objects.filter(name__startswith="row/")


def pages(order: Order, descending: bool) -> list[list[int]]:
    """All pages forwards, checked to be the same ones backwards."""
    forwards: list[Cut[Repository]] = []
    after = ""
    while True:
        cut = keyset.cut(rows(), order, descending=descending, after=after, limit=3)
        forwards.append(cut)
        if not cut.next:
            break
        after = cut.next
    assert forwards[0].previous == "" and all(cut.previous for cut in forwards[1:])
    for earlier, later in itertools.pairwise(forwards):
        back = keyset.cut(rows(), order, descending=descending, before=later.previous, limit=3)
        assert (back.rows, back.previous, bool(back.next)) == (earlier.rows, earlier.previous, True)
        again = keyset.cut(rows(), order, descending=descending, after=back.next, limit=3)
        assert again.rows == later.rows
    return [[row.id for row in cut.rows] for cut in forwards]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("count", [0, 1, 3, 4, 6, 11])
def test_pages_are_the_same_in_both_directions(
    made: Callable[..., Repository], name: str, descending: bool, count: int
) -> None:
    ids = {made(number).id for number in range(count)}
    shown = pages(ORDERS[name], descending)
    flat = [each for page in shown for each in page]
    assert set(flat) == ids and len(flat) == count
    assert [len(page) for page in shown] == [3] * (count // 3) + ([count % 3] if count % 3 or not count else [])
    if name in ("name", "id"):
        assert flat == sorted(flat, reverse=descending)
    other = [each for page in pages(ORDERS[name], not descending) for each in page]
    assert other == flat[::-1]


def numbers(cut: Cut[Repository]) -> list[int]:
    return [int(row.name.removeprefix("row/")) for row in cut.rows]


def newest_first(**place: str) -> Cut[Repository]:
    return keyset.cut(rows(), ORDERS["name"], descending=True, limit=3, **place)


def test_links_keep_their_place_while_rows_come(made: Callable[..., Repository]) -> None:
    for number in range(10, 19):
        made(number)
    middle = newest_first(after="row/016")
    assert numbers(middle) == [15, 14, 13]
    for number in (19, 20, 21, 22):
        made(number)
    assert newest_first(after="row/016") == middle
    newer = newest_first(before=middle.previous)
    assert numbers(newer) == [18, 17, 16] and (newer.next, newer.previous) == ("row/016", "row/018")
    assert numbers(newest_first(before=newer.previous)) == [21, 20, 19]
    # Less than a page is left: the first page is whole.
    first = newest_first(before="row/021")
    assert numbers(first) == [22, 21, 20] and (first.next, first.previous) == ("row/020", "")


def test_links_keep_their_place_while_rows_go(made: Callable[..., Repository]) -> None:
    for number in range(10, 22):
        made(number)
    # The row that a link names is gone, and its neighbours.
    rows().filter(name__in=("row/016", "row/015", "row/017")).delete()
    assert numbers(newest_first(after="row/016")) == [14, 13, 12]
    assert numbers(newest_first(before="row/015")) == [20, 19, 18]
    # Everything that is newer is gone: nothing leads there.
    rows().filter(name__gt="row/014").delete()
    page = newest_first(after="row/016")
    assert numbers(page) == [14, 13, 12] and page.previous == ""
    assert numbers(newest_first(before="row/016")) == [14, 13, 12]
    # Everything that is older is gone: the page is empty, and leads back to the last rows.
    end = newest_first(after="row/010")
    assert (end.rows, end.next, end.previous) == ([], "", END)
    last = newest_first(before=END)
    assert numbers(last) == [12, 11, 10] and (last.next, last.previous) == ("", "row/012")
    rows().filter(name__lt="row/012").delete()
    # A page before a place that was the end of the list leads nowhere further.
    made(30)
    page = newest_first(before="row/012")
    assert numbers(page) == [30, 14, 13] and page.next == "row/013"
    rows().all().delete()
    assert newest_first(after="row/010") == newest_first(before=END) == Cut([], "", "")


@pytest.mark.parametrize(
    "place",
    [
        *("x", "1", "~x", "²~1", "2026-01-01T00:00:00~1", "\0~1", f"{'9' * 30}~1", "~" * 700),
        *("9999-12-31T23:59:59-12:00~1", "0001-01-01T00:00:00+12:00~1"),
    ],
)
def test_places_that_can_not_be_read_are_none(made: Callable[..., Repository], place: str) -> None:
    for number in range(4):
        made(number)
    for order in (ORDERS["count"], ORDERS["created"], ORDERS["id"]):
        if order.is_unique and place == "1":
            continue
        first = keyset.cut(rows(), order, limit=3)
        assert keyset.cut(rows(), order, after=place, limit=3) == first
        assert keyset.cut(rows(), order, before=place, limit=3) == first


def test_behind_wins_over_before(made: Callable[..., Repository]) -> None:
    for number in range(9):
        made(number)
    assert newest_first(after="row/006", before="row/003") == newest_first(after="row/006")


def test_rows_may_be_values(alice: Caller, made: Callable[..., Repository]) -> None:
    for number in range(4):
        made(number)
    cut = keyset.cut(rows().values("name"), ORDERS["name"], limit=3)
    assert (cut.rows[0], cut.next) == ({"name": "row/000"}, "row/002")
