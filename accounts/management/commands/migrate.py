"""`manage.py migrate`, by one process after the other: those that start at once would all make the same tables."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.core.management import CommandError
from django.core.management.commands import migrate
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

LOCK: Final = 0x4B686F02
"""Any number that nothing else locks in this database."""


class Command(migrate.Command):
    """Django's own; whoever waited finds that nothing is left to do."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Make or update the tables."""
        if options["plan"] or options["check_unapplied"]:
            super().handle(*args, **options)
            return
        with alone(connections[options["database"]]):
            super().handle(*args, **options)


@contextmanager
def alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Wait until no other process is inside, of those that share the database. CommandError if that can't be known."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        return
    name = str(connection.settings_dict["NAME"])
    if "mode=memory" in name:  # of a test: no other process has it
        yield
        return
    path = Path(f"{name}-migrating")
    try:
        held = path.open("wb")
    except OSError as error:
        raise CommandError(f"{path} can't be written ({error.strerror})") from error
    with held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
