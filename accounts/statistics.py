"""What the database knows of its tables, and plans queries by."""

from typing import Final

from django.db import connection

ROWS: Final = 1000
"""How much of each index is looked at, so that it takes a moment whatever the size."""


def gather() -> None:
    """Count anew on SQLite, which otherwise takes every repository for one of ten images. PostgreSQL does it itself."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit = {ROWS}")
        cursor.execute("ANALYZE")
