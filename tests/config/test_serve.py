"""The commands of the roles, and what the init and drainer roles run."""

import signal
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from pytest_django import Settings

from accounts.audit import spool
from config import serve, wiring
from registry import storage
from registry.errors import StorageUnavailable
from registry.management.commands import drain_spool
from registry.storage.filesystem import FilesystemDriver


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["web"], ["granian", "config.wsgi:application", "8123", "3"]),
        (["worker"], ["celery", "worker", ",".join(wiring.QUEUES), "5"]),
        (["worker", "maintenance"], ["maintenance"]),
        (["beat"], ["beat"]),
        (["drainer"], ["manage.py", "drain_spool"]),
    ],
)
def test_a_role_becomes_its_program(monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: list[str]) -> None:
    for name, value in {"PORT": "8123", "KHO_WEB_WORKERS": "3", "KHO_TASK_CONCURRENCY": "5"}.items():
        monkeypatch.setenv(name, value)
    became: list[list[str]] = []

    def become(program: str, command: list[str]) -> None:
        became.append(command)
        raise SystemExit

    monkeypatch.setattr("os.execv", become)
    with pytest.raises(SystemExit):
        serve.main(arguments)
    [command] = became
    assert Path(command[0]).is_absolute() and set(words) <= set(command), command
    assert sys.executable in command


def test_init_makes_tables_and_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr("django.core.management.call_command", lambda name, **_: called.append(name))
    serve.main(["init"])
    assert called == ["migrate", "prepare_storage"]


def test_the_storage_is_prepared(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BLOB_ROOT = tmp_path / "deep" / "blobs"
    storage.default.cache_clear()
    said = StringIO()
    call_command("prepare_storage", stdout=said)
    assert "can be used" in said.getvalue() and settings.BLOB_ROOT.is_dir()

    def fail(self: FilesystemDriver) -> None:
        raise StorageUnavailable("read-only")

    monkeypatch.setattr(FilesystemDriver, "check", fail)
    with pytest.raises(CommandError, match="read-only"):
        call_command("prepare_storage")
    storage.default.cache_clear()


@pytest.mark.django_db
def test_the_spool_is_drained_once(settings: Settings, tmp_path: Path) -> None:
    settings.SPOOL_DIR = tmp_path / "spool"
    spool.write({"v": 1, "kind": "of a newer version"})
    said = StringIO()
    call_command("drain_spool", "--once", stdout=said)
    assert said.getvalue() == "Counted 1 lines.\n"


@pytest.mark.django_db
def test_the_drainer_waits_for_the_database_and_ends_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def drain() -> int:
        looks.append(1)
        if len(looks) == 1:
            raise OperationalError("the database is away")
        handlers[signal.SIGTERM](signal.SIGTERM, None)
        return 0

    handlers: dict[int, Any] = {}
    monkeypatch.setattr(drain_spool, "drain", drain)
    monkeypatch.setattr("signal.signal", handlers.setdefault)
    call_command("drain_spool", "--every", "0.01")
    assert len(looks) == 2 and set(handlers) == {signal.SIGTERM, signal.SIGINT}
