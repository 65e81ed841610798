"""`python -m tests.clients.on_postgresql ARGUMENTS`: runs pytest with a PostgreSQL of its own, which goes with it."""

import os
import subprocess
import sys
from collections.abc import Sequence

from tests.clients.postgresql import PostgreSQL


def main(arguments: Sequence[str]) -> int:
    """Run pytest with DATABASE_URL of an empty database and return its exit status."""
    cluster = PostgreSQL()
    try:
        env = {**os.environ, "DATABASE_URL": cluster.create("kho")}
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], env=env, check=False).returncode
    finally:
        cluster.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
