"""Settings of `make run`: one machine, SQLite, files, secrets made at the first start."""

import os

from config import wiring
from config.settings.base import *  # noqa: F403 - the local settings are the base with additions
from config.settings.base import DATA_DIR, DELIVERY
from config.settings.database import database, made
from config.settings.secret_files import kept_secret

# Browser sessions, mails and private images lie in the data folder: what is written there is for nobody else to read.
# Where a web server in front sends blobs, it does so by the group of its user.
os.umask(os.umask(0o077) | (0o027 if DELIVERY == "accel" else 0o077))

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
