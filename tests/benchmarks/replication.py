"""`python -m tests.benchmarks.replication`: an image from one Kho to another, by replication and by `skopeo copy`.

Two deployments on this machine; each way copies images of its own, of the same sizes, in turn. A copy by replication is
timed by its row, from its start to its end in a worker that was just started; one by skopeo from the start of the
program to its end.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Final

import boto3

from tests.clients import deployments, layouts, tenants
from tests.clients.awscli import Aws
from tests.clients.server import Server
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER

HERE, THERE, ACCOUNT = "us-east-1", "eu-west-1", "111122223333"
MIB: Final = 1024 * 1024
SHAPES: Final = (("20 layers of 10 MiB", [10 * MIB] * 20), ("200 layers of 64 KiB", [64 * 1024] * 200))
HEAD: Final = ("image", "way", "seconds (median)", "fastest", "slowest", "MiB/s", "layers/s")
LONGEST: Final = 600.0
TOOK: Final = """
from registry.models import Replication
row = Replication.objects.latest("id")
answer = (row.finished_at - row.started_at).total_seconds()
"""


class Pair:
    """Two deployments that know each other, with Alice on both sides."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.here, self.there = (self._deployment(region, stack) for region in (HERE, THERE))
        for one, other, region in ((self.here, self.there, THERE), (self.there, self.here, HERE)):
            key = other.manage("peer", "key")
            words = ("--url", f"http://{other.host}", "--region", region, "--key", key, "--account", ACCOUNT)
            one.manage("peer", "add", "other", *words)
        self.alice = tenants.open_account(self.here, "alice", ACCOUNT, create_on_push=True)
        far = tenants.open_account(self.there, "alice", ACCOUNT, create_on_push=True)
        self.skopeo = Skopeo(folder / "skopeo")
        for tenant in (self.alice, far):
            self.skopeo.login(tenant.server.host, USER, tenant.password())
        rule = {"destinations": [{"region": THERE, "registryId": ACCOUNT}]}
        configuration = json.dumps({"rules": [rule | {"repositoryFilters": [PREFIX]}]})
        aws = Aws(self.here, self.alice.key_id, self.alice.secret)
        aws("ecr", "put-replication-configuration", "--replication-configuration", configuration)
        keys = {"aws_access_key_id": self.alice.key_id, "aws_secret_access_key": self.alice.secret}
        self.ecr = boto3.client("ecr", region_name=HERE, endpoint_url=f"http://{self.here.host}", **keys)
        self.seeds = count(1)

    def _deployment(self, region: str, stack: ExitStack) -> Server:
        url = stack.enter_context(deployments.database())
        settings = {"KHO_REGIONS": region, "KHO_OUTBOUND_NETWORKS": "127.0.0.0/8", "KHO_LOG_LEVEL": "warning"}
        made = Server(self.folder / region, url, settings)
        stack.callback(made.close)
        made.prepare()
        made.start()
        return made

    def pushed(self, name: str, sizes: Sequence[int]) -> str:
        """A new image in the first deployment, and where."""
        seed = next(self.seeds)
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            layout = layouts.of_random_layers(Path(folder) / "image", sizes, seed=seed)
            self.skopeo.copy(
                f"oci:{layout}:1", f"docker://{self.alice.private(f'{name}-{seed}')}:1", "--preserve-digests"
            )
        return f"{name}-{seed}"


PREFIX: Final = {"filter": "way/", "filterType": "PREFIX_MATCH"}


def by_replication(pair: Pair, sizes: Sequence[int]) -> float:
    """Seconds of a backfill of one image, which is all that the rule covers and that is not there."""
    pair.here.worker.kill9()  # so that the push is not copied at once
    name = pair.pushed("way/image", sizes)
    pair.here.python("from accounts.models import OutboxRow; OutboxRow.objects.all().delete()")
    pair.here.worker.start(lambda: True)
    time.sleep(4)
    begun = time.monotonic()
    to = {"region": THERE, "registryId": ACCOUNT}
    made = pair.ecr.start_replication_backfill(destination=to)["replicationBackfillId"]
    while pair.ecr.describe_replication_backfill_results(replicationBackfillId=made)["status"] != "COMPLETE":
        if time.monotonic() - begun > LONGEST:
            raise TimeoutError(pair.here.logs())
        time.sleep(0.05)
    took = float(pair.here.python(TOOK))
    digest = pair.skopeo.digest(f"docker://{pair.there.host}/{ACCOUNT}/{name}:1")
    assert digest == pair.skopeo.digest(f"docker://{pair.alice.private(name)}:1")
    pair.ecr.delete_repository(repositoryName=name, force=True)
    return took


def by_skopeo(pair: Pair, sizes: Sequence[int]) -> float:
    """Seconds of a copy of one image from the first deployment to the second."""
    name = pair.pushed("other/image", sizes)
    source, destination = pair.alice.private(name), f"{pair.there.host}/{ACCOUNT}/{name}"
    begun = time.monotonic()
    pair.skopeo.copy(f"docker://{source}:1", f"docker://{destination}:1", "--preserve-digests")
    return time.monotonic() - begun


WAYS: Final[tuple[tuple[str, Callable[[Pair, Sequence[int]], float]], ...]] = (
    ("replication", by_replication),
    ("skopeo copy", by_skopeo),
)


def main(arguments: Sequence[str]) -> int:
    """Measure and print a table for docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.replication", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each way is measured")
    options = parser.parse_args(arguments)
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="kho-bench-") as name, ExitStack() as stack:
        pair = Pair(Path(name), stack)
        for shape, sizes in SHAPES:
            took: dict[str, list[float]] = {way: [] for way, _ in WAYS}
            for _ in range(options.rounds):
                for way, measure in WAYS:
                    took[way].append(measure(pair, sizes))
            for way, seconds in took.items():
                print(line(shape, way, sizes, seconds), flush=True)
    return 0


def line(shape: str, way: str, sizes: Sequence[int], seconds: Sequence[float]) -> str:
    """One line of the table."""
    middle = statistics.median(seconds)
    rates = (sum(sizes) / MIB / middle, len(sizes) / middle)
    cells = [
        shape,
        way,
        *(f"{each:.2f}" for each in (middle, min(seconds), max(seconds))),
        *(f"{each:.0f}" for each in rates),
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
