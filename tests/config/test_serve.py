"""The commands of the roles, and what the init and drainer roles run."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from pytest_django import Settings

from accounts.audit import spool
from config import serve, wiring
from config.deploy.local import free_port
from registry import storage
from registry.errors import StorageUnavailable
from registry.management.commands import drain_spool
from registry.storage.filesystem import FilesystemDriver

PROJECT = Path(serve.__file__).resolve().parent.parent


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


class Ready(BaseHTTPRequestHandler):
    """A web server that is ready."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing."""


@pytest.fixture
def ready_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where it listens; the environment names a proxy that reaches nothing here."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Ready) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_this_machine_is_asked_without_a_proxy(ready_port: int) -> None:
    assert serve.is_ready(ready_port)
    with serve.DIRECTLY.open(f"http://127.0.0.1:{ready_port}/readyz") as answer:
        assert answer.status == 200


@pytest.mark.parametrize("role", serve.LASTING)
def test_a_missing_setting_is_said_once(role: str, tmp_path: Path) -> None:
    """By the role itself: the web server would start its workers again and again, and each would say it."""
    command = [sys.executable, "-m", "config.serve", role]
    env = {"PATH": os.environ["PATH"], "KHO_DATA": str(tmp_path), "PORT": str(free_port())}
    done = subprocess.run(command, env=env, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("kho: the setting KHO_URL ") and done.stderr.count("\n") == 1, done.stderr


def test_the_web_server_ends_at_once_while_its_workers_load(tmp_path: Path) -> None:
    """They have its handlers until then, which would do nothing in them: it would kill them after half a minute."""
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.local", "KHO_DATA": str(tmp_path)}
    command = [sys.executable, "-m", "config.serve", "web"]
    with subprocess.Popen(command, env=env | {"PORT": str(free_port()), "KHO_BIND": "127.0.0.1"}, cwd=PROJECT) as web:
        children = Path(f"/proc/{web.pid}/task/{web.pid}/children")
        while not children.read_text():
            assert web.poll() is None
            time.sleep(0.01)
        time.sleep(1)  # they have begun to load
        web.send_signal(signal.SIGTERM)
        before = time.monotonic()
        web.wait(60)
        assert time.monotonic() - before < serve.DRAIN_SECONDS / 2


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
