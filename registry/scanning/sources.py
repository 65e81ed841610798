"""Where advisories come from: a zip as OSV publishes it, a folder, a file, or the address of one of these.

All of it is read with bounds: an archive that grows without an end, or a file that is too large, is refused in words.
"""

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final

from accounts import outbound
from accounts.outbound import OutboundRefused
from registry.scanning import osv

LARGEST_DOWNLOAD: Final = 2 * 1024**3
LARGEST_UNPACKED: Final = 64 * 1024**3
"""Bytes of all records of a zip; all that OSV has are some gigabytes."""
DOWNLOAD_SECONDS: Final = 1800.0
MOST_RECORDS: Final = 1_000_000
ENDING: Final = ".json"
SCHEMES: Final = ("https://", "http://")

Records = Iterator[tuple[str, bytes | None]]
"""Name and bytes of each; None for what is larger than any advisory."""


class SourceRefused(Exception):
    """A source that can't be read; the message is a sentence for people."""


@contextmanager
def opened(source: str) -> Iterator[Records]:
    """Yield the records of a source. SourceRefused, also while they are read."""
    if source.startswith(SCHEMES):
        with tempfile.TemporaryFile() as file:
            try:
                outbound.download(source, file, limit=LARGEST_DOWNLOAD, seconds=DOWNLOAD_SECONDS)
            except OutboundRefused as error:
                raise SourceRefused(f"{source} can't be read: {error}.") from error
            yield _of_file(source, file)
        return
    place = Path(source)
    if place.is_dir():
        yield _of_folder(place)
        return
    try:
        with place.open("rb") as file:
            yield _of_file(source, file)
    except OSError as error:
        raise SourceRefused(f"{source} can't be read: {error.strerror}.") from error


def _of_folder(folder: Path) -> Records:
    """Every file of advisories below a folder; links are not followed."""
    try:
        for count, place in enumerate(sorted(folder.rglob(f"*{ENDING}"))):
            if count >= MOST_RECORDS:
                raise SourceRefused(f"{folder} holds more than {MOST_RECORDS} files.")
            if place.is_symlink() or not place.is_file():
                continue
            with place.open("rb") as file:
                content = _bounded(file)
            yield str(place.relative_to(folder)), content
    except OSError as error:
        raise SourceRefused(f"{folder} can't be read: {error.strerror}.") from error


def _of_file(source: str, file: BinaryIO) -> Records:
    """A zip, or one record."""
    file.seek(0)
    start = file.read(4)
    file.seek(0)
    if start.startswith(b"PK"):
        yield from _of_zip(source, file)
    else:
        yield Path(source).name, _bounded(file)


def _of_zip(source: str, file: BinaryIO) -> Records:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(ENDING) and not entry.is_dir()]
            if len(entries) > MOST_RECORDS:
                raise SourceRefused(f"{source} holds more than {MOST_RECORDS} files.")
            # No more is read of one than it says.
            if sum(min(entry.file_size, osv.LARGEST) for entry in entries) > LARGEST_UNPACKED:
                raise SourceRefused(f"{source} holds more than {LARGEST_UNPACKED} bytes.")
            for entry in entries:
                with archive.open(entry) as content:
                    yield entry.filename, _bounded(content)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise SourceRefused(f"{source} is a broken zip: {error}.") from error


def _bounded(file: IO[bytes]) -> bytes | None:
    """The bytes, unless they are more than an advisory has."""
    content = file.read(osv.LARGEST + 1)
    return content if len(content) <= osv.LARGEST else None
