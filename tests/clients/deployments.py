"""The deployment that a folder of tests runs against, on the database that KHO_TEST_DATABASE names."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.clients.postgresql import PostgreSQL
from tests.clients.server import Server

DATABASES: Final = ("sqlite", "postgresql")


@contextlib.contextmanager
def database() -> Iterator[str]:
    """Provide an empty database and yield its URL; empty for SQLite, which is Kho's own default."""
    kind = os.environ.get("KHO_TEST_DATABASE") or "sqlite"
    if kind not in DATABASES:
        raise ValueError(f"KHO_TEST_DATABASE is {kind!r}, but takes one of {', '.join(DATABASES)}")
    if kind == "sqlite":
        yield ""
        return
    cluster = PostgreSQL()
    try:
        yield cluster.create("kho")
    finally:
        cluster.close()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Run a whole deployment, web and task worker, until the block ends."""
    with database() as url:
        server = Server(folder / "kho", url, {"KHO_OUTBOUND_NETWORKS": "127.0.0.0/8"})
        try:
            server.prepare()
            server.start()
            server.start_worker()
            yield server
        finally:
            server.close()
