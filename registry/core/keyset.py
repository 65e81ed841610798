"""Keysets: pages of rows in any order, cut after a row, so that a deep link keeps working while rows come and go.

Where a page ends is written as `<value of the column>~<id>`. A column that may be empty counts empty as the least.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import F, Model, Q, QuerySet
from django.utils.dateparse import parse_datetime

M = TypeVar("M", bound=Model)

LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by; rows with equal values follow their ids."""

    field: str
    kind: type = str
    is_nullable: bool = False

    def read(self, text: str) -> Any:
        """The value that a cursor holds. ValueError."""
        if self.is_nullable and not text:
            return None
        if self.kind is datetime:
            return _known(parse_datetime(text))
        return self.kind(text)


def _known(at: datetime | None) -> datetime:
    if at is None or at.tzinfo is None:
        raise ValueError
    return at


def cut(found: QuerySet[M], order: Order, *, descending: bool, after: str, limit: int) -> tuple[list[M], str]:
    """Return the rows behind `after` (from the first one if it is empty or can't be read), and where they end."""
    rows = list(_behind(found, order, descending, after).order_by(*_by(order, descending))[: limit + 1])
    if len(rows) <= limit:
        return rows, ""
    last = rows[limit - 1]
    value = getattr(last, order.field)
    text = value.isoformat() if isinstance(value, datetime) else "" if value is None else str(value)
    return rows[:limit], f"{text}~{last.pk}"


def _by(order: Order, descending: bool) -> tuple[Any, ...]:
    """An index on a column that is never empty is used only if nothing is said about its empty places."""
    if not order.is_nullable:
        sign = "-" if descending else ""
        return (f"{sign}{order.field}", f"{sign}pk")
    column = F(order.field)
    if descending:
        return (column.desc(nulls_last=True), "-pk")
    return (column.asc(nulls_first=True), "pk")


def _behind(found: QuerySet[M], order: Order, descending: bool, after: str) -> QuerySet[M]:
    """Leave out what comes up to the place that the cursor names."""
    text, separator, number = after[:LONGEST].rpartition("~")
    if not separator:
        return found
    try:
        value, pk = order.read(text), found.model._meta.pk.to_python(number)
    except (ValueError, TypeError, ValidationError):
        return found
    past = "lt" if descending else "gt"
    same = Q(**{order.field: value}) & Q(**{f"pk__{past}": pk})
    if value is None:
        is_null = Q(**{f"{order.field}__isnull": True}) & Q(**{f"pk__{past}": pk})
        return found.filter(is_null if descending else is_null | Q(**{f"{order.field}__isnull": False}))
    beyond = Q(**{f"{order.field}__{past}": value}) | same
    if descending and order.is_nullable:
        beyond |= Q(**{f"{order.field}__isnull": True})
    return found.filter(beyond)
