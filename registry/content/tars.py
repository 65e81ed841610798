"""Reads a tar stream from anybody, entry by entry, and never writes. Pure.

POSIX.1-1988 (ustar), POSIX.1-2001 (pax) and GNU tar's long names. Sparse files are told of and not put together. What
a header claims is believed only as far as LARGEST_HEADER goes, so that no header takes memory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, Protocol

BLOCK: Final = 512
LARGEST_HEADER: Final = 1024 * 1024
"""Bytes of a pax header or a long name."""
MOST_SPARSE_BLOCKS: Final = 10_000
CHUNK: Final = 64 * 1024
LARGEST_SIZE: Final = 2**62


class TarDamaged(ValueError):
    """Not a tar, or cut short; the message says what."""


class Kind(Enum):
    """What an entry is."""

    FILE = "file"
    FOLDER = "folder"
    HARD_LINK = "hard link"
    SYMBOLIC_LINK = "symbolic link"
    SPARSE = "sparse file"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as its headers tell it; `size` in bytes of what follows in the stream, `target` of a link."""

    path: str
    kind: Kind
    size: int
    mode: int = 0
    target: str = ""


class Source(Protocol):
    """Bytes in order."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; none at the end."""


KINDS: Final[Mapping[bytes, Kind]] = {
    b"\0": Kind.FILE,
    b"0": Kind.FILE,
    b"7": Kind.FILE,
    b"1": Kind.HARD_LINK,
    b"2": Kind.SYMBOLIC_LINK,
    b"5": Kind.FOLDER,
    b"S": Kind.SPARSE,
}
WITHOUT_DATA: Final = frozenset(b"123456")
PAX, GLOBAL_PAX, SOLARIS_PAX, LONG_NAME, LONG_TARGET, SPARSE = b"x", b"g", b"X", b"L", b"K", b"S"
GNU_SPARSE: Final = "GNU.sparse."
USED: Final = frozenset({"path", "linkpath", "size", f"{GNU_SPARSE}name"})
"""Keys of pax headers that are kept: any number of headers, each with keys of its own, may stand before an entry."""


