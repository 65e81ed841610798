"""Secrets that a deployment on one machine makes for itself at its first start."""

import os
import secrets
import tempfile
from pathlib import Path

from config.env import BadSetting


def kept_secret(data: Path, name: str) -> str:
    """Return the secret of this name from the data folder, made there (owner-readable only) at the first start.

    It is there whole or not at all, so that processes that start at once, or after one that died, have the same one.
    """
    path = data / "secrets" / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make(path)
        value = path.read_text(encoding="ascii")
    except OSError as error:
        raise BadSetting("KHO_DATA", f"names {data}, which can't be written ({error.strerror})") from error
    if not value:
        raise BadSetting("KHO_DATA", f"names {data}, where {path} is empty; restore it, or remove it at a new start")
    return value


def _make(path: Path) -> None:
    """Write a new secret beside the path and give it the name, unless another process was faster."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
        try:
            os.link(file.name, path)
        except FileExistsError:
            return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
