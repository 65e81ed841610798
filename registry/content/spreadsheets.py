"""Tables as CSV, line by line, whose cells no spreadsheet takes for formulas. Pure."""

import csv
from collections.abc import Iterable, Iterator
from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would compute instead of showing."""


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """The lines of a table."""
    writer = csv.writer(_Echo())
    for row in rows:
        yield writer.writerow([harmless(str(cell)) for cell in row])


def harmless(text: str) -> str:
    """A text that stays one in a spreadsheet: clients and publishers choose many of them."""
    return f"'{text}" if text.startswith(FORMULA) else text
