"""Settings of a deployment that others reach: everything is given, nothing unsafe is accepted, nothing is made up."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from config import env, logging
from config.settings.base import *  # noqa: F403 - production is the base with additions
from config.settings.base import (
    AWS_HOST_NAMES,
    BASE_DIR,
    LOG_LEVEL,
    PUBLIC_URL,
    REDIS_URL,
    STORAGE_DRIVER,
    TRUSTED_PROXIES,
)
from config.settings.database import database, pooled
from config.settings.sign_up import read as read_sign_up

SHORTEST_SECRET = 40


def secret(name: str) -> str:
    """Read a secret that nobody can guess."""
    value = env.text(name)
    if len(value) < SHORTEST_SECRET or len(set(value)) < 10:
        raise env.BadSetting(name, f"is too weak: it takes at least {SHORTEST_SECRET} random characters")
    return value


if not PUBLIC_URL.startswith("https://"):
    raise env.BadSetting("KHO_URL", "takes the origin that clients use, such as https://kho.example.com")
if not REDIS_URL:
    raise env.BadSetting("REDIS_URL", "is required: the file-system broker serves one machine only")

# Strangers don't come in by themselves, unless the operator says so.
SIGN_UP, ACCOUNTS_PER_PERSON = read_sign_up("invited")

DEBUG = False
SECRET_KEY = secret("KHO_SECRET_KEY")
MASTER_KEY = secret("KHO_MASTER_KEY")
if SECRET_KEY == MASTER_KEY:
    raise env.BadSetting("KHO_MASTER_KEY", "must differ from KHO_SECRET_KEY")

ALLOWED_HOSTS = list(env.words("KHO_ALLOWED_HOSTS", urlsplit(PUBLIC_URL).hostname or ""))
if "*" in ALLOWED_HOSTS:
    raise env.BadSetting("KHO_ALLOWED_HOSTS", "can't be *: name the hosts that are served")
if AWS_HOST_NAMES:
    ALLOWED_HOSTS += [".amazonaws.com", ".on.aws", "public.ecr.aws"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

DATABASES = {"default": pooled(database(""))}
if not str(DATABASES["default"]["ENGINE"]).endswith("postgresql"):
    raise env.BadSetting("DATABASE_URL", "takes postgresql://user:password@host:port/name")

if STORAGE_DRIVER == "filesystem" and not os.environ.get("KHO_BLOBS"):
    raise env.BadSetting("KHO_BLOBS", "takes a folder that all nodes share; or keep blobs in a bucket: KHO_STORAGE=s3")
if not TRUSTED_PROXIES:
    raise env.BadSetting("KHO_TRUSTED_PROXIES", "takes the address of what ends TLS in front, such as 10.0.0.5")

STATIC_ROOT = Path(env.text("KHO_STATIC", str(BASE_DIR / "staticfiles"))).resolve()
LOGGING = logging.configure("json", LOG_LEVEL)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_HSTS_SECONDS = env.integer("KHO_HSTS_SECONDS", 31536000)
# RequestContext drops this header unless it comes from KHO_TRUSTED_PROXIES.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
