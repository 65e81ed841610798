"""Secrets that a deployment on one machine makes for itself at its first start."""

import secrets
from pathlib import Path

from config.env import BadSetting
from config.first_files import make_once


def kept_secret(data: Path, name: str) -> str:
    """Return the secret of this name from the data folder, made there (owner-readable only) at the first start.

    It is there whole or not at all, so that processes that start at once, or after one that died, have the same one.
    """
    path = data / "secrets" / name
    try:
        make_once(path, lambda: secrets.token_urlsafe(48).encode())
    except OSError as error:
        raise BadSetting("KHO_DATA", f"names {data}, which can't be written ({error.strerror})") from error
    try:
        value = path.read_text(encoding="ascii")
    except OSError as error:
        raise BadSetting("KHO_DATA", f"names {data}, where {path} can't be read ({error.strerror})") from error
    if not value:
        raise BadSetting("KHO_DATA", f"names {data}, where {path} is empty; restore it, or remove it at a new start")
    return value
