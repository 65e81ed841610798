"""Runs programs: to their end (`Client`), or in the background until they are stopped (`Daemon`)."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from config.deploy.local import free_port

__all__ = ["CACHE", "Client", "CommandFailed", "Daemon", "environment", "free_port", "remove", "wait_for"]

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kho-tests"
"""Outside the tree; what is dear to build or install stays here between runs."""

# Settings of the machine that runs the tests must not reach the programs under test.
PASSED_ON: Final = ("PATH", "HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME", "SSL_CERT_FILE")
LAST_LINES: Final = 80


class CommandFailed(AssertionError):
    """A program ended in another way than the test expected; the message holds all that it printed."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return a small environment for a program: where programs and caches are, and `extra`."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    path = f"{CACHE / 'bin'}:{kept.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
    return {**kept, "PATH": path, "LANG": "C.UTF-8", **(extra or {})}


class Client:
    """A program with its first arguments and environment; call it with the rest."""

    def __init__(self, *command: str, env: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
        self.command = command
        self.env = environment(env)
        self.folder = folder

    def attempt(self, *args: str, text: str | None = None, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run to the end with `text` on its standard input, whatever its exit status will be."""
        return subprocess.run(
            [*self.command, *args],
            input=text if text is not None else "",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env=self.env,
            cwd=self.folder,
            timeout=timeout,
            check=False,
        )

    def __call__(self, *args: str, text: str | None = None, timeout: float = 300) -> str:
        """Run to the end and return its standard output, without the last newline.

        Raises CommandFailed if its exit status is not 0.
        """
        done = self.attempt(*args, text=text, timeout=timeout)
        if done.returncode:
            raise CommandFailed(self._story(args, done))
        return done.stdout.rstrip("\n")

    def refused(self, *args: str, text: str | None = None, timeout: float = 300) -> str:
        """Run to the end, expecting that it fails, and return what it printed on both outputs."""
        done = self.attempt(*args, text=text, timeout=timeout)
        if not done.returncode:
            raise CommandFailed("this was to be refused:\n" + self._story(args, done))
        return done.stdout + done.stderr

    def _story(self, args: Sequence[str], done: subprocess.CompletedProcess[str]) -> str:
        line = " ".join((*self.command, *args))
        return f"{line}\nexit status {done.returncode}\n{done.stdout[-8000:]}\n{done.stderr[-8000:]}"


class Daemon:
    """A program in the background, in its own process group, with its output in a file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.env = environment(env)
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def start(self, ready: Callable[[], bool], *, seconds: float = 60) -> None:
        """Start it and wait until `ready()` is true.

        Raises CommandFailed, with its output, if it ends before that or takes longer than `seconds`.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.env,
                cwd=self.folder,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise CommandFailed(f"{self.name} ended with {self.process.returncode}:\n{self.output()}")
            if time.monotonic() > deadline:
                self.kill9()
                raise CommandFailed(f"{self.name} was not ready within {seconds:.0f} s:\n{self.output()}")
            time.sleep(0.1)

    def stop(self, *, seconds: float = 20) -> int:
        """Ask it to end, wait, and return its exit status; CommandFailed if it is still there after `seconds`."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self._ended(seconds)

    def interrupt(self, *, seconds: float = 60) -> int:
        """Send what Ctrl-C in a terminal sends, to all of its group, and return its exit status."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGINT)
        return self._ended(seconds)

    def kill9(self) -> None:
        """End it and all its children at once, as a crash of the machine's processes would."""
        if self.process is not None:
            self._kill_group()
            self.process.wait(20)
            self.process = None

    def output(self) -> str:
        """Return the last lines that it printed."""
        if not self.log.exists():
            return "(no output)"
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:])

    def _ended(self, seconds: float) -> int:
        """Wait for its end; what it left behind in its group ends too."""
        assert self.process is not None
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise CommandFailed(f"{self.name} did not stop within {seconds:.0f} s:\n{self.output()}") from None
        self._kill_group()
        self.process = None
        return status

    def _kill_group(self) -> None:
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def remove(folder: Path) -> None:
    """Remove a folder that engines used as root: what they left mounted below it is detached first."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    for mount in reversed(mounts):
        if Path(mount).is_relative_to(folder):
            Client("umount", "--lazy")(mount)
    shutil.rmtree(folder)


def wait_for(what: str, happened: Callable[[], bool], *, seconds: float = 10, every: float = 0.25) -> None:
    """Wait until `happened()` is true; AssertionError that names `what` if it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(every)
