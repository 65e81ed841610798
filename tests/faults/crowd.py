"""Runs inside a deployment: clients at random, two collectors that are killed now and then, and one that looks on."""

import json
import os
import random
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.conf import settings
from django.db import connection

from registry import storage
from registry.core import addresses, repositories
from registry.core.collecting import collector
from registry.errors import StorageDamaged
from registry.models import Blob, BlobLink, CollectionRun, Image, ImageBlob
from registry.values import Digest
from tests.faults.collecting import (
    ACCOUNT,
    Wrong,
    alice,
    begin,
    check_all,
    check_nothing_leaks,
    finish_pass,
    hurry,
)
from tests.faults.random_client import SHARED, Client

SECONDS_BETWEEN_REPORTS: Final = 30.0
PASSES: Final = 12
"""Which the collectors have to finish while the clients are at it, however quick those are."""
READ: Final = 600
"""Blobs that are read at least while somebody looks on."""


def stress(operations: int, clients: int = 2, seed: int = 0, grace: float = 2.0) -> dict[str, Any]:
    """Let clients and two collectors loose, then stop, collect the rest, and look that nothing is missing or left.

    A third of the passes is killed after a random time. The clients go on until some passes were made. SIGINT or
    SIGTERM lets them end early. Wrong.
    """
    begin()
    settings.EVENT_TASKS = {}  # nobody listens here, and work that nobody does would only pile up
    hurry(grace)
    for name in SHARED:
        repositories.create(alice(), addresses.private(ACCOUNT, name))
    begun = time.monotonic()
    connection.close()
    share = -(-operations // clients)
    workers = [Process(_client, number, seed, share, grace) for number in range(clients)]
    beside = [Process(_collect_until_killed, seed + number) for number in range(2)]
    beside.append(Process(_look_on))
    _wait(workers, beside)
    spent = time.monotonic() - begun
    there = check_all()
    hurry()
    time.sleep(grace)
    for _ in range(3):
        finish_pass()
    kept = check_all()
    check_nothing_leaks()
    counts: Counter[str] = sum((each.counts for each in (*workers, *beside)), Counter())
    return {
        "seed": seed,
        "operations": sum(counts[name] for name in counts if name[0] != "("),
        "seconds": round(spent, 1),
        "counts": dict(sorted(counts.items())),
        "before the last pass": there,
        "after it": kept,
    }


class Process:
    """Forked to do some work; its counts come when it is over."""

    def __init__(self, work: Callable[..., Counter[str]], *arguments: Any) -> None:
        self.counts: Counter[str] = Counter()
        self.status: int | None = None
        self._pipe, its = os.pipe()
        self._pid = os.fork()
        if self._pid:
            os.close(its)
            return
        try:
            os.close(self._pipe)
            os.write(its, json.dumps(work(*arguments)).encode())
        except BaseException:  # noqa: BLE001 - the parent reads of it
            os.write(2, f"{work.__name__}{arguments}: {traceback.format_exc()}\n".encode())
            os._exit(101)
        os._exit(0)

    def is_over(self) -> bool:
        """Whether it has ended; then `status` and `counts` are known."""
        if self.status is None:
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            if ended:
                with os.fdopen(self._pipe) as pipe:
                    self.counts.update(json.loads(pipe.read() or "{}"))
                self.status = status
        return self.status is not None

    def end(self) -> None:
        """Ask it to come to its end."""
        if not self.is_over():
            os.kill(self._pid, signal.SIGTERM)


def _wait(workers: Sequence[Process], beside: Sequence[Process]) -> None:
    """Wait for the first ones, then end the others; the first failure ends all. Wrong."""
    asked = _stopping()
    everybody = (*workers, *beside)
    while not all(each.is_over() for each in workers):
        if asked or any(each.status for each in everybody if each.is_over()):
            for each in workers:
                each.end()
        time.sleep(0.2)
    for each in beside:
        each.end()
    while not all(each.is_over() for each in everybody):
        time.sleep(0.2)
    if failed := sum(bool(each.status) for each in everybody):
        raise Wrong(f"{failed} processes failed; what they said is above")


def _client(number: int, seed: int, operations: int, grace: float) -> Counter[str]:
    client, asked = Client(number, seed, grace), _stopping()
    begun = told = time.monotonic()
    while ((done := client.counts.total()) < operations or not _met_collections()) and not asked:
        client.do_something()
        if (now := time.monotonic()) - told > SECONDS_BETWEEN_REPORTS:
            told = now
            print(f"client {number}: {done:,} in {now - begun:.0f} s", file=sys.stderr, flush=True)
    return client.counts + Counter({f"(refused) {name}": count for name, count in client.refused.items()})


def _met_collections() -> bool:
    """Whether enough passes are over; asked once the client has done its share."""
    return CollectionRun.objects.filter(state=CollectionRun.State.DONE).count() >= PASSES


def _stopping() -> list[bool]:
    """What gets an item with SIGTERM, or SIGINT."""
    asked: list[bool] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.append(True))
    return asked


