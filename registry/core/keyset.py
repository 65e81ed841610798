"""Keysets: pages of rows in any order, cut behind or before a row, so that deep links work while rows come and go.

A place is written as `<value of the column>~<id>`, or as the value alone if no two rows have the same. A column that
may be empty counts empty as the least.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypedDict, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Count, F, Q, QuerySet, Subquery, Value
from django.utils.dateparse import parse_datetime

T = TypeVar("T")

LONGEST: Final = 600
"""How long a place may be: keys of tags are four times as long as tags."""
MOST_DIGITS: Final = 19
END: Final = "~"
"""The place behind the last row."""

Place = tuple[Any, Any]


class Places(TypedDict):
    """Where a page is, as its address says it."""

    after: str
    before: str


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by; rows with equal values follow their ids, unless no two rows have the same."""

    field: str
    kind: type = str
    is_nullable: bool = False
    is_unique: bool = False

    def read(self, text: str) -> Any:
        """The value that a place holds. ValueError."""
        if self.is_nullable and not text:
            return None
        if self.kind is datetime:
            return _known(parse_datetime(text))
        if self.kind is int and not (text.isascii() and text.isdecimal() and len(text) < MOST_DIGITS):
            raise ValueError(text)
        return self.kind(text)

    def place(self, row: Any) -> Place:
        """Where a row stands."""
        return _value(row, self.field), None if self.is_unique else row.pk

    def write(self, place: Place) -> str:
        """The place as a text."""
        value, pk = place
        text = value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
        return text if self.is_unique else f"{text}~{pk}"


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """Some rows, behind which place the next page starts, and before which one the page before ends; empty: nowhere."""

    rows: list[T]
    next: str
    previous: str


def counted(found: QuerySet[Any, T], listed: QuerySet[Any, T] | None = None) -> QuerySet[Any, T]:
    """Let the statement that reads a page count all that is found too; `listed` is the same with more about each."""
    count = found.order_by().values(of=Value(0)).annotate(count=Count("id")).values("count")
    rows: QuerySet[Any, T] = (found if listed is None else listed).annotate(total=Subquery(count))
    return rows


def total(cut: Cut[T], found: QuerySet[Any, T]) -> int:
    """How many are found: as the rows of a cut of `counted` tell, or asked for where a page has none."""
    return int(getattr(cut.rows[0], "total") if cut.rows else found.count())  # noqa: B009 - annotated


def cut(
    found: QuerySet[Any, T], order: Order, *, descending: bool = False, after: str = "", before: str = "", limit: int
) -> Cut[T]:
    """Return the rows behind `after` or before `before`: from the first one if neither is given, or can't be read.

    Where less than a page comes before a place the first page is all of it.
    """
    place = _read(found, order, after)
    if place is None and before:
        end = None if before == END else _read(found, order, before)
        if end is not None or before == END:
            rows = list(_in_order(_beyond(found, order, not descending, end), order, not descending)[: limit + 1])
            if len(rows) > limit:
                shown = rows[:limit][::-1]
                return Cut(shown, _further(found, order, descending, shown[-1]), order.write(order.place(shown[0])))
    rows = list(_in_order(_beyond(found, order, descending, place), order, descending)[: limit + 1])
    shown = rows[:limit]
    following = order.write(order.place(shown[-1])) if len(rows) > limit else ""
    if place is None:
        return Cut(shown, following, "")
    if shown:
        return Cut(shown, following, _further(found, order, not descending, shown[0]))
    return Cut([], "", END if found.exists() else "")


def is_place(order: Order, text: str) -> bool:
    """Whether a text names a place in an order of rows whose ids are numbers; `cut` takes another one for none."""
    value, separator, number = (text, END, "0") if order.is_unique else text.rpartition(END)
    try:
        order.read(value)
    except ValueError:
        return False
    is_number = number.isascii() and number.isdecimal() and len(number) < MOST_DIGITS
    return bool(separator) and is_number and len(text) <= LONGEST and "\0" not in text


def _further(found: QuerySet[Any, T], order: Order, descending: bool, row: T) -> str:
    """The place of a row, if others come behind it."""
    place = order.place(row)
    return order.write(place) if _beyond(found, order, descending, place).exists() else ""


def _known(at: datetime | None) -> datetime:
    if at is None or at.tzinfo is None:
        raise ValueError
    try:
        return at.astimezone(UTC)
    except OverflowError as error:  # at either end of the calendar
        raise ValueError from error


def _value(row: Any, field: str) -> Any:
    """What a row has in a column, perhaps one of a row that it points to."""
    if isinstance(row, Mapping):
        return row[field]
    for part in field.split("__"):
        row = getattr(row, part)
    return row


def _in_order(found: QuerySet[Any, T], order: Order, descending: bool) -> QuerySet[Any, T]:
    """An index on a column that is never empty is used only if nothing is said about its empty places."""
    sign = "-" if descending else ""
    if order.is_unique:
        return found.order_by(f"{sign}{order.field}")
    if not order.is_nullable:
        return found.order_by(f"{sign}{order.field}", f"{sign}pk")
    column = F(order.field)
    if descending:
        return found.order_by(column.desc(nulls_last=True), "-pk")
    return found.order_by(column.asc(nulls_first=True), "pk")


def _read(found: QuerySet[Any, T], order: Order, text: str) -> Place | None:
    """The value and the id of a place; None for a text that is none."""
    text = text[:LONGEST]
    if "\0" in text:
        return None
    try:
        if order.is_unique:
            return (order.read(text), None) if text else None
        value, separator, number = text.rpartition("~")
        return (order.read(value), found.model._meta.pk.to_python(number)) if separator else None
    except (ValueError, TypeError, ValidationError):
        return None


def _beyond(found: QuerySet[Any, T], order: Order, descending: bool, place: Place | None) -> QuerySet[Any, T]:
    """Leave out what comes up to a place."""
    if place is None:
        return found
    value, pk = place
    past = "lt" if descending else "gt"
    beyond = Q(**{f"{order.field}__{past}": value})
    if order.is_unique:
        return found.filter(beyond)
    if value is None:
        is_null = Q(**{f"{order.field}__isnull": True}) & Q(**{f"pk__{past}": pk})
        return found.filter(is_null if descending else is_null | Q(**{f"{order.field}__isnull": False}))
    beyond |= Q(**{order.field: value}) & Q(**{f"pk__{past}": pk})
    if descending and order.is_nullable:
        beyond |= Q(**{f"{order.field}__isnull": True})
    return found.filter(beyond)
