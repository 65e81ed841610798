"""An image's layers -> its SBOM, by way of a folder that is thrown away."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings

from registry.scanning import engine, unpacking
from registry.scanning.engine import EngineFailed
from registry.scanning.sboms import Sbom
from registry.scanning.unpacking import Layer, Limits, Unreadable

DPKG_STATUS: Final = "var/lib/dpkg/status"
LARGEST_STATUS: Final = 256 * 1024 * 1024
LARGEST_STANZA: Final = 1024 * 1024
"""Bytes of what dpkg says of one package; lists of its settings are the longest of it."""
PREFIX: Final = "scan-"
"""Beginning of the names of the folders."""


class NoSbom(Exception):
    """What is in the image can't be told; the message is a sentence for people."""


def sbom_of(layers: Iterable[Layer]) -> Sbom:
    """Read the layers, the lowest first, and list their packages. NoSbom, EngineKilled.

    StorageError, BlobNotFound and OSError as they come.
    """
    limits = Limits(settings.SCAN_BYTES, settings.SCAN_ENTRIES, settings.SCAN_SECONDS, settings.SCAN_WRITTEN_BYTES)
    settings.SCAN_ROOT.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=settings.SCAN_ROOT) as name:
        folder, work = Path(name, "image"), Path(name, "work")
        folder.mkdir()
        work.mkdir()
        try:
            made = unpacking.unpack(layers, folder, limits)
            _leave_out_removed(folder / DPKG_STATUS)
            found = engine.default().packages(folder, work)
        except (Unreadable, EngineFailed) as error:
            raise NoSbom(str(error)) from error
    packages = tuple(replace(each, layer=made.layer_of.get(each.path.lstrip("/"), "")) for each in found.packages)
    return replace(found, packages=packages)


def _leave_out_removed(status: Path) -> None:
    """Take packages out of dpkg's list that are not installed any more: those whose settings alone are left.

    The list is not read into memory: its size is up to the image. Unreadable.
    """
    if not status.is_file():
        return
    if status.stat().st_size > LARGEST_STATUS:
        raise Unreadable(f"dpkg's list of packages has more than {LARGEST_STATUS} bytes.")
    with status.open("rb") as file:
        if not any(_is_removed(stanza) for stanza in _stanzas(file)):
            return
    kept = status.with_name(f"{status.name}-kept")
    with status.open("rb") as file, kept.open("wb") as out:
        for stanza in _stanzas(file):
            if not _is_removed(stanza):
                # Syft passes over a last line that does not end.
                out.write(stanza.rstrip(b"\n") + b"\n\n")
    kept.replace(status)


def _stanzas(file: BinaryIO) -> Iterator[bytes]:
    """What dpkg says of each package. Unreadable."""
    lines, size = list[bytes](), 0
    while line := file.readline(LARGEST_STANZA + 1):
        size += len(line)
        if size > LARGEST_STANZA:
            raise Unreadable(f"dpkg's list of packages has an entry of more than {LARGEST_STANZA} bytes.")
        if line != b"\n":
            lines.append(line)
        elif lines:
            yield b"".join(lines)
            lines, size = [], 0
        else:
            size = 0
    if lines:
        yield b"".join(lines)


def _is_removed(stanza: bytes) -> bool:
    words = next((line.split()[1:] for line in stanza.splitlines() if line.startswith(b"Status:")), [])
    return bool(words) and words[-1] in {b"config-files", b"not-installed"}
