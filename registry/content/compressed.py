"""Bytes of a layer as they were before they were compressed: gzip, zstd or as they are, within a budget. Pure."""

import gzip
import io
import zlib
from dataclasses import dataclass, field
from time import monotonic
from typing import BinaryIO, Final

import zstandard

from registry.content.tars import Source

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
OTHERS: Final = {b"BZh": "bzip2", b"\xfd7zXZ\0": "xz"}
LARGEST_WINDOW: Final = 2**27
"""Bytes that a zstd frame may ask to be remembered."""
CHUNK: Final = 64 * 1024
RATIO_FROM: Final = 256 * 1024 * 1024
"""Bytes before which no ratio is looked at: the beginning of a file may be all zeros."""


class ContentRefused(ValueError):
    """The content takes more than is allowed; the message says of what."""


class ContentDamaged(ValueError):
    """The content is not what it claims to be, or cut short."""


@dataclass
class Budget:
    """What reading may take, all layers together: bytes that come out, entries, and the time until `ends`."""

    bytes_left: int
    entries_left: int
    seconds: float
    most_ratio: int = 500
    ends: float = field(init=False)

    def __post_init__(self) -> None:
        self.ends = monotonic() + self.seconds

    def take_bytes(self, count: int) -> None:
        """Note that bytes came out. ContentRefused."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise ContentRefused("the layers hold more bytes than are read")
        if monotonic() > self.ends:
            raise ContentRefused("the layers could not be read in time")

    def take_entry(self) -> None:
        """Note that there is another entry. ContentRefused."""
        self.entries_left -= 1
        if self.entries_left < 0:
            raise ContentRefused("the layers hold more files than are read")


class _Counted(io.RawIOBase):
    """Hands on bytes, and counts them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]  # typeshed asks for a Buffer
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)


class Decompressed:
    """The bytes of a layer, in order.

    `tells_of_cuts` unless the end of what was cut short looks like any other: then the content has to tell.
    """

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        self._budget = budget
        self._counted = _Counted(file)
        self._out = 0
        buffered = io.BufferedReader(self._counted, CHUNK)
        start = buffered.peek(6)[:6]
        name = next((name for magic, name in OTHERS.items() if start.startswith(magic)), "")
        if name:
            raise ContentRefused(f"a layer is compressed by {name}, which is not read")
        self._file: Source = buffered
        self.tells_of_cuts = not start.startswith(ZSTD)
        if start.startswith(GZIP):
            self._file = gzip.GzipFile(fileobj=buffered, mode="rb")
        elif start.startswith(ZSTD):
            reader = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW)
            self._file = reader.stream_reader(buffered, read_across_frames=True)

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end. ContentRefused, ContentDamaged."""
        try:
            data = self._file.read(min(size, CHUNK))
        except (gzip.BadGzipFile, zlib.error, EOFError, zstandard.ZstdError) as error:
            raise ContentDamaged("a layer is damaged or cut short") from error
        self._budget.take_bytes(len(data))
        self._out += len(data)
        if self._out > RATIO_FROM and self._out > self._counted.count * self._budget.most_ratio:
            raise ContentRefused(f"a layer grows to more than {self._budget.most_ratio} times its size")
        return data
