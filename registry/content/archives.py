"""A gzipped tar from anybody -> some of its files in memory. No disk is written to, no link is followed. Pure."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Callable
from enum import StrEnum
from typing import Final

LARGEST_OUT: Final = 24 * 1024 * 1024
LARGEST_FILE: Final = 2 * 1024 * 1024
MOST_MEMBERS: Final = 5000
LONGEST_PATH: Final = 400


class Problem(StrEnum):
    """Why an archive can't be read."""

    NOT_GZIP = "not-gzip"
    NOT_TAR = "not-tar"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"


class ArchiveUnreadable(ValueError):
    """The archive is none, or larger than what is read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class _Entry(tarfile.TarInfo):
    """An entry whose size can't be negative: Python before 3.11.14 read such archives for ever."""

    def _block(self, count: int) -> int:
        if count < 0:
            raise tarfile.InvalidHeaderError("a negative size")  # type: ignore[attr-defined]  # typeshed leaves it out
        return int(super()._block(count))  # type: ignore[misc]  # private, but where the fault is


class _Bounded(io.RawIOBase):
    """Decompresses, and refuses to give more than LARGEST_OUT bytes."""

    def __init__(self, content: bytes) -> None:
        self._file = gzip.GzipFile(fileobj=io.BytesIO(content))
        self._left = LARGEST_OUT

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        wanted = self._left + 1 if size < 0 else min(size, self._left + 1)
        data = self._file.read(wanted)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveUnreadable(Problem.TOO_LARGE)
        return data


def files(content: bytes, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """Return the regular files whose path, below the archive's first folder, is wanted. ArchiveUnreadable.

    Paths that lead upwards, absolute ones and links are left out; of one path the last file counts, as for tar.
    """
    if content[:2] != b"\x1f\x8b":
        raise ArchiveUnreadable(Problem.NOT_GZIP)
    found: dict[str, bytes] = {}
    top = ""
    try:
        with tarfile.open(fileobj=_Bounded(content), mode="r|", tarinfo=_Entry) as archive:
            for number, entry in enumerate(archive):
                if number >= MOST_MEMBERS:
                    raise ArchiveUnreadable(Problem.TOO_MANY)
                first, _slash, path = entry.name.removeprefix("./").partition("/")
                top = top or first
                if first != top or not entry.isreg() or entry.issparse() or not _is_plain(path) or not wanted(path):
                    continue
                if entry.size > LARGEST_FILE:
                    raise ArchiveUnreadable(Problem.TOO_LARGE)
                file = archive.extractfile(entry)
                found[path] = file.read(LARGEST_FILE) if file else b""
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ArchiveUnreadable(Problem.NOT_GZIP) from error
    except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, ArchiveUnreadable):
            raise
        raise ArchiveUnreadable(Problem.NOT_TAR) from error
    return found


def _is_plain(path: str) -> bool:
    """Whether a path stays where it is, and can be shown."""
    parts = path.split("/")
    return (
        0 < len(path) <= LONGEST_PATH
        and path.isprintable()
        and "\\" not in path
        and not any(part in {"", ".", ".."} for part in parts)
    )
