"""Files that whoever needs them first makes: whole or not there at all, whoever starts at the same time or dies."""

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

WITHOUT_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)
"""What file systems without hard links answer: FAT, some of those of other machines or of programs."""


def make_once(path: Path, content: Callable[[], bytes], mode: int = 0o600) -> bool:
    """Make the file unless it is there; whether this call has made it. Folders that are missing are its owner's alone.

    OSError if it can't be made; then nothing has the name.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        return False
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    unnamed = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content())
            file.flush()
            os.fsync(file.fileno())
        if mode != unnamed.stat().st_mode & 0o777:
            unnamed.chmod(mode)
        is_mine = _name(unnamed, path)
    finally:
        unnamed.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return is_mine


def _name(unnamed: Path, path: Path) -> bool:
    """Give a file its name unless another one has it."""
    try:
        os.link(unnamed, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in WITHOUT_LINKS:
            raise
        return _rename(unnamed, path)
    return True


def _rename(unnamed: Path, path: Path) -> bool:
    """The same by renaming, which would replace a file of that name: one process after the other looks and renames."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if path.exists():
            return False
        unnamed.rename(path)
        return True
    finally:
        os.close(folder)
