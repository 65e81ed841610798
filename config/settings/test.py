"""Settings of the test suite: a throw-away data folder, quick password hashing, tasks run where they are called."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("KHO_DATA", tempfile.mkdtemp(prefix="kho-test-"))
# Processes that share the tests of one run share nothing else.
if (worker := os.environ.get("PYTEST_XDIST_WORKER", "")) and Path(os.environ["KHO_DATA"]).name != worker:
    os.environ["KHO_DATA"] = str(Path(os.environ["KHO_DATA"]) / worker)
    Path(os.environ["KHO_DATA"]).mkdir(exist_ok=True)

from config.settings.base import *  # noqa: F403 - the data folder must be known first
from config.settings.base import DATA_DIR
from config.settings.database import database

SECRET_KEY = "only for tests " * 4
MASTER_KEY = "another one, only for tests " * 2
DEBUG = False
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": database(f"sqlite:///{DATA_DIR / 'test.sqlite3'}")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT = None
# Tests change rights and look at once; those of the lag itself switch it on.
RIGHTS_SECONDS = 0.0
EARLY_SECONDS = 0.0
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# Static files are served from where they are; only production collects them.
STATIC_ROOT = None  # type: ignore[assignment]  # a path in base
WHITENOISE_USE_FINDERS = True
