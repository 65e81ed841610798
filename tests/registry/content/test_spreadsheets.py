"""Tables whose cells stay texts."""

import csv

import pytest

from registry.content.spreadsheets import harmless, lines


def test_it_works() -> None:
    text = "".join(lines([["a", 1], ['say "x", y', None], ["=1+1", "two\nlines"]]))
    assert list(csv.reader(text.splitlines(keepends=True))) == [
        ["a", "1"],
        ['say "x", y', "None"],
        ["'=1+1", "two\nlines"],
    ]


@pytest.mark.parametrize("text", ["=HYPERLINK()", "+1", "-1", "@SUM(1)", "\tx", "\rx"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}" and harmless(f"a{text}") == f"a{text}"
