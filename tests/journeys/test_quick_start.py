"""`make run` on a fresh data folder, then exactly what it says to type."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients import images
from tests.clients.dockerd import Dockerd
from tests.clients.engines import Engine
from tests.clients.helm import Helm
from tests.clients.make_run import SECONDS_OF_THE_FIRST_START, Run
from tests.clients.processes import Client, free_port
from tests.clients.server import PROJECT

SECONDS_OF_A_START = 30


@pytest.fixture
def run(short_path: Path) -> Iterator[Run]:
    """A start with an account and a key that the test chose."""
    started = Run(
        short_path,
        KHO_ACCOUNT_ID="123456789012",
        KHO_ACCESS_KEY_ID="AKIAQUICKSTART",
        KHO_SECRET_ACCESS_KEY="a-secret-of-the-test",
    )
    yield started
    if started.make.is_running:
        started.make.interrupt()


def test_it_works_as_it_says(run: Run, machine: Callable[[str], Engine], tmp_path: Path) -> None:
    """Log in, push, pull the demo without an account, stop by Ctrl-C, start again quickly with everything there."""
    said = run.start(SECONDS_OF_THE_FIRST_START)
    assert f"docker login --username AKIAQUICKSTART {run.host}" in said
    assert "a-secret-of-the-test" not in said, "secrets are for terminals"
    (secrets,) = run.data.glob("first-start.txt")
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert "a-secret-of-the-test" in secrets.read_text(encoding="utf-8")

    here = machine("docker")
    assert isinstance(here, Dockerd)
    mine = f"{run.host}/123456789012/my-app:1"
    assert f"docker push {mine}" in said
    here.load(images.busybox_archive(), mine)
    here.login(run.host, "AKIAQUICKSTART", "a-secret-of-the-test")
    here.push(mine)

    hello = re.search(r"docker pull (\S+/hello)$", said, re.MULTILINE)
    assert hello
    there = machine("docker")
    there.pull(hello[1])
    assert "Hello from Kho!" in there.run(hello[1])
    chart = re.search(r"helm (pull oci://\S+ --version \S+ --plain-http)", said)
    assert chart
    Helm(tmp_path).helm(*chart[1].split())

    run.make.interrupt()
    assert "Kho has stopped." in run.said()
    began = time.monotonic()
    said = run.start(SECONDS_OF_A_START)
    assert time.monotonic() - began < SECONDS_OF_A_START
    assert "a-secret-of-the-test" not in said
    there.login(run.host, "AKIAQUICKSTART", "a-secret-of-the-test")
    there.pull(mine)
    assert there.run(mine, "/bin/cat", "/etc/architecture") == "amd64"


def test_it_refuses_what_it_cannot_use_in_one_line(run: Run, short_path: Path) -> None:
    """A port that is taken, a folder that is used or can't be written, a bad value: what is wrong and what to set."""
    run.start(SECONDS_OF_THE_FIRST_START)
    free, other = str(free_port()), str(short_path / "other")
    for port, folder, words in (
        (str(run.port), other, "name another in PORT"),
        (free, str(run.data), "another Kho is using the folder"),
        ("eight", other, "the setting PORT is 'eight'"),
        (free, "/proc/kho", "name another in KHO_DATA"),
    ):
        said = Client("make", "run", env={"PORT": port, "KHO_DATA": folder}, folder=PROJECT).refused()
        (line,) = (line for line in said.splitlines() if line.startswith("kho: "))
        assert words in line
        assert "Traceback" not in said
