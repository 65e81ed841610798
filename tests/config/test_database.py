"""The database of a first start: processes that begin at once neither lock each other out nor make tables twice."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.management.commands.migrate import alone
from config.env import BadSetting
from config.settings.database import made, parse, sqlite


def opened(path: Path) -> sqlite3.Connection:
    """A connection as Kho's settings open it, which does not wait long."""
    fresh = sqlite3.connect(path, timeout=0.2, isolation_level=None)
    fresh.executescript(sqlite(path)["OPTIONS"]["init_command"])
    return fresh


def test_it_works(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "kho.sqlite3"
    assert made(sqlite(path)) == sqlite(path)
    with closing(sqlite3.connect(path)) as found:
        assert found.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found.execute("CREATE TABLE kept (id)")
    made(sqlite(path))
    with closing(sqlite3.connect(path)) as found:
        assert found.execute("SELECT name FROM sqlite_master").fetchall() == [("kept",)]
    assert path.stat().st_mode & 0o777 == 0o600


def test_nobody_is_locked_out_while_another_makes_the_first_table(tmp_path: Path) -> None:
    path = tmp_path / "kho.sqlite3"
    made(sqlite(path))
    with closing(opened(path)) as first:
        first.execute("BEGIN IMMEDIATE")
        first.execute("CREATE TABLE one (id)")
        with closing(opened(path)) as other:
            assert other.execute("SELECT * FROM sqlite_master").fetchall() == []
        first.execute("COMMIT")


def test_a_place_that_cant_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match=r"DATABASE_URL names .*, which can't be written"):
        made(sqlite(tmp_path / "file" / "kho.sqlite3"))


def test_postgresql_is_made_by_others() -> None:
    given = parse("postgresql://kho@127.0.0.1/kho")
    assert made(given) == given


@pytest.fixture
def connections_of_two(db: None, tmp_path: Path) -> Iterator[list[BaseDatabaseWrapper]]:
    """Two processes' connections to the database of the tests, or to a file."""
    copies = [connection.copy() for _ in range(2)]
    for each in copies:
        each.inc_thread_sharing()
        if each.vendor == "sqlite":
            each.settings_dict["NAME"] = tmp_path / "kho.sqlite3"
    yield copies
    for each in copies:
        each.close()


def test_tables_are_made_by_one_after_the_other(connections_of_two: list[BaseDatabaseWrapper]) -> None:
    first, second = connections_of_two
    order: list[str] = []

    def migrate() -> None:
        with alone(second):
            order.append("second")

    with alone(first):
        thread = threading.Thread(target=migrate)
        thread.start()
        time.sleep(0.3)
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]


def test_a_folder_where_nobody_may_write_is_said(tmp_path: Path) -> None:
    copy = connection.copy()
    copy.vendor = "sqlite"
    copy.settings_dict["NAME"] = tmp_path / "missing" / "kho.sqlite3"
    with pytest.raises(CommandError, match="can't be written"), alone(copy):
        pass
