"""What is known of words before listings are looked at."""

from collections.abc import Sequence

import pytest
from django.db import connection

from accounts.caller import Caller
from gallery.search import matching, query
from gallery.search.facets import Question
from tests.gallery.search.test_query import make


@pytest.fixture
def listings(alice: Caller) -> None:
    """Forty, all of one publisher, known to the database's statistics."""
    for number in range(40):
        make(alice, f"app-{number}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE gallery_listing")


def test_only_postgresql_guesses_what_is_common(listings: None) -> None:
    guesses = connection.vendor == "postgresql"
    assert matching.are_common(["shop"], 10) is guesses
    assert matching.are_common(["shop", "app"], 5) is guesses
    assert not matching.are_common(["shop"], 40)
    assert not matching.are_common(["absent"], 10) and not matching.are_common(["shop", "absent"], 10)
    assert not matching.are_common(["zz"], 10)


def test_a_guess_decides_only_beside_facets(listings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Common words are asked of what facets leave; without facets only a look tells how many there are."""
    asked: list[Sequence[str]] = []
    holders = matching.holders

    def noted(words: Sequence[str], limit: int) -> list[int]:
        asked.append(words)
        return holders(words, limit)

    monkeypatch.setattr(matching, "holders", noted)
    monkeypatch.setattr(matching, "are_common", lambda words, most: most == 4 * query.MOST_COUNTED)
    found = query.find(Question("shop", {"kind": ("image",)}))
    assert (found.total, found.is_many, asked) == (40, False, [])
    assert found.counts["kind"] is None and found.counts["publisher"] == {"shop": 40}
    assert query.find(Question("shop")).total == 40 and asked == [["shop"]]
