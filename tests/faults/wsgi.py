"""The application of config.wsgi, with deaths: the server kills itself when it reaches the step that a file names.

The file is `fault` in KHO_DATA. Steps are named after what is about to happen, or has just happened, in the file system
and in the database, so that they stay where they are when the code between them changes:

before rename, after rename               of a file to its place among the blobs
before insert T, after insert T           of a row into table T, inside its transaction
before update T C, after update T C       of a row of table T, of columns that begin with C
before commit T, after commit T           of a transaction that inserted into table T
"""

import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from config.wsgi import application

__all__ = ["application"]

DATA = Path(os.environ["KHO_DATA"])
FAULT = DATA / "fault"
BLOBS = DATA / "blobs" / "blobs"
STATEMENT = re.compile(r'(INSERT) INTO "(\w+)"|(UPDATE) "(\w+)" SET "(\w+)"')


class Inserted(threading.local):
    """The tables that the thread's transaction has inserted into."""

    def __init__(self) -> None:
        self.tables: set[str] = set()


inserted = Inserted()


def reach(step: str) -> None:
    """End the server, all of its processes, if this is the step; nothing of theirs runs after that."""
    if FAULT.exists() and FAULT.read_text(encoding="utf-8") == step:
        os.killpg(0, signal.SIGKILL)


def watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Stand around every statement."""
    found = STATEMENT.match(sql)
    if not found:
        return execute(sql, params, many, context)
    step = f"insert {found[2]}" if found[1] else f"update {found[4]} {found[5]}"
    if found[1] and context["connection"].in_atomic_block:
        inserted.tables.add(found[2])
    reach(f"before {step}")
    result = execute(sql, params, many, context)
    reach(f"after {step}")
    return result


real_rename, real_commit = os.rename, BaseDatabaseWrapper.commit


def rename(source: Any, target: Any, **more: Any) -> None:
    """Stand around the moment in which a blob becomes visible to the storage."""
    is_blob = Path(target).is_relative_to(BLOBS)
    if is_blob:
        reach("before rename")
    real_rename(source, target, **more)
    if is_blob:
        reach("after rename")


def commit(connection: BaseDatabaseWrapper) -> None:
    """Stand around the moment in which rows become visible."""
    tables, inserted.tables = inserted.tables, set()
    for table in tables:
        reach(f"before commit {table}")
    real_commit(connection)
    for table in tables:
        reach(f"after commit {table}")


def watch_connection(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Stand around every statement of a new connection."""
    inserted.tables = set()
    connection.execute_wrappers.append(watch)


connection_created.connect(watch_connection)
patch.object(os, "rename", rename).start()
patch.object(BaseDatabaseWrapper, "commit", commit).start()
