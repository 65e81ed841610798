"""Files and folders that survive a crash of the machine; errors of the operating system in the storage's words."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import IO, Final

from registry.errors import StorageFull, StorageUnavailable

BLOCK: Final = 1024 * 1024
"""Bytes that are moved at a time."""

NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
NO_KERNEL_COPY: Final = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM})
FILE_MODE: Final = 0o640
FOLDER_MODE: Final = 0o750


@contextmanager
def translated() -> Iterator[None]:
    """Turn an OSError into StorageFull or StorageUnavailable."""
    try:
        yield
    except OSError as error:
        raise (StorageFull if error.errno in NO_SPACE else StorageUnavailable)(str(error)) from error


def create(path: Path) -> FileIO:
    """Open a new file for writing; FileExistsError if it is there already."""
    return FileIO(path, "x", opener=lambda name, flags: os.open(name, flags, FILE_MODE))


def write_all(file: IO[bytes] | FileIO, data: bytes | memoryview) -> None:
    """Write all of the bytes, however few the system takes at a time."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def append(target: FileIO, path: Path, length: int) -> None:
    """Copy the first `length` bytes of a file behind those of another; fewer if it is shorter.

    The kernel copies, or shares the blocks where the file system can.
    """
    with FileIO(path) as source:
        left = length
        while left:
            try:
                copied = os.copy_file_range(source.fileno(), target.fileno(), left)
            except (AttributeError, OSError) as error:
                if isinstance(error, OSError) and error.errno not in NO_KERNEL_COPY:
                    raise
                block = source.read(min(BLOCK, left))
                write_all(target, block)
                copied = len(block)
            if not copied:
                return
            left -= copied


def sync_folder(path: Path) -> None:
    """Make a new or renamed entry of the folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder with its parents, each durable in its own parent."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(FOLDER_MODE, exist_ok=True)
    sync_folder(path.parent)


def size(path: Path) -> int | None:
    """Return a file's length in bytes, None if it is missing."""
    found = status(path)
    return None if found is None else found.st_size


def status(path: Path) -> os.stat_result | None:
    """Return what the system knows of a file, None if it is missing."""
    with translated():
        try:
            return path.stat()
        except FileNotFoundError:
            return None


def entries(path: Path) -> list[Path]:
    """Return what is in a folder, by name; nothing if it is missing."""
    with translated():
        try:
            return sorted(path.iterdir())
        except FileNotFoundError:
            return []


def names(path: Path) -> list[str]:
    """Return the names of what is in a folder, in order; nothing if it is missing."""
    with translated():
        try:
            return sorted(os.listdir(path))
        except FileNotFoundError:
            return []
