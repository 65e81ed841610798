"""Every service is killed with -9 at every step of a push and a pull, and comes back; the client is patient.

The short form kills each service at the steps that hurt most; KHO_FAULTS=long at all of them, and for longer at random.
"""

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from config.deploy.topology import Topology
from tests.faults.client import Image, make_image
from tests.faults.production.checker import Checker
from tests.faults.production.client import PatientClient
from tests.faults.production.conftest import IS_LONG

PART = 12 * 1024 * 1024
"""What the bucket's driver sends at once: a blob beyond it is sent in parts, and has a rest."""
SERVICES = (
    *("web-1", "web-2", "worker", "worker-maintenance", "worker-outbound"),
    *("worker-replication", "drainer", "beat"),
    *("redis", "postgres", "s3", "gateway"),
)
STEPS = ("POST", "PATCH", "in PATCH", "PUT", "PUT manifest", "GET manifest", "GET blob")
SHORT = (
    ("web-1", "in PATCH"),
    ("web-2", "PUT"),
    ("web-1", "GET manifest"),
    ("postgres", "in PATCH"),
    ("postgres", "PUT manifest"),
    ("s3", "in PATCH"),
    ("s3", "PUT"),
    ("s3", "GET blob"),
    ("redis", "PUT manifest"),
    ("gateway", "in PATCH"),
    ("drainer", "GET manifest"),
    ("worker", "PUT manifest"),
    ("beat", "POST"),
)
CASES = [(service, step) for service in SERVICES for step in STEPS] if IS_LONG else SHORT
STORM_SECONDS = 300 if IS_LONG else 25


def an_image(comment: str) -> Image:
    """An image with a small layer and one of more than a part."""
    return make_image(os.urandom(1000), os.urandom(PART + 5000), comment=comment)


@pytest.mark.parametrize(("service", "where"), CASES)
def test_a_kill_at_a_step(
    topology: Topology, client: PatientClient, checker: Checker, service: str, where: str
) -> None:
    killed: list[str] = []

    def step(name: str) -> None:
        if name == where and not killed:
            killed.append(name)
            topology.kill9(service)

    old, new = make_image(os.urandom(100), comment="old"), an_image(f"{service} {where}")
    client.push_patiently(old, "moved")
    with ThreadPoolExecutor(1) as thread:
        # The client goes on in a thread of its own: while it is refused, the service is started again here.
        done = thread.submit(_push_and_pull, client, new, step)
        while not done.done():
            time.sleep(0.05)
            if killed and not topology.children[service].is_alive:
                time.sleep(0.5)
                topology.start_service(service)
        done.result()
    assert killed, "the step was reached"
    if not topology.children[service].is_alive:
        topology.start_service(service)
    checker.require_there(client, {"moved": new, "kept": new})
    checker.require_whole()
    checker.require_counted(client)


def _push_and_pull(client: PatientClient, image: Image, step: Callable[[str], None]) -> None:
    client.push_patiently(image, "kept", step)
    client.push_patiently(image, "moved", step)
    client.pull_patiently(image, "moved", step)


def test_a_storm_of_kills(topology: Topology, new_client: Callable[[], PatientClient], checker: Checker) -> None:
    """Clients push and pull without a pause, while services die at random moments."""
    seed = int(os.environ.get("KHO_FAULTS_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"KHO_FAULTS_SEED={seed}")
    dice, stop = random.Random(seed), Event()
    clients = [new_client() for _ in range(3)]
    acknowledged: list[dict[str, Image]] = [{} for _ in clients]

    def work(number: int) -> None:
        rounds = 0
        while not stop.is_set():
            rounds += 1
            image, tag = make_image(os.urandom(200_000), comment=f"{number} {rounds}"), f"t{rounds % 4}"
            acknowledged[number].pop(tag, None)
            clients[number].push_patiently(image, tag)
            acknowledged[number][tag] = image
            clients[number].pull_patiently(image, tag)

    with ThreadPoolExecutor(len(clients)) as threads:
        working = [threads.submit(work, number) for number in range(len(clients))]
        until = time.monotonic() + STORM_SECONDS
        try:
            while time.monotonic() < until:
                time.sleep(dice.uniform(0.2, 2))
                victim = dice.choice(SERVICES)
                topology.kill9(victim)
                time.sleep(dice.uniform(0, 1))
                topology.start_service(victim)
        finally:
            stop.set()
        for each in working:
            each.result()
    for number, client in enumerate(clients):
        assert acknowledged[number], "something was pushed"
        checker.require_there(client, acknowledged[number])
        checker.require_counted(client)
    checker.require_whole()