class TarStream:
    """The entries of a stream. `read` gives the bytes of the entry that was yielded last, as far as they are wanted."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._left = 0
        self._padding = 0
        self.has_end = False
        """Whether the mark that ends a tar was met; not all that write one leave it there."""

    def __iter__(self) -> Iterator[Entry]:
        """Yield every entry. TarDamaged."""
        said: dict[str, str] = {}
        while (block := self._header()) is not None:
            flag, size = block[156:157], _number(block[124:136])
            if flag in {PAX, SOLARIS_PAX}:
                said |= _records(self._whole(size))
            elif flag == GLOBAL_PAX:
                self._whole(size)  # what it says of all entries tells nothing that is used here
            elif flag in {LONG_NAME, LONG_TARGET}:
                key = "path" if flag == LONG_NAME else "linkpath"
                said[key] = _text(self._whole(size))
            else:
                entry = _with_pax(_entry(block, flag, size), said)
                said = {}
                if flag == SPARSE:
                    self._skip_map(block)
                self._left, self._padding = entry.size, -entry.size % BLOCK
                yield entry
                self._skip()

    def read(self, size: int) -> bytes:
        """Return the next bytes of the present entry, none at its end. TarDamaged if the stream ends before."""
        data = self._source.read(min(size, self._left))
        if not data and self._left:
            raise TarDamaged("it ends in the middle of a file")
        self._left -= len(data)
        return data

    def _header(self) -> bytes | None:
        """The next header; None at the end."""
        block = self._source.read(BLOCK)
        while 0 < len(block) < BLOCK:
            more = self._source.read(BLOCK - len(block))
            if not more:
                raise TarDamaged("it ends in the middle of a header")
            block += more
        if not block.strip(b"\0"):
            self.has_end = bool(block)
            return None
        sums = sum(block[:148]) + 8 * 32 + sum(block[156:])
        signed = sums - 256 * sum(byte > 127 for byte in block[:148] + block[156:])
        if _number(block[148:156]) not in {sums, signed}:
            raise TarDamaged("a header has a wrong checksum")
        return block

    def _whole(self, size: int) -> bytes:
        """The data of a header that says something of the next entry."""
        if size > LARGEST_HEADER:
            raise TarDamaged(f"a header of more than {LARGEST_HEADER} bytes")
        self._left, self._padding = size, -size % BLOCK
        parts = []
        while data := self.read(CHUNK):
            parts.append(data)
        self._skip()
        return b"".join(parts)

    def _skip(self) -> None:
        while self._left:
            self.read(CHUNK)
        self._left, self._padding = self._padding, 0
        while self._left:
            self.read(CHUNK)

    def _skip_map(self, block: bytes) -> None:
        """Pass over the blocks that say where the data of an old GNU sparse file belongs."""
        is_extended, count = block[482], 0
        while is_extended:
            count += 1
            if count > MOST_SPARSE_BLOCKS:
                raise TarDamaged("a sparse file of too many pieces")
            self._left, self._padding = BLOCK, 0
            data = b""
            while more := self.read(BLOCK - len(data)):
                data += more
            is_extended = data[504]


def _entry(block: bytes, flag: bytes, size: int) -> Entry:
    """What the fixed fields of a header say."""
    name = _text(block[:100])
    if block[257:263] == b"ustar\0" and block[345]:
        name = f"{_text(block[345:500])}/{name}"
    kind = KINDS.get(flag, Kind.OTHER)
    if kind is Kind.FILE and name.endswith("/"):
        kind = Kind.FOLDER
    has_data = flag[0] not in WITHOUT_DATA
    return Entry(name, kind, size if has_data else 0, _number(block[100:108]) & 0o7777, _text(block[157:257]))


def _with_pax(entry: Entry, said: Mapping[str, str]) -> Entry:
    """The entry as the headers before it correct it."""
    if not said:
        return entry
    entry = replace(entry, path=said.get("path", entry.path), target=said.get("linkpath", entry.target))
    if "size" in said and entry.kind in {Kind.FILE, Kind.OTHER, Kind.SPARSE}:
        if not said["size"].isascii() or not said["size"].isdigit() or len(said["size"]) > 19:
            raise TarDamaged("a size that is no number")
        entry = replace(entry, size=int(said["size"]))
    if any(name.startswith(GNU_SPARSE) for name in said):
        entry = replace(entry, kind=Kind.SPARSE, path=said.get(f"{GNU_SPARSE}name", entry.path))
    if entry.size > LARGEST_SIZE:
        raise TarDamaged("a size that no file has")
    return entry


def _number(field: bytes) -> int:
    """Octal digits, or with the highest bit set the number itself. TarDamaged for negative ones and for text."""
    if field[0] & 0x80:
        if field[0] & 0x40:
            raise TarDamaged("a negative number")
        found = int.from_bytes(bytes([field[0] & 0x3F]) + field[1:], "big")
        if found > LARGEST_SIZE:
            raise TarDamaged("a size that no file has")
        return found
    digits = field.split(b"\0", 1)[0].strip(b" ")
    if not digits:
        return 0
    if digits.strip(b"01234567"):
        raise TarDamaged("a number that is not octal")
    return int(digits, 8)


def _records(data: bytes) -> dict[str, str]:
    """The records of a pax header that are used: each is a length, a space, key=value, and the end of the line."""
    found: dict[str, str] = {}
    position = 0
    while position < len(data):
        space = data.find(b" ", position, position + 20)
        digits = data[position:space]
        if space < 0 or not digits.isdigit():
            raise TarDamaged("a pax header that is none")
        end = position + int(digits)
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if end <= space or end > len(data) or data[end - 1 : end] != b"\n" or not equals:
            raise TarDamaged("a pax header that is none")
        name = _text(key)
        if name in USED:
            found[name] = _text(value)
        elif name.startswith(GNU_SPARSE):
            found[GNU_SPARSE] = ""
        position = end
    return found


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
