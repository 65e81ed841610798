"""A gzipped tar from anybody -> some of its files in memory. No disk is written to, no link is followed. Pure."""

import gzip
import io
import zlib
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from registry.content.tars import Kind, TarDamaged, TarStream

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


class _Bounded:
    """Decompresses, and refuses to give more than LARGEST_OUT bytes."""

    def __init__(self, content: bytes) -> None:
        self._file = gzip.GzipFile(fileobj=io.BytesIO(content))
        self._left = LARGEST_OUT

    def read(self, size: int, /) -> bytes:
        data = self._file.read(min(size, self._left + 1))
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
    stream = TarStream(_Bounded(content))
    try:
        for number, entry in enumerate(stream):
            if number >= MOST_MEMBERS:
                raise ArchiveUnreadable(Problem.TOO_MANY)
            first, _slash, path = entry.path.removeprefix("./").partition("/")
            top = top or first
            if first != top or entry.kind is not Kind.FILE or not _is_plain(path) or not wanted(path):
                continue
            if entry.size > LARGEST_FILE:
                raise ArchiveUnreadable(Problem.TOO_LARGE)
            found[path] = b"".join(iter(lambda: stream.read(LARGEST_FILE), b""))
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ArchiveUnreadable(Problem.NOT_GZIP) from error
    except (TarDamaged, EOFError) as error:
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
