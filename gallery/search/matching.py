"""Which listings hold every word of a query: trigrams in both databases.

PostgreSQL has an index of trigrams (pg_trgm) over the text itself. SQLite has a table of trigrams beside it (FTS5),
which `keep` and `forget` write together with the listing. Words of one or two letters have no trigram. Beside a longer
word they are looked for in what it finds; several of them alone are a phrase; one alone is the beginning of a
repository's name or of its publisher's.
"""

import json
import re
from collections.abc import Sequence
from enum import Enum
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from gallery.models import Listing
from gallery.search.folding import fold

MOST_WORDS: Final = 8
LONGEST: Final = 200
LETTERS: Final = 3
IDS: Final = "SELECT rowid FROM gallery_listing_text WHERE gallery_listing_text MATCH %s"
AFTER_ALL: Final = "\U0010ffff"


def words_of(q: str) -> list[str]:
    """The words of a query, folded; what is too long or too much is left out."""
    return list(dict.fromkeys(fold(q[:LONGEST]).replace("\x00", " ").split()))[:MOST_WORDS]


class Expected(Enum):
    """How many listings hold the words, so that the database takes the shorter way."""

    FEW = "look up each that holds them"
    MANY = "go through what the other conditions leave, and ask of each whether it is among those"
    EACH = "there are few to be asked: read the text of each, and look into no index"
    MOST = "read one after the other, in the order wanted, until there are enough"


def matching(found: QuerySet[Listing], words: Sequence[str], expected: Expected = Expected.FEW) -> QuerySet[Listing]:
    """Those of the listings that hold every word."""
    long, short = _by_length(words)
    for word in short:
        found = found.filter(_holds(word) if long else _begins("name", word) | _begins("alias", word))
    if expected is Expected.EACH:
        for word in long:
            found = found.filter(_holds(word))
        return found
    if connection.vendor == "sqlite" and long and expected is not Expected.MOST:
        if expected is Expected.MANY:  # the sign keeps SQLite from looking them up
            return found.extra(where=[f"+gallery_listing.id IN ({IDS})"], params=[_asked(long)])  # noqa: S610 - a parameter
        return found.filter(id__in=RawSQL(IDS, [_asked(long)]))  # noqa: S611 - the words are a parameter
    for word in long:
        found = found.filter(search_text__contains=word)
    return found


def _by_length(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words that have trigrams, and those that have none; nothing but several short ones is one phrase."""
    long = [word for word in words if len(word) >= LETTERS]
    short = [word for word in words if len(word) < LETTERS]
    return ([" ".join(short)], []) if len(short) > 1 and not long else (long, short)


def _holds(word: str) -> GreaterThan:
    """The text has the word, by a look into it and into no index."""
    return GreaterThan(StrIndex("search_text", Value(word)), 0)


def pieces(name: str, words: Sequence[str]) -> list[tuple[str, bool]]:
    """A name in pieces, each with whether it holds letters of the query: what a result shows in bold.

    Names are small letters without marks, as folded words are. Words that have no trigram count at its beginning.
    """
    found = sorted((word for word in words if word), key=len, reverse=True)
    patterns = [re.escape(word) if len(word) >= LETTERS else rf"^{re.escape(word)}" for word in found]
    if not patterns:
        return [(name, False)]
    parts = re.split(f"({'|'.join(patterns)})", name)
    return [(part, place % 2 == 1) for place, part in enumerate(parts) if part]


def holders(words: Sequence[str], limit: int) -> list[int]:
    """The ids of those that hold every word, deprecated listings too; at most `limit` of them."""
    long, short = _by_length(words)
    if connection.vendor == "sqlite" and not short:
        with connection.cursor() as cursor:
            cursor.execute(f"{IDS} LIMIT {int(limit)}", [_asked(long)])
            return [each for (each,) in cursor.fetchall()]
    return list(matching(Listing.objects.all(), words).values_list("id", flat=True)[:limit])


def are_common(words: Sequence[str], most: int) -> bool:
    """Whether the database guesses, without a look at any listing, that more than `most` hold every word.

    PostgreSQL keeps a sample of the texts. SQLite keeps none, and lists holders too quickly to need a guess.
    """
    if connection.vendor != "postgresql":
        return False
    plan = json.loads(matching(Listing.objects.all(), words).values("id").explain(format="json"))
    return bool(plan[0]["Plan"]["Plan Rows"] > most)


def _asked(words: Sequence[str]) -> str:
    """The words in FTS5's language: each a string, and all of them needed."""
    return " AND ".join('"' + word.replace('"', '""') + '"' for word in words)


def _begins(column: str, word: str) -> Q:
    """A column begins with the word; a range, so that its index serves."""
    return Q(**{f"{column}__gte": word, f"{column}__lt": word + AFTER_ALL})


def keep(listing: Listing) -> None:
    """Let a listing be found by its text, in the transaction that wrote it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM gallery_listing_text WHERE rowid = %s", [listing.id])
            cursor.execute(
                "INSERT INTO gallery_listing_text (rowid, text) VALUES (%s, %s)", [listing.id, listing.search_text]
            )


def forget(listing_id: int) -> None:
    """Let a listing not be found any more, in the transaction that deletes it."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM gallery_listing_text WHERE rowid = %s", [listing_id])
