"""`manage.py`: what a database that can't be used is told in one line."""

import os
import subprocess
import sys
from pathlib import Path

from config.deploy.local import PROJECT, free_port


def listed(folder: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Ask for the accounts of a deployment that is not there."""
    env = {"PATH": os.environ["PATH"], "KHO_DATA": str(folder), **settings}
    command = [sys.executable, "manage.py", "list_accounts", *options]
    return subprocess.run(command, env=env, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)


def test_a_database_without_tables_is_said_in_one_line(tmp_path: Path) -> None:
    done = listed(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("kho: the database can't be used: no such table") and done.stderr.count("\n") == 1


def test_who_wants_the_traceback_gets_it(tmp_path: Path) -> None:
    done = listed(tmp_path, "--traceback", DATABASE_URL=f"postgresql://kho@127.0.0.1:{free_port()}/kho")
    assert done.returncode == 1
    assert "Traceback" in done.stderr and "connection failed" in done.stderr
