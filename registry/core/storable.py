"""Text from clients, made fit for every database: PostgreSQL takes neither NUL nor lone surrogates."""

from typing import Any


def storable(value: Any) -> Any:
    """Return JSON data with such characters replaced by U+FFFD, in keys and values at any depth."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value
