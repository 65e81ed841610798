"""`make run`, part by part: options, checks, first account, demo, words, processes."""

import errno
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import connection
from pytest_django import Settings

from accounts.authn import basic
from accounts.models import Account, Person
from config.deploy.local import free_port
from config.env import BadSetting
from config.run import checks, demo, first_start, processes, words
from config.run.checks import CannotStart
from config.run.options import Options
from config.run.processes import Child, Supervisor
from registry import storage
from registry.core import addresses, aliases, images, repositories, uploads
from registry.errors import StorageFull
from registry.models import CreationTemplate, Image, ImageTag, Repository
from tests.factories.registry import make_caller

PROJECT = Path(checks.__file__).resolve().parent.parent.parent
GIVEN = {
    "KHO_ADMIN_EMAIL": "ana@example.com",
    "KHO_ADMIN_PASSWORD": "short",
    "KHO_ACCOUNT_ID": "123456789012",
    "KHO_ACCESS_KEY_ID": "AKIAGIVEN",
    "KHO_SECRET_ACCESS_KEY": "a-given-secret",
}


@pytest.fixture
def shared_url(transactional_db: None, tmp_path: Path) -> str:
    """The URL of a migrated, empty database that other processes can use: a file, or PostgreSQL's test database."""
    found = connection.settings_dict
    if connection.vendor == "postgresql":
        user, password = quote(found["USER"]), quote(found["PASSWORD"])
        query = urlencode(found["OPTIONS"])
        return f"postgresql://{user}:{password}@{found['HOST']}:{found['PORT']}/{found['NAME']}?{query}"
    connection.ensure_connection()
    with closing(sqlite3.connect(tmp_path / "shared.sqlite3")) as copy:
        connection.connection.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")  # as migrating leaves it: two that switch at once do not wait
    return f"sqlite:///{tmp_path / 'shared.sqlite3'}"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    """Nothing is given, and the data folder is the test's."""
    for name in (*GIVEN, "PORT", "KHO_BIND", "KHO_DEMO", "KHO_URL"):
        monkeypatch.delenv(name, raising=False)
    settings.DATA_DIR = tmp_path
    settings.BLOB_ROOT = tmp_path / "blobs"
    settings.SPOOL_DIR = tmp_path / "spool"
    storage.default.cache_clear()


def test_options_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    options = Options.read()
    assert (options.host, options.demo, options.origin) == ("127.0.0.1:8000", True, "http://127.0.0.1:8000")
    monkeypatch.setenv("KHO_BIND", "localhost")
    assert Options.read().bind == "127.0.0.1"
    monkeypatch.setenv("KHO_BIND", "::")
    assert Options.read().host == "[::1]:8000"
    monkeypatch.setenv("KHO_BIND", "2001:db8::1")
    assert Options.read().host == "[2001:db8::1]:8000"
    monkeypatch.setenv("KHO_BIND", "0.0.0.0")  # noqa: S104 - a value, not bound
    monkeypatch.setenv("KHO_URL", "https://kho.example.com")
    assert (Options.read().host, Options.read().origin) == ("127.0.0.1:8000", "https://kho.example.com")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "70000"),
        ("KHO_BIND", "nowhere!"),
        ("KHO_DEMO", "maybe"),
        ("KHO_ADMIN_EMAIL", "nobody"),
        ("KHO_ACCOUNT_ID", "12"),
        ("KHO_ACCESS_KEY_ID", "a b"),
        ("KHO_SECRET_ACCESS_KEY", "short"),
        ("KHO_ACCESS_KEY_ID", "AKIAALONE"),
    ],
)
def test_it_refuses_bad_options(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=f"kho: the setting {name} "):
        Options.read()


def test_a_folder_is_used_by_one(tmp_path: Path) -> None:
    with checks.take_folder(tmp_path / "data"), pytest.raises(CannotStart, match="another Kho is using the folder"):
        checks.take_folder(tmp_path / "data")
    checks.take_folder(tmp_path / "data").close()
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match="can't be written"):
        checks.take_folder(tmp_path / "file" / "data")


def test_a_busy_port_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))
        with pytest.raises(CannotStart, match="can't be used"):
            checks.require_free_port(Options.read())
    checks.require_free_port(Options.read())


