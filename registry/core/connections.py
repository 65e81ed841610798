"""Database connections of requests that wait for clients: given back to the pool while bytes move."""

from django.db import connection


def release() -> None:
    """Give a pooled connection back; the next query takes one again. Nothing happens without a pool."""
    if "pool" in connection.settings_dict["OPTIONS"] and not connection.in_atomic_block:
        connection.close()
