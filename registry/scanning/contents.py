"""An image's layers -> its SBOM, by way of a folder that is thrown away."""

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from django.conf import settings

from registry.scanning import engine, unpacking
from registry.scanning.engine import EngineFailed
from registry.scanning.sboms import Sbom
from registry.scanning.unpacking import Layer, Limits, Unreadable

DPKG_STATUS: Final = "var/lib/dpkg/status"
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
    """Take packages out of dpkg's list that are not installed any more: those whose settings alone are left."""
    if not status.is_file():
        return
    stanzas = status.read_bytes().split(b"\n\n")
    kept = [stanza for stanza in stanzas if not _is_removed(stanza)]
    if len(kept) != len(stanzas):
        # Syft passes over a last line that does not end.
        status.write_bytes(b"\n\n".join(kept).rstrip(b"\n") + b"\n")


def _is_removed(stanza: bytes) -> bool:
    words = next((line.split()[1:] for line in stanza.splitlines() if line.startswith(b"Status:")), [])
    return bool(words) and words[-1] in {b"config-files", b"not-installed"}