def test_given_values_are_used_as_they_are(monkeypatch: pytest.MonkeyPatch, db: None, settings: Settings) -> None:
    settings.REGIONS = ("us-east-1", "eu-west-1")
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    made = first_start.ensure(Options.read())
    assert made is not None and made.account_id == "123456789012"
    assert Person.objects.get(email="ana@example.com").check_password("short")
    assert basic.identify("AKIAGIVEN", "a-given-secret").principal.name == "admin"
    assert CreationTemplate.objects.filter(prefix="ROOT").count() == 2
    assert made.file.stat().st_mode & 0o077 == 0
    assert "a-given-secret" in made.file.read_text() and "a-given-secret" not in repr(made)
    uploads.start(make_caller("123456789012", "admin"), addresses.private("123456789012", "any/name"))


def test_the_second_start_makes_nothing(db: None) -> None:
    first = first_start.ensure(Options.read())
    assert first is not None and first.email == "admin@localhost" and len(first.password) >= 12
    assert first_start.ensure(Options.read()) is None
    assert Account.objects.count() == 1


START = """
import django
django.setup()
from config.run import first_start, options
first_start.ensure(options.Options.read())
"""


def test_two_starts_at_once_make_one_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared_url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", shared_url)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.settings.local")
    starts = []
    for name in ("one", "other"):
        monkeypatch.setenv("KHO_DATA", str(tmp_path / name))
        starts.append(subprocess.Popen([sys.executable, "-c", START]))
    assert [start.wait(60) for start in starts] == [0, 0]
    assert len(list(tmp_path.glob("*/first-start.txt"))) == 1, "each has a folder of its own; one made the account"


