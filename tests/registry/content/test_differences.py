"""Lines that differ, in bounded time."""

from registry.content import differences
from registry.content.differences import Difference, Line


def test_it_shows_lines_with_some_around() -> None:
    before = "\n".join("abcdefghij")
    after = before.replace("f", "F").replace("j", "j\nk")
    found = differences.of_texts(before, after, around=1)
    assert found.lines == [
        Line("place", "…"),
        Line("same", " e"),
        Line("removed", "-f"),
        Line("added", "+F"),
        Line("same", " g"),
        Line("place", "…"),
        Line("same", " j"),
        Line("added", "+k"),
    ]
    assert (found.added, found.removed, found.is_cut) == (2, 1, False)
    assert differences.of_texts("a", "a") == Difference()
    assert differences.of_texts("", "a").lines == [Line("added", "+a")]


def test_long_ones_are_cut() -> None:
    found = differences.of_texts("", "\n".join(str(number) for number in range(5000)))
    assert found.is_cut and len(found.lines) == differences.MOST_LINES and found.added == 5000


def test_texts_made_to_take_for_ever_are_given_up() -> None:
    before = "\n".join(str(number % 130) for number in range(9000))
    after = "\n".join(str(number * 7 % 131) for number in range(9000))
    assert differences.of_texts(before, after).is_too_large
