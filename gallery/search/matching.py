"""Which listings hold every word of a query: trigrams in both databases.

PostgreSQL has an index of trigrams (pg_trgm) over the text itself. SQLite has a table of trigrams beside it (FTS5),
which `keep` and `forget` write together with the listing. Words of one or two letters have no trigram: they are
beginnings of a repository's name or of its publisher's.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

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
    """How many listings hold the words, so that SQLite takes the shorter way; PostgreSQL knows by itself."""

    FEW = "look up each that holds them"
    MANY = "go through what the other conditions leave, and ask of each whether it is among those"
    MOST = "read one after the other, in the order wanted, until there are enough"


def matching(found: QuerySet[Listing], words: Sequence[str], expected: Expected = Expected.FEW) -> QuerySet[Listing]:
    """Those of the listings that hold every word."""
    for word in words:
        if len(word) < LETTERS:
            found = found.filter(_begins("name", word) | _begins("alias", word))
    long = [word for word in words if len(word) >= LETTERS]
    if connection.vendor == "sqlite" and long and expected is not Expected.MOST:
        if expected is Expected.MANY:  # the sign keeps SQLite from looking them up
            return found.extra(where=[f"+gallery_listing.id IN ({IDS})"], params=[_asked(long)])  # noqa: S610 - a parameter
        return found.filter(id__in=RawSQL(IDS, [_asked(long)]))  # noqa: S611 - the words are a parameter
    for word in long:
        found = found.filter(search_text__contains=word)
    return found


def holders(words: Sequence[str], limit: int) -> int:
    """How many texts hold every word, deprecated listings too; at most `limit` are counted."""
    if connection.vendor == "sqlite" and all(len(word) >= LETTERS for word in words):
        with connection.cursor() as cursor:
            cursor.execute(f"{IDS} LIMIT {int(limit)}", [_asked(words)])
            return len(cursor.fetchall())
    return len(matching(Listing.objects.all(), words).values_list("id", flat=True)[:limit])


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
