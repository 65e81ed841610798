"""Trees of processes, and their peak memory as Linux counts it (VmHWM of /proc/PID/status)."""

from collections.abc import Iterable
from pathlib import Path


def trees(roots: Iterable[int]) -> list[int]:
    """These processes and all their descendants."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (parent := _field(int(folder.name), "PPid")):
            children.setdefault(parent, []).append(int(folder.name))
    found, waiting = [], list(roots)
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def peaks(roots: Iterable[int]) -> list[float]:
    """The peak of each process of these trees, in MiB. Pages that they share count in each of them."""
    return [_field(pid, "VmHWM") / 1024 for pid in trees(roots)]


def _field(pid: int, name: str) -> int:
    """A number from a process' status; 0 if it has ended or has no such field."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)
