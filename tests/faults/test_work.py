"""Real task workers die, come in pairs, and lose their broker: no work is lost, and none is done twice at once."""

import random
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from tests.clients import deployments
from tests.clients.processes import Daemon, wait_for
from tests.faults.workplace import LEASE_SECONDS, Workplace

ANNOUNCE: Final = """
from accounts import outbox
from tests.faults import marks
for number in range(first, first + count):
    outbox.announce(getattr(marks, kind)(number, seconds))
"""
SEND_AGAIN: Final = """
from celery import current_app
from accounts import outbox
from accounts.models import OutboxRow
from config import celery
row = OutboxRow.objects.get()
for _ in range(times):
    current_app.send_task(outbox.RUN_TASK, args=[[row.id]], queue=row.queue)
"""
LEFT: Final = """
from accounts.models import OutboxRow
answer = OutboxRow.objects.count()
"""


class MarkedWork(Workplace):
    """Its work leaves marks."""

    def announce(self, count: int, seconds: float, *, first: int = 0, kind: str = "Marked") -> None:
        """Announce work that takes so long."""
        self.python(ANNOUNCE, count=count, seconds=seconds, first=first, kind=kind)

    def marks(self) -> list[tuple[float, str, int]]:
        """When what was begun and ended."""
        path = self.data / "marks"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(float(at), word, int(number)) for at, _, word, number in (line.split() for line in lines)]

    def count(self, word: str) -> Counter[int]:
        """How often each piece of work was begun, or ended."""
        return Counter(number for _, found, number in self.marks() if found == word)

    def left(self) -> int:
        """How many rows are there."""
        return int(self.python(LEFT))


@pytest.fixture(params=["files", "redis"])
def workplace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MarkedWork]:
    """A workplace with its broker and beat, and no worker yet."""
    with deployments.database() as url:
        made = MarkedWork(tmp_path / "kho", url, request.param, "tests.faults.work_settings")
        try:
            made.prepare()
            made.start_broker()
            made.beat.start(lambda: True)
            yield made
        finally:
            made.end()


def start(worker: Daemon) -> None:
    """Start a worker, which says nothing when it is ready."""
    worker.start(lambda: True)


def test_a_worker_that_is_killed_at_work(workplace: MarkedWork) -> None:
    """Another one begins anew when the claim has run out, and not before."""
    start(workplace.worker)
    workplace.announce(1, 3)
    wait_for("it has begun", lambda: workplace.count("begin")[0] == 1, seconds=60)
    workplace.worker.kill9()
    killed = time.time()
    start(workplace.worker)
    wait_for("it has ended", lambda: workplace.count("end")[0] == 1, seconds=90)
    wait_for("its row is gone", lambda: workplace.left() == 0, seconds=10)
    begun = [at for at, word, _ in workplace.marks() if word == "begin"]
    assert len(begun) == 2 and begun[1] - killed > LEASE_SECONDS / 2


def test_one_row_that_comes_many_times_to_two_workers(workplace: MarkedWork) -> None:
    """Longer than a claim lasts, so that it is made longer meanwhile."""
    workplace.announce(1, LEASE_SECONDS * 2)
    workplace.python(SEND_AGAIN, times=20)
    start(workplace.worker)
    start(workplace.more[0])
    wait_for("it has ended", lambda: workplace.count("end")[0] == 1, seconds=90)
    wait_for("its row is gone", lambda: workplace.left() == 0, seconds=10)
    time.sleep(2)
    assert workplace.count("begin") == workplace.count("end") == {0: 1}


def test_a_broker_that_loses_everything(workplace: MarkedWork) -> None:
    workplace.announce(5, 0)
    workplace.lose_broker()
    began = time.monotonic()
    workplace.announce(5, 0, first=5)
    assert time.monotonic() - began < 20, "a broker that is away holds nobody up"
    workplace.start_broker()
    start(workplace.worker)
    wait_for("all is done", lambda: len(workplace.count("end")) == 10, seconds=90)
    wait_for("no row is left", lambda: workplace.left() == 0, seconds=10)
    assert set(workplace.count("begin").values()) == {1}


def test_slow_work_holds_nobody_up(workplace: MarkedWork) -> None:
    """More slow work than its worker has threads, and quick work in another queue."""
    for worker in workplace.more:
        start(worker)
    workplace.announce(6, 30, first=100, kind="MarkedSlowly")
    wait_for("slow work has begun", lambda: len(workplace.count("begin")) == 2, seconds=60)
    workplace.announce(10, 0)
    wait_for("quick work is done", lambda: len(workplace.count("end")) == 10, seconds=25)
    assert not [number for number in workplace.count("end") if number >= 100]


def test_a_storm_of_kills(workplace: MarkedWork) -> None:
    """Two workers die at random moments: in the end all is done, and nothing was ever done by two at once."""
    seed = random.SystemRandom().randrange(1_000_000)
    print(f"seed {seed}")
    dice = random.Random(seed)
    workers = [workplace.worker, workplace.more[0]]
    for worker in workers:
        start(worker)
    for round_ in range(5):
        workplace.announce(4, 0.5, first=round_ * 4)
        time.sleep(dice.uniform(0, 3))
        victim = dice.choice(workers)
        victim.kill9()
        start(victim)
    wait_for("all is done", lambda: len(workplace.count("end")) == 20, seconds=180)
    wait_for("no row is left", lambda: workplace.left() == 0, seconds=60)
    for number in range(20):
        words = [(at, word) for at, word, found in workplace.marks() if found == number]
        for (begun, first), (again, second) in pairwise(words):
            if first == second == "begin":
                assert again - begun > LEASE_SECONDS / 2, f"{number} was begun while another was at it"
