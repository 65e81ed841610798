"""Runs a program under limits, in a process group of its own that ends with it."""

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LAUNCH: Final = """
import os, resource, sys
memory, seconds, size = (int(each) for each in sys.argv[1:4])
for kind, most in (
    (resource.RLIMIT_DATA, memory),
    (resource.RLIMIT_CPU, seconds),
    (resource.RLIMIT_FSIZE, size),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_NOFILE, 1024),
):
    resource.setrlimit(kind, (most, most))
os.execv(sys.argv[4], sys.argv[4:])
"""
SAID: Final = 400
"""Characters of what a program wrote about its failure that are kept."""
NO_ROOM: Final = ("no space left on device", "resource temporarily unavailable")
"""What programs write where disk or processes of the machine are used up."""


class ProgramFailed(Exception):
    """The program ended in another way than it should; the message says how."""


class ProgramKilled(Exception):
    """Somebody else has killed the program, most likely the system for want of memory."""


@dataclass(frozen=True, slots=True)
class ProgramLimits:
    """What a program may take: seconds, bytes of memory, bytes of one file that it writes."""

    seconds: int
    memory: int
    file: int


def run(command: Sequence[str], folder: Path, limits: ProgramLimits) -> None:
    """Run a program whose home is `folder`. ProgramFailed if it fails, crashes or takes more than it may.

    ProgramKilled, and OSError where the machine has no room for it, are no fault of the program or of what it reads.
    It sees nothing of our environment, and its memory and time are bounded by the system.
    """
    numbers = (str(limits.memory), str(limits.seconds), str(limits.file))
    environment = {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PATH": "/usr/bin:/bin",
        "GOMEMLIMIT": str(limits.memory * 3 // 4),
        "GOMAXPROCS": "2",
        "SYFT_CHECK_FOR_APP_UPDATE": "false",
        "TRIVY_DISABLE_TELEMETRY": "true",
        "TRIVY_SKIP_VERSION_CHECK": "true",
    }
    said, spent = folder / "said", _spent()
    with said.open("wb") as errors:
        started = subprocess.Popen(  # noqa: S603 - the operator names the program
            [sys.executable, "-I", "-c", LAUNCH, *numbers, *command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        try:
            code = started.wait(limits.seconds)
        except subprocess.TimeoutExpired as error:
            raise ProgramFailed(f"it did not end within {limits.seconds} seconds") from error
        finally:
            _end(started)
    if code == -signal.SIGKILL and _spent() - spent < limits.seconds - 1:
        raise ProgramKilled
    if code:
        words = " ".join(said.read_bytes()[-8 * SAID :].decode("utf-8", "replace").split())
        if any(each in words.lower() for each in NO_ROOM):
            raise OSError(errno.ENOSPC, f"a program ended with code {code}", words[:SAID])
        raise ProgramFailed(_why(code, limits, words))


def _spent() -> float:
    """Seconds of computing of all programs so far, the other ones of this worker too: what is over is over."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _end(started: "subprocess.Popen[bytes]") -> None:
    """Let nothing of the program go on."""
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def _why(code: int, limits: ProgramLimits, words: str) -> str:
    if code in {-signal.SIGXCPU, -signal.SIGKILL}:
        return f"it took more than {limits.seconds} seconds, or was killed"
    if code == -signal.SIGXFSZ:
        return f"it wrote more than {limits.file} bytes"
    if "out of memory" in words or "cannot allocate memory" in words.lower():
        return f"it took more than {limits.memory // 2**20} MiB of memory"
    shown = "".join(each for each in words if each.isprintable())[:SAID]
    how = f"by signal {-code}" if code < 0 else f"with code {code}"
    return f"it ended {how}" + (f": {shown}" if shown else "")
