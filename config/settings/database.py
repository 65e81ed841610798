"""Reads DATABASE_URL: PostgreSQL, or SQLite in a file."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from config import env
from config.first_files import make_once


def database(default: str) -> dict[str, Any]:
    """Return Django's database settings for DATABASE_URL, or for `default` if it is not given."""
    return env.parsed("DATABASE_URL", default, parse, "sqlite:///path or postgresql://user:password@host:port/name")


def parse(url: str) -> dict[str, Any]:
    """Turn a database URL into Django's settings; ValueError if it is of another kind."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and parts.path:
        return sqlite(Path(unquote(parts.path)))
    if parts.scheme in {"postgresql", "postgres"} and parts.path.strip("/"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": dict(parse_qsl(parts.query)),
        }
    raise ValueError(url)


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite with a write-ahead log: readers never wait, writers take their lock when a transaction begins."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": 600,  # an open connection goes on planning by the statistics of when it was opened
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA cache_size=-256;",
        },
    }


def made(database: dict[str, Any]) -> dict[str, Any]:
    """Make SQLite's file if it is missing, with its write-ahead log switched on.

    A process that switches it on waits for nobody: of those that start at once, all but one would find it locked.
    """
    if str(database["ENGINE"]).endswith("sqlite3"):
        path = Path(database["NAME"])
        try:
            make_once(path, _without_tables)
        except OSError as error:
            raise env.BadSetting("DATABASE_URL", f"names {path}, which can't be written ({error.strerror})") from error
    return database


def _without_tables() -> bytes:
    """The first page of a database. Its bytes 18 and 19 tell that there is a log (the file format, section 1.3)."""
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute("PRAGMA user_version = 0")  # writes the page
        page = bytearray(memory.serialize())
    page[18:20] = b"\x02\x02"
    return bytes(page)


def pooled(database: dict[str, Any]) -> dict[str, Any]:
    """Let the threads of a process share KHO_DATABASE_POOL connections to PostgreSQL; with 0 each has its own.

    A request holds one only while it asks the database, not while bytes move.
    """
    most = env.integer("KHO_DATABASE_POOL", 10)
    if not most or not str(database["ENGINE"]).endswith("postgresql"):
        return database
    pool = {"min_size": 1, "max_size": most, "timeout": 10}
    return database | {"CONN_MAX_AGE": 0, "OPTIONS": {**database["OPTIONS"], "pool": pool}}
