"""The database connection of a request: fresh at its start, given back to the pool while bytes move."""

from django.db import connection


def refresh() -> None:
    """Drop a connection that is broken or too old, as Django does at the start of its requests."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def release() -> None:
    """Give a pooled connection back; the next query takes one again. Nothing happens without a pool."""
    if "pool" in connection.settings_dict["OPTIONS"] and not connection.in_atomic_block:
        connection.close()
