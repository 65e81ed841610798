"""Everything that Kho is for, once, by people at browsers and by docker, against `make run`; in both languages."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import administrator, publisher, staff, visitor
from tests.browser.conftest import PASSWORD
from tests.browser.somebody import Somebody, somebody
from tests.clients import images
from tests.clients.dockerd import Dockerd
from tests.clients.engines import Engine
from tests.clients.mailbox import Mailbox
from tests.clients.make_run import SECONDS_OF_THE_FIRST_START, Run
from tests.clients.processes import wait_for

BOSS, MAI = "boss@example.com", "mai@acme.example"
NAME = "harbour/tides"
DESCRIPTION = "Prints the tides of a harbour."
HALF_A_WORD = "prin"
"""The demo's descriptions have it too."""
ABOUT = """# Tides

Tells when the water is high.

## What it listens on

| Port | Protocol |
|------|----------|
| 8080 | http     |
"""
HEADING, CELL = "What it listens on", "8080"
NOTE = "Welcome, Acme: the name is yours."
REFUSED = (
    ("aws", "aws*", "name of a cloud service"),
    ("eks", "eks", "name of a cloud service"),
    ("datadog", "datadog", "marketplace seller"),
)
Machines = Callable[[str], Engine]


@pytest.fixture
def run(short_path: Path) -> Iterator[Run]:
    """A fresh deployment; the operator is its staff."""
    started = Run(short_path, KHO_ADMIN_EMAIL=BOSS, KHO_ADMIN_PASSWORD=PASSWORD)
    started.start(SECONDS_OF_THE_FIRST_START)
    yield started
    started.make.interrupt()


@pytest.fixture
def mails(run: Run) -> Mailbox:
    """The mails that it writes."""
    return Mailbox(run.data)


@pytest.fixture(params=["en", "vi"])
def sit_down(request: pytest.FixtureRequest, run: Run, chromium: Browser) -> Iterator[Callable[[], Somebody]]:
    """Call it for somebody new at a browser of their own, who reads the language of this telling."""
    with ExitStack() as seats:
        yield lambda: seats.enter_context(somebody(chromium, f"http://{run.host}", request.param))


def test_the_whole_story(run: Run, mails: Mailbox, sit_down: Callable[[], Somebody], machine: Machines) -> None:
    mai, boss = sit_down(), sit_down()
    docker = machine("docker")
    assert isinstance(docker, Dockerd)
    account_id = publisher.sign_up(mai, mails, "Mai", MAI)
    default = publish(mai, docker)
    get_the_name(mai, boss, mails, account_id)

    elsewhere = machine("docker")
    assert isinstance(elsewhere, Dockerd)
    elsewhere.pull(f"{run.host}/{default}/{NAME}:1")
    copied = find_and_copy(sit_down())
    assert copied == f"docker pull {run.host}/acme/{NAME}:1"
    elsewhere.remove(f"{run.host}/{default}/{NAME}:1")
    elsewhere.typed(copied)
    assert elsewhere.run(f"{run.host}/acme/{NAME}:1", "/bin/cat", "/etc/architecture") == "amd64"

    let_a_colleague_pull(mai, docker, machine("docker"), f"{run.host}/{account_id}")


def publish(mai: Somebody, docker: Dockerd) -> str:
    """A public repository, an image in it, a page about it; the default alias that came with it."""
    publisher.create_repository(mai, "public", NAME, DESCRIPTION)
    login, tag, push = publisher.push_lines(mai)
    docker.load(images.busybox_archive(), "my-app")
    docker.typed(login, password=publisher.make_password(mai))
    docker.typed(tag)
    docker.typed(push)
    publisher.write_page(mai, NAME, ABOUT, HEADING)
    return push.split("/")[1]


def get_the_name(mai: Somebody, boss: Somebody, mails: Mailbox, account_id: str) -> None:
    """Names of others are refused at once; `acme` is asked for, approved with a note, and made the one that shows."""
    for alias, pattern, why in REFUSED:
        publisher.is_refused_at_once(mai, alias, pattern, why)
    publisher.ask_for_alias(mai, "acme")
    mai.sees("The alias %(name)s is asked for.", name="acme")

    boss.sign_in(BOSS, PASSWORD)
    staff.verify(boss, account_id, "A call to the number on their site.")
    mails.wait_for(BOSS, "acme")
    staff.approve(boss, "acme", NOTE)

    told = mails.wait_for(MAI, NOTE)
    assert mai.say("The alias %(alias)s is approved", alias="acme") in told, "in the language in which Mai signed up"
    publisher.read_notice(mai, NOTE)
    publisher.make_primary(mai, "acme")


def find_and_copy(someone: Somebody) -> str:
    """From half a word to the image's page, its tags and its layers; the command that was copied on the way."""
    path = f"acme/{NAME}"
    wait_for("the gallery has the image", lambda: path in visitor.search(someone, HALF_A_WORD), seconds=60)
    assert path not in visitor.only_for(someone, "ARM 64", "linux/arm64")
    visitor.search(someone, HALF_A_WORD)
    assert path in visitor.only_for(someone, "x86-64", "linux/amd64")
    visitor.read_page(someone, path, HEADING, CELL)
    copied = someone.copy("pull-line")
    visitor.read_tags_and_layers(someone, "1")
    return copied


def let_a_colleague_pull(mai: Somebody, docker: Dockerd, theirs: Engine, registry: str) -> None:
    """Two private repositories; the colleague gets one of them."""
    assert isinstance(theirs, Dockerd)
    for name in ("team/plans", "team/wages"):
        publisher.create_repository(mai, "us-east-1", name)
        _login, tag, push = publisher.push_lines(mai)
        docker.typed(tag)
        docker.typed(push)
    key = administrator.create_user(mai, "linh")
    theirs.typed(key.login_line, password=key.secret)
    assert "denied" in theirs.pull_refused(f"{registry}/team/plans:1")
    administrator.let_pull(mai, "team/plans", "linh")
    wait_for("the colleague can pull", lambda: theirs.try_pull(f"{registry}/team/plans:1"), seconds=10)
    assert theirs.run(f"{registry}/team/plans:1", "/bin/cat", "/etc/architecture") == "amd64"
    assert "denied" in theirs.pull_refused(f"{registry}/team/wages:1")
