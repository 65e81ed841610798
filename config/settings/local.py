"""Settings of `make run`: one machine, SQLite, files, secrets made at the first start."""

from config import wiring
from config.settings.base import *  # noqa: F403 - the local settings are the base with additions
from config.settings.base import DATA_DIR
from config.settings.database import database, made
from config.settings.secret_files import kept_secret

DEBUG = False
ALLOWED_HOSTS = ["*"]
SECRET_KEY = kept_secret(DATA_DIR, "secret_key")
MASTER_KEY = kept_secret(DATA_DIR, "master_key")
DATABASES = {"default": made(database(f"sqlite:///{DATA_DIR / 'kho.sqlite3'}"))}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# Static files are served from where they are; only production collects them.
STATIC_ROOT = None  # type: ignore[assignment]  # a path in base
CELERY_BEAT_SCHEDULE = wiring.BEAT_SCHEDULE | wiring.ONE_NODE_SCHEDULE
