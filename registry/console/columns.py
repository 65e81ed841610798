"""Which columns of a table are shown: by the address, else as the person has chosen, else as the table has them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person

PARAMETER: Final = "columns"
LONGEST: Final = 400


@dataclass(frozen=True, slots=True)
class Column:
    """A column that can be hidden; `is_extra` ones are hidden by themselves."""

    name: str
    label: str | Promise
    is_extra: bool = False


TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "repositories": (
        Column("mutability", _("Tag setting")),
        Column("images", _("Images")),
        Column("size", _("Size")),
        Column("pushed", _("Last push")),
        Column("pulled", _("Last pull")),
        Column("scanning", _("Scanned")),
        Column("vulnerabilities", _("Newest tag's vulnerabilities"), is_extra=True),
        Column("tags", _("Resource tags"), is_extra=True),
    ),
    "images": (
        Column("kind", _("Kind")),
        Column("pushed", _("Pushed")),
        Column("pulled", _("Last pull")),
        Column("size", _("Size")),
        Column("vulnerabilities", _("Vulnerabilities")),
        Column("signed", _("Signed")),
        Column("replication", _("Replication")),
        Column("class", _("Class")),
        Column("lifecycle", _("Lifecycle")),
        Column("digest", _("Digest")),
    ),
}
"""The tables that have a choice; the first column of each, which names the row, always stays."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns of a table: those that are shown, and whether the address or the person's own choice says so."""

    table: str
    shown: frozenset[str]
    in_address: bool
    is_kept: bool

    @property
    def boxes(self) -> list[tuple[Column, bool]]:
        """All columns, each with whether it is shown."""
        return [(column, column.name in self.shown) for column in TABLES[self.table]]


def chosen(request: HttpRequest, table: str) -> Choice:
    """Return what a request shows of a table."""
    asked = request.GET.get(PARAMETER, "")[:LONGEST]
    kept = request.user.columns.get(table, "") if isinstance(request.user, Person) else ""
    return Choice(table, _read(table, asked or kept), bool(asked), bool(kept))


def write(table: str, shown: Collection[str]) -> str:
    """How an address says which columns are shown: `tags,-size` adds one to the usual ones, and leaves one out."""
    changes = []
    for column in TABLES[table]:
        if column.is_extra and column.name in shown:
            changes.append(column.name)
        elif not column.is_extra and column.name not in shown:
            changes.append(f"-{column.name}")
    return ",".join(changes)


def _read(table: str, text: str) -> frozenset[str]:
    """The columns that a text shows; words that name none are left out."""
    words = text.split(",")
    return frozenset(
        column.name
        for column in TABLES[table]
        if f"-{column.name}" not in words and (not column.is_extra or column.name in words)
    )
