"""The processes of one machine: web server, task worker, beat; started, watched, restarted, stopped."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from config import serve
from config.run.options import Options

PR_SET_PDEATHSIG: Final = 1
RESTARTS: Final = 5
RESTART_WINDOW_SECONDS: Final = 60
STOP_SECONDS: Final = 35
"""Longer than the web server gives its own workers."""


def _die_with_parent() -> None:
    """Ask Linux to stop this child when its parent is gone, however it went."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except (OSError, AttributeError):  # not Linux: such a child has to be stopped by hand
        return


@dataclass
class Child:
    """One process, and when it was started lately; its environment, folder and output are ours unless given."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    starts: deque[float] = field(default_factory=deque)
    environment: dict[str, str] | None = None
    folder: Path | None = None
    log: Path | None = None
    user: str = ""

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches only the parent, which stops its children in order.

        What an earlier one left behind when it died ends first: web workers would go on listening beside the new ones.
        """
        self._end_group()
        self.starts.append(time.monotonic())
        with ExitStack() as files:
            output = files.enter_context(self.log.open("ab")) if self.log else None
            self.process = subprocess.Popen(  # noqa: S603 - our own commands
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
                cwd=self.folder,
                user=self.user or None,
                group=self.user or None,
                extra_groups=[] if self.user else None,
                start_new_session=True,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one thread only
            )

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def may_restart(self) -> bool:
        """Whether it has not died too often lately."""
        while self.starts and time.monotonic() - self.starts[0] > RESTART_WINDOW_SECONDS:
            self.starts.popleft()
        return len(self.starts) < RESTARTS

    def stop(self) -> None:
        """Ask it to end, wait, and end it with all that it has started."""
        if self.process is None:
            return
        if self.is_alive:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        self._end_group()

    def _end_group(self) -> None:
        """End what is left of its session, and of itself."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def children(options: Options) -> list[Child]:
    """The processes, in the order in which they start."""
    return [
        Child("web server", serve.web(options.bind, options.port)),
        # One worker for all queues: more threads, so that slow receivers of mails and webhooks leave some to others.
        Child("task worker", serve.worker(concurrency=4)),
        Child("beat", serve.beat()),
    ]


class Supervisor:
    """Runs the processes until a signal comes or one of them can't be kept alive."""

    def __init__(self, processes: list[Child]) -> None:
        self.processes = processes
        self.stopping = False

    def run(self, when_started: Callable[[], None]) -> str:
        """Return why it ended: empty after a signal, else what went wrong."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Whoever starts it with nohup wants it to go on when the terminal is closed.
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._stop)
        try:
            for child in self.processes:
                child.start()
            when_started()
            while not self.stopping:
                if problem := self._look_after():
                    return problem
                time.sleep(0.3)
            return ""
        finally:
            for child in reversed(self.processes):
                child.stop()

    def _stop(self, number: int, frame: object) -> None:
        """Note the signal; the loop ends."""
        self.stopping = True

    def _look_after(self) -> str:
        """Start again what has died."""
        for child in self.processes:
            if child.is_alive or self.stopping:
                continue
            if not child.may_restart:
                return f"the {child.name} ended {RESTARTS} times within {RESTART_WINDOW_SECONDS} seconds; Kho stops."
            print(f"kho: the {child.name} ended and is started again.", file=sys.stderr, flush=True)
            child.start()
        return ""