def test_what_cannot_be_made_is_said_and_undone(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setenv("KHO_ADMIN_EMAIL", "a@b")
    with pytest.raises(CannotStart, match="the first account can't be made: mail address"):
        first_start.ensure(Options.read())
    assert not Account.objects.exists()


def test_the_demo_is_pushed_once(db: None) -> None:
    first_start.ensure(Options.read())
    account = Account.objects.get()
    demo.seed(account)
    pushed = set(Image.objects.values_list("digest", flat=True))
    assert set(Repository.objects.values_list("name", flat=True)) == {"hello", "tools/shelf", "charts/hello"}
    assert Image.objects.filter(kind="chart").exists() and Image.objects.filter(kind="index").exists()
    repositories.delete(make_caller(account.id, "x"), addresses.public(account.id, "tools/shelf"), force=True)
    demo.seed(account)
    assert set(Image.objects.values_list("digest", flat=True)) == pushed
    assert not Repository.objects.filter(name="tools/shelf", deleted_at=None).exists(), "what was deleted stays so"


@pytest.mark.parametrize("pushes", [0, 1, 4])
def test_a_demo_that_was_ended_on_its_way_is_gone_on_with(
    db: None, monkeypatch: pytest.MonkeyPatch, pushes: int
) -> None:
    """Images of two platforms are three manifests; `pushes` of all have come when somebody presses Ctrl-C."""
    first_start.ensure(Options.read())
    account = Account.objects.get()
    put, done = images.put, list[object]()

    def put_some(*args: Any) -> Any:
        if len(done) == pushes:
            raise KeyboardInterrupt
        done.append(args)
        return put(*args)

    with monkeypatch.context() as patch:
        patch.setattr(images, "put", put_some)
        with pytest.raises(KeyboardInterrupt):
            demo.seed(account)
    demo.seed(account)
    tags = ImageTag.objects.filter(repository__deleted_at=None).values_list("repository__name", "name")
    assert set(tags) == {
        ("hello", "1.0"),
        ("hello", "1.1"),
        ("hello", "latest"),
        ("tools/shelf", "2026.1"),
        ("charts/hello", "0.1.0"),
    }


def test_a_full_disk_makes_the_demo_wait(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first_start.ensure(Options.read())

    def full(*_: object, **__: object) -> None:
        raise StorageFull("No space is left")

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "put_whole", full)
        assert demo.try_to_seed(Account.objects.get()) == "No space is left"
    assert demo.try_to_seed(Account.objects.get()) == ""
    assert ImageTag.objects.filter(name="latest").exists()


def test_a_full_disk_leaves_no_account_whose_secrets_nobody_knows(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(first_start, "make_once", full)
        with pytest.raises(CannotStart, match=r"first-start\.txt can't be written \(No space left on device\)"):
            first_start.ensure(Options.read())
    assert not Account.objects.exists()
    made = first_start.ensure(Options.read())
    assert made is not None and made.secret in made.file.read_text()


def test_secrets_are_told_to_a_person_only(db: None) -> None:
    first = first_start.ensure(Options.read())
    assert first is not None
    account = Account.objects.get()
    demo.seed(account)
    alias = aliases.primary(account.id)
    told = words.ready(Options.read(), account.id, alias, first, secrets=True)
    kept = words.ready(Options.read(), account.id, alias, first, secrets=False)
    again = words.ready(Options.read(), account.id, alias, None, secrets=True)
    assert first.secret in told and first.password in told
    assert first.secret not in kept and first.password not in kept and str(first.file) in kept
    assert f"docker login --username {first.key_id} 127.0.0.1:8000" in kept
    assert f"docker pull 127.0.0.1:8000/{alias}/hello" in again and "first-start.txt" in again


def python(name: str, code: str) -> Child:
    """A process of the tests."""
    return Child(name, (sys.executable, "-c", code))


def said(child: Child, *lines: str) -> None:
    """Wait until a process has printed these lines to its log, in any order, and nothing else."""
    assert child.log is not None
    deadline = time.monotonic() + 30
    while sorted(child.log.read_text().splitlines()) != sorted(lines):
        assert child.is_alive and time.monotonic() < deadline, child.log.read_text()
        time.sleep(0.02)


def test_processes_are_stopped_in_order(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(15, lambda *_: (print('{0} stops', flush=True), sys.exit()))\n"
        "print('{0} runs', flush=True)\n"
        "time.sleep(60)"
    )
    supervisor = Supervisor([python("one", code.format("one")), python("two", code.format("two"))])
    log = tmp_path / "log"
    for child in supervisor.processes:
        child.log = log

    def started() -> None:
        said(supervisor.processes[0], "one runs", "two runs")
        signal.raise_signal(signal.SIGTERM)

    assert supervisor.run(started) == ""
    assert [line for line in log.read_text().splitlines() if "stops" in line] == ["two stops", "one stops"]
    assert not any(child.is_alive for child in supervisor.processes)


@pytest.mark.parametrize("is_ignored", [True, False])
def test_a_closed_terminal_stops_it_unless_nohup_says_otherwise(is_ignored: bool) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if is_ignored else signal.SIG_DFL)
    supervisor = Supervisor([])

    def started() -> None:
        signal.raise_signal(signal.SIGHUP)
        assert supervisor.stopping is not is_ignored
        signal.raise_signal(signal.SIGTERM)

    try:
        assert supervisor.run(started) == ""
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_while_it_starts_ends_it_without_a_word(tmp_path: Path) -> None:
    """Where the folder is taken, the settings are read and the tables made, which takes the most of a first start."""
    env = {"PATH": os.environ["PATH"], "KHO_DATA": str(tmp_path / "data"), "KHO_DEMO": "0", "PORT": str(free_port())}
    start = subprocess.Popen(
        [sys.executable, "-m", "config.run"],
        env=env,
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not (tmp_path / "data" / "secrets" / "secret_key").exists():
        assert start.poll() is None
        time.sleep(0.02)
    start.send_signal(signal.SIGINT)
    assert start.communicate(timeout=30)[0] == ""
    assert start.returncode == -signal.SIGINT


def test_a_process_that_ends_is_started_again_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(processes, "RESTARTS", 3)
    supervisor = Supervisor([python("sleeper", "import time; time.sleep(60)"), python("worker", "pass")])
    problem = supervisor.run(lambda: None)
    assert "the worker ended 3 times" in problem
    assert capfd.readouterr().err.count("the worker ended and is started again") == 2


def test_a_process_that_does_not_listen_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.5)
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    child = python("deaf", code)
    child.log = tmp_path / "log"
    child.start()
    said(child, "deaf")
    child.stop()
    assert not child.is_alive
    child.stop()


PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("then", ["start", "stop"])
def test_what_a_process_leaves_behind_when_it_dies_ends_with_it(tmp_path: Path, then: str) -> None:
    """Web workers would go on listening, with the code and settings of then, beside those of the next start."""
    child = python("parent", PARENT)
    child.log = tmp_path / "log"
    child.start()
    while not (tmp_path / "log").read_text().endswith("\n"):
        assert child.is_alive
        time.sleep(0.02)
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    left = Path("/proc", (tmp_path / "log").read_text().strip(), "cmdline")
    assert left.read_bytes(), "it outlives its parent"
    getattr(child, then)()
    deadline = time.monotonic() + 20
    while left.exists() and left.read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child.stop()


def test_the_processes_are_web_worker_and_beat() -> None:
    assert [child.name for child in processes.children(Options.read())] == ["web server", "task worker", "beat"]
