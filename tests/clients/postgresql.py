"""A private PostgreSQL cluster in a temporary folder."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.clients.processes import Client, CommandFailed, environment, free_port

SYSTEM_USER: Final = "postgres"
# Nothing in a test's cluster outlives it, so nothing needs to reach the disk.
QUICK: Final = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"


class PostgreSQL:
    """A running cluster that only 127.0.0.1 reaches, without passwords."""

    def __init__(self) -> None:
        # Not below pytest's folders: each run of pytest closes those to other users again.
        self.folder = folder = Path(tempfile.mkdtemp(prefix="kho-postgresql-"))
        self.data = folder / "data"
        self.port = free_port()
        programs = _programs()
        self.pg_ctl = Client(*_as_owner(), str(programs / "pg_ctl"), folder=Path("/"))
        self.psql = Client("psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", SYSTEM_USER, "-qAt", "-d")
        if os.geteuid() == 0:
            shutil.chown(folder, SYSTEM_USER)
        initdb = Client(*_as_owner(), str(programs / "initdb"), folder=Path("/"))
        initdb("-D", str(self.data), "-U", SYSTEM_USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -p {self.port} {QUICK}"
        # pg_ctl leaves the server with its own outputs, so they go to a file rather than to a pipe that never ends.
        log = folder / "postgresql.log"
        command = [*self.pg_ctl.command, "-D", str(self.data), "-l", str(log), "-w", "-o", options, "start"]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(),
            cwd="/",
            check=False,
        )
        if done.returncode:
            raise CommandFailed(f"PostgreSQL did not start:\n{log.read_text() if log.exists() else '(no output)'}")

    def create(self, name: str) -> str:
        """Create an empty database and return its URL."""
        self.psql("postgres", "-c", f'CREATE DATABASE "{name}"')
        return f"postgresql://{SYSTEM_USER}@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        """Stop the cluster and remove its folder."""
        self.pg_ctl("-D", str(self.data), "-m", "fast", "-w", "stop")
        shutil.rmtree(self.folder)


def is_empty(url: str) -> bool:
    """Whether a database has no tables."""
    return _do(["psql", "-qAt", "-c", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", url]) == b"0\n"


def dump(url: str) -> bytes:
    """All that a database holds, for `restore`."""
    return _do([str(_programs() / "pg_dump"), "--format=custom", "--compress=0", url])


def restore(url: str, dumped: bytes) -> None:
    """Fill an empty database with what `dump` returned."""
    _do(
        [str(_programs() / "pg_restore"), "--exit-on-error", "--no-owner", "--single-transaction", "--dbname", url],
        dumped,
    )


def _do(command: list[str], given: bytes = b"") -> bytes:
    done = subprocess.run(command, input=given, capture_output=True, env=environment(), check=False)
    if done.returncode:
        raise CommandFailed(f"{command[0]}:\n{done.stderr.decode()}")
    return done.stdout


def _programs() -> Path:
    """The folder of the newest PostgreSQL that is installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not versions:
        raise CommandFailed("PostgreSQL is not installed; tests/clients/install.sh does it")
    return versions[-1]


def _as_owner() -> tuple[str, ...]:
    """PostgreSQL refuses to run as root."""
    return ("runuser", "-u", SYSTEM_USER, "--") if os.geteuid() == 0 else ()
