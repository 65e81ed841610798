"""A process that has loaded Django once and forks itself for each command: tests run hundreds of them.

What runs in a fork is what a process of its own would run: same settings, arguments, standard files and exit status.
`python -m tests.clients.ready SOCKET` listens there until its standard input ends.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final, NoReturn

from tests.clients.processes import Client, environment

MANAGE: Final = "manage.py"
CODE: Final = "-c"


class Ready:
    """The process, started with its first command."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self.env = environment(env)
        self.folder = folder
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._path = ""

    def run(
        self, command: tuple[str, ...], text: str | None = None, timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run `manage.py ARGUMENTS...` or `-c CODE` with `text` on its standard input, whatever its exit status."""
        with contextlib.ExitStack() as files:
            given, printed, failed = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
            given.write((text or "").encode())
            given.seek(0)
            status = self._run(command, (given, printed, failed), timeout)
            return subprocess.CompletedProcess(command, status, _text(printed), _text(failed))

    def _run(self, command: tuple[str, ...], standard: tuple[IO[bytes], ...], timeout: float) -> int:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(self._listening())
            with connection.makefile("r", encoding="utf-8") as answers:
                socket.send_fds(connection, [b"."], [each.fileno() for each in standard])
                connection.sendall(json.dumps(command).encode() + b"\n")
                child = int(answers.readline())
                try:
                    return int(answers.readline())
                except TimeoutError:
                    os.kill(child, signal.SIGKILL)
                    raise subprocess.TimeoutExpired(command, timeout) from None

    def _listening(self) -> str:
        """Where it listens; it is started if it does not run."""
        with self._lock:
            if self._process is None:
                self._path = str(Path(tempfile.mkdtemp(prefix="kho-ready-")) / "socket")
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.clients.ready", self._path],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=self.env,
                    cwd=self.folder,
                )
                assert self._process.stdout is not None
                assert self._process.stdout.readline() == b"ready\n", "Django could not be loaded"
            return self._path

    def close(self) -> None:
        """End it."""
        with self._lock:
            if self._process is not None:
                self._process.communicate()
                Path(self._path).unlink()
                Path(self._path).parent.rmdir()
                self._process = None


class ReadyClient(Client):
    """A program that `Ready` runs: `manage.py`, or Python with `-c`."""

    def __init__(self, ready: Ready, program: str) -> None:
        super().__init__(program, env=ready.env, folder=ready.folder)
        self._ready = ready

    def attempt(self, *args: str, text: str | None = None, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run to the end with `text` on its standard input, whatever its exit status will be."""
        return self._ready.run((*self.command, *args), text, timeout)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def main(path: str) -> None:
    """Listen at a path, and run what each connection says in a fork."""
    import django

    django.setup()
    importlib.import_module("config.urls")  # and with it nearly all of Kho
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        assert threading.active_count() == 1, "a fork has only the thread that forked"
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how those ended that look after one command
        gc.freeze()  # what a fork does not touch is not copied for it
        print("ready", flush=True)
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _look_after(connection)
            connection.close()


def _look_after(connection: socket.socket) -> NoReturn:
    """Run one command in a fork, and answer with its process id and its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, standard, _, _ = socket.recv_fds(connection, 1, 3)
    # Who did not want to wait any longer has hung up.
    with contextlib.suppress(BrokenPipeError), connection, connection.makefile("rw", encoding="utf-8") as lines:
        command = json.loads(lines.readline())
        child = os.fork()
        if child:
            print(child, file=lines, flush=True)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=lines, flush=True)
    if child:
        os._exit(0)
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os._exit(_status_of(command))


def _status_of(command: list[str]) -> int:
    """Run the program to its end and return its exit status; the memory of a fork is not worth tidying up."""
    try:
        _become(command)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001 - told as Python itself does
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as the end of a program does
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _become(command: list[str]) -> None:
    """Be the program."""
    program, *arguments = command
    if program == CODE:
        code, *arguments = arguments
        sys.argv = [CODE, *arguments]
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 - the tests' own code
        return
    from django.core.management import execute_from_command_line

    sys.argv = [MANAGE, *arguments]
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main(sys.argv[1])
