"""Settings of `make run`: one machine, SQLite, files, secrets made at the first start."""

import os
import secrets

from config import wiring
from config.env import BadSetting
from config.settings.base import *  # noqa: F403 - the local settings are the base with additions
from config.settings.base import DATA_DIR
from config.settings.database import database


def kept_secret(name: str) -> str:
    """Return the secret of this name from the data folder, made there (owner-readable only) at the first start."""
    path = DATA_DIR / "secrets" / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii")
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            value = secrets.token_urlsafe(48)
            file.write(value)
            return value
    except OSError as error:
        raise BadSetting("KHO_DATA", f"names {DATA_DIR}, which can't be written ({error.strerror})") from error


DEBUG = False
ALLOWED_HOSTS = ["*"]
SECRET_KEY = kept_secret("secret_key")
MASTER_KEY = kept_secret("master_key")
DATABASES = {"default": database(f"sqlite:///{DATA_DIR / 'kho.sqlite3'}")}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# Static files are served from where they are; only production collects them.
STATIC_ROOT = None  # type: ignore[assignment]  # a path in base
CELERY_BEAT_SCHEDULE = wiring.BEAT_SCHEDULE | wiring.ONE_NODE_SCHEDULE
