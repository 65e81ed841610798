"""What `make run` makes for itself: secrets, whole or not there, whoever starts at the same time; files of its own."""

import errno
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from config.env import BadSetting
from config.settings.secret_files import kept_secret

PROJECT = Path(__file__).resolve().parent.parent.parent
MIGRATES = (
    "import os; os.umask(0o022); import django; django.setup(); from django.db import connection; "
    "connection.cursor().execute('CREATE TABLE one (id integer)'); from django.core.mail import send_mail; "
    "send_mail('reset', 'a link', None, ['ana@example.com'])"
)


def test_it_works(tmp_path: Path) -> None:
    made = kept_secret(tmp_path, "master_key")
    assert len(made) == 64
    assert kept_secret(tmp_path, "master_key") == made
    assert kept_secret(tmp_path, "secret_key") != made
    files = sorted((tmp_path / "secrets").iterdir())
    assert [(each.name, each.stat().st_mode & 0o777) for each in files] == [
        ("master_key", 0o600),
        ("secret_key", 0o600),
    ]
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(("delivery", "others"), [("file", 0o077), ("accel", 0o027)])
def test_what_it_writes_is_nobody_elses_to_read(tmp_path: Path, delivery: str, others: int) -> None:
    """Also if somebody made the folder before, and by a command. A web server in front may read by its group."""
    (tmp_path / "made").mkdir(mode=0o755)
    for data in (tmp_path / "made", tmp_path / "new"):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("KHO_", "DATABASE_"))}
        env = kept | {"KHO_DATA": str(data), "DJANGO_SETTINGS_MODULE": "config.settings.local"}
        subprocess.run([sys.executable, "-c", MIGRATES], env=env | {"KHO_DELIVERY": delivery}, cwd=PROJECT, check=True)
        written = {each.relative_to(data): each.stat().st_mode & others for each in data.rglob("*")}
        assert {Path("kho.sqlite3"), Path("secrets"), Path("mail")} <= written.keys()
        assert not any(written.values()), written
    assert (tmp_path / "new").stat().st_mode & others == 0


def test_two_that_start_at_once_have_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one looks while this one has not yet written, which is when it may see a file without its secret."""
    token_urlsafe, seen = secrets.token_urlsafe, []

    def another_starts(length: int) -> str:
        monkeypatch.setattr(secrets, "token_urlsafe", token_urlsafe)
        seen.append(kept_secret(tmp_path, "master_key"))
        return token_urlsafe(length)

    monkeypatch.setattr(secrets, "token_urlsafe", another_starts)
    mine = kept_secret(tmp_path, "master_key")
    assert seen == [mine]
    assert len(mine) == 64
    assert [each.name for each in (tmp_path / "secrets").iterdir()] == ["master_key"]


def test_one_that_dies_before_it_has_written_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(_: int) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(secrets, "token_urlsafe", dies)
        with pytest.raises(KeyboardInterrupt):
            kept_secret(tmp_path, "master_key")
    assert len(kept_secret(tmp_path, "master_key")) == 64


def test_an_empty_file_is_no_secret(tmp_path: Path) -> None:
    """A disk that was full, or an older Kho, may have left one: nobody may sign or seal with nothing."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "master_key").touch()
    with pytest.raises(BadSetting, match="master_key is empty"):
        kept_secret(tmp_path, "master_key")


def test_a_folder_that_cant_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="can't be written"):
        kept_secret(tmp_path / "file", "master_key")


def test_a_file_system_without_hard_links_keeps_secrets_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    made = kept_secret(tmp_path, "master_key")
    assert len(made) == 64 and kept_secret(tmp_path, "master_key") == made


def test_a_secret_of_somebody_else(tmp_path: Path) -> None:
    """A folder where its file should be stands for what can't be read, by root either."""
    (tmp_path / "secrets" / "master_key").mkdir(parents=True)
    with pytest.raises(BadSetting, match=r"secrets/master_key can't be read"):
        kept_secret(tmp_path, "master_key")
