"""Layers for tests: tars made entry by entry, hostile ones too."""

import gzip
import io
import struct
import tarfile
from collections.abc import Mapping

from registry.scanning.unpacking import Layer, Limits

AMPLE = Limits(bytes=1 << 30, entries=300_000, seconds=60, written=1 << 28)
TAR = "application/vnd.oci.image.layer.v1.tar"


def header(path: str, size: int = 0, flag: bytes = b"0", *, target: str = "", mode: int = 0o644) -> bytes:
    """One ustar header."""
    fields = struct.pack(
        "100s8s8s8s12s12s8sc100s6s2s32s32s8s8s155s12x",
        path.encode("utf-8", "surrogateescape"),
        b"%07o" % mode,
        b"0000000",
        b"0000000",
        b"%011o" % size,
        b"00000000000",
        b" " * 8,
        flag,
        target.encode("utf-8", "surrogateescape"),
        b"ustar\0",
        b"00",
        b"",
        b"",
        b"0000000",
        b"0000000",
        b"",
    )
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def padded(data: bytes) -> bytes:
    """Data in whole blocks."""
    return data + b"\0" * (-len(data) % 512)


def entry(path: str, data: bytes = b"", flag: bytes = b"0", *, target: str = "", mode: int = 0o644) -> bytes:
    """A header and its data."""
    return header(path, len(data), flag, target=target, mode=mode) + padded(data)


def tar(*entries: bytes) -> bytes:
    """A whole tar."""
    return b"".join(entries) + b"\0" * 1024


def tree(files: Mapping[str, str | bytes], *, mode: int = 0o644) -> bytes:
    """A gzipped tar of files, as a build writes it."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), mode
            archive.addfile(info, io.BytesIO(data))
    return gzip.compress(made.getvalue(), mtime=0)


def layer(content: bytes, number: int = 1, media_type: str = TAR) -> Layer:
    """A layer of bytes."""
    return Layer(f"sha256:{number:064x}", media_type, lambda: io.BytesIO(content))
