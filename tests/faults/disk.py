"""A small disk: a file system in memory, whose free space a test sets. Only root may mount one, as in CI."""

import os
import subprocess
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024


class SmallDisk:
    """Mounted on a folder until `close`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._mount(f"size={64 * MIB}")

    def leave(self, free: int) -> None:
        """Let this many bytes be free."""
        found = os.statvfs(self.folder)
        used = (found.f_blocks - found.f_bfree) * found.f_frsize
        self._mount(f"remount,size={used + free}")

    def close(self) -> None:
        """Detach it, with all that is on it."""
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def _mount(self, options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.folder], check=True)
