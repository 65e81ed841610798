"""Production settings start with what is safe, and refuse what is not in one line that names the setting."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
SAFE = {
    "KHO_URL": "https://kho.example.com",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "DATABASE_URL": "postgresql://kho:secret@127.0.0.1:5432/kho",
    "KHO_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "KHO_MASTER_KEY": "HGFEDCBAzyxwvutsrqponmlkjihgfedcba9876543210",
    "KHO_BLOBS": "/srv/kho/blobs",
    "KHO_TRUSTED_PROXIES": "10.0.0.5",
}
SHOWS = (
    "from django.conf import settings as s; "
    "print(s.ALLOWED_HOSTS, s.SESSION_COOKIE_SECURE, s.CELERY_BROKER_URL, s.SIGN_UP, s.ACCOUNTS_PER_PERSON)"
)


def start(folder: Path, shown: str = SHOWS, **changes: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KHO_", "DATABASE_", "REDIS_"))}
    env = kept | SAFE | {"KHO_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings.production"} | changes
    command = [sys.executable, "-c", shown]
    return subprocess.run(command, env=env, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_it_works(tmp_path: Path) -> None:
    done = start(tmp_path)
    assert done.stdout.strip() == "['kho.example.com'] True redis://127.0.0.1:6379/0 invited 0", done.stderr
    assert not list(tmp_path.iterdir()), "production makes no secrets"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KHO_URL", "http://kho.example.com"),
        ("KHO_URL", ""),
        ("REDIS_URL", ""),
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "sqlite:///kho.sqlite3"),
        ("DATABASE_URL", "mysql://kho@127.0.0.1/kho"),
        ("KHO_SECRET_KEY", ""),
        ("KHO_SECRET_KEY", "short"),
        ("KHO_SECRET_KEY", "a" * 60),
        ("KHO_MASTER_KEY", ""),
        ("KHO_MASTER_KEY", SAFE["KHO_SECRET_KEY"]),
        ("KHO_ALLOWED_HOSTS", "*"),
        ("KHO_BLOBS", ""),
        ("KHO_TRUSTED_PROXIES", ""),
        ("KHO_DATABASE_POOL", "many"),
        ("KHO_DELIVERY", "redirect"),
        ("KHO_S3_ENCRYPTION", "ROT13"),
        ("KHO_SIGN_UP", "perhaps"),
        ("KHO_SMTP_PORT", "many"),
        ("KHO_ANONYMOUS_PULLS", "some"),
    ],
)
def test_it_refuses_what_is_not_safe(tmp_path: Path, name: str, value: str) -> None:
    done = start(tmp_path, **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"kho: the setting {name} ") and done.stderr.count("\n") == 1, done.stderr
    assert not value or not name.endswith("_KEY") or value not in done.stderr, "a secret was printed"


def test_browsers_come_back_over_https_only(tmp_path: Path) -> None:
    shown = "from django.conf import settings as s; print(s.SECURE_HSTS_SECONDS, s.SESSION_COOKIE_HTTPONLY, s.VERSION)"
    done = start(tmp_path, shown)
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert done.stdout.strip() == f"31536000 True {project['version']}", done.stderr


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SAFE["KHO_SECRET_KEY"] + "\n")
    assert start(tmp_path, KHO_SECRET_KEY="", KHO_SECRET_KEY_FILE=str(tmp_path / "secret")).returncode == 0