def _look_on() -> Counter[str]:
    """Read every blob of every live image, again and again, until SIGTERM. Wrong."""
    stopping, done = _stopping(), Counter[str]()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while not stopping or done["(checker) blobs read"] < READ:
        rows = ImageBlob.objects.filter(image__deleted_at=None, image__repository__deleted_at=None)
        for each in list(rows.select_related("blob", "image")):
            if wrong := _wrong(each):
                raise Wrong(wrong)
            done["(checker) blobs read"] += 1
        done["(checker) rounds"] += 1
        time.sleep(0.5)
    return done


def _wrong(reference: ImageBlob) -> str:
    """What is wrong with a blob that an image names; nothing if the image has gone meanwhile."""
    blob = reference.blob
    wrong = "" if blob.state == Blob.State.LIVE else f"{blob.digest} is {blob.state}"
    try:
        with storage.default().open(blob.storage_key, blob.size).file as file:
            wrong = wrong or ("" if str(Digest.of(file.read())) == blob.digest else f"{blob.digest} has other bytes")
    except StorageDamaged:
        wrong = f"the bytes of {blob.digest} are gone"
    if not BlobLink.objects.filter(blob=blob, repository=reference.image.repository_id).exists():
        wrong = wrong or f"{blob.digest} is not linked"
    live = Image.objects.filter(id=reference.image_id, deleted_at=None, repository__deleted_at=None)
    return wrong if wrong and live.exists() else ""


def _collect_until_killed(seed: int) -> Counter[str]:
    """Pass after pass, every third of them killed at a random moment, until SIGTERM."""
    stopping, chance, done = _stopping(), random.Random(seed), Counter[str]()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while not stopping:
        connection.close()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os._exit(_one_pass())
        if chance.random() < 1 / 3:
            time.sleep(chance.random() * 0.4)
            os.kill(pid, signal.SIGKILL)
        _, ended = os.waitpid(pid, 0)
        if os.WIFEXITED(ended) and os.WEXITSTATUS(ended):
            raise Wrong(f"a pass ended with {os.WEXITSTATUS(ended)}")
        done["(collector) passes killed" if os.WIFSIGNALED(ended) else "(collector) passes"] += 1
        time.sleep(chance.random())
    return done


def _one_pass() -> int:
    """A pass beside the other collector, whose lease is taken away; its exit status."""
    try:
        CollectionRun.objects.filter(state="running").update(leased_until=None)
        run = collector.collect(walks=True)
        problems = run.problems if run else []
        for problem in problems:
            os.write(2, f"problem: {problem}\n".encode())
    except BaseException:  # noqa: BLE001 - the parent reads of it
        os.write(2, f"collector: {traceback.format_exc()}\n".encode())
        return 101
    return 102 if problems else 0
