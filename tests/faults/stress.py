"""`python -m tests.faults.stress`: clients at random beside collectors, in a deployment of their own.

KHO_TEST_DATABASE names its database. The same seed makes each client do the same; what meets what is chance. Ctrl-C
ends it early: the checks at the end are made all the same.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.clients import deployments
from tests.clients.processes import CommandFailed, environment
from tests.clients.server import PROJECT, Server

INSIDE: Final = """
import django, json, sys
django.setup()
from tests.faults import crowd
print(json.dumps(crowd.stress(**json.loads(sys.argv[1]))))
"""


def run(server: Server, **arguments: Any) -> dict[str, Any]:
    """Do it with the data of a deployment in which nothing runs; progress goes to our own standard error."""
    command = [sys.executable, "-c", INSIDE, json.dumps(arguments)]
    # Ctrl-C reaches the others too, and they come to their end.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    env = environment(server.env) | {"KHO_LOG_LEVEL": "warning"}
    done = subprocess.run(command, stdout=subprocess.PIPE, env=env, cwd=PROJECT, check=False)
    signal.signal(signal.SIGINT, before)
    if done.returncode:
        raise CommandFailed(f"the run failed, with {json.dumps(arguments)}: what it said is above")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(arguments: Sequence[str]) -> int:
    """Make a deployment, run, print what was done."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.stress", description=__doc__)
    parser.add_argument("--operations", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--grace", type=float, default=2.0, help="seconds for which a blob that was asked for stays")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(2), "big"))
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="kho-stress-") as name, deployments.database() as url:
        server = Server(Path(name) / "kho", url)
        server.prepare()
        print(json.dumps(run(server, **vars(options)), indent=2))
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
