"""Layers -> the few files that tell of packages, in a folder of regular files and nothing else.

Layers are laid over each other as the OCI Image Specification says ("Image Layer Filesystem Changeset"), whiteouts
included. Links and devices are never made; what a link leads to is not followed; a path that leads out of the folder is
passed over. All sizes are bounded, so that a layer can't fill disk or memory.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from registry.content.compressed import Budget, ContentDamaged, ContentRefused, Decompressed
from registry.content.tars import Entry, Kind, TarDamaged, TarStream
from registry.scanning import wanted

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"
LONGEST_PATH: Final = 1024
LONGEST_NAME: Final = 255
DEEPEST: Final = 64
CHUNK: Final = 64 * 1024
BLOCK: Final = 4096
"""Bytes that a file or a folder takes on a disk at least."""


class Unreadable(Exception):
    """An image whose layers can't be read; the message says why, and of which layer."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer's digest, and how its bytes are opened."""

    digest: str
    media_type: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one image may take: bytes and entries of all its layers, seconds, bytes on disk.

    Files take whole blocks there, and folders one each.
    """

    bytes: int
    entries: int
    seconds: float
    written: int


@dataclass
class Unpacked:
    """A folder, and which layer each of its files came from."""

    folder: Path
    layer_of: dict[str, str] = field(default_factory=dict)
    skipped: int = 0
    """Entries whose paths lead nowhere, and sparse files that would have been wanted."""


def unpack(layers: Iterable[Layer], folder: Path, limits: Limits) -> Unpacked:
    """Write what is wanted of the layers, the lowest first, below an empty folder. Unreadable."""
    budget = Budget(limits.bytes, limits.entries, limits.seconds)
    made = _Folder(Unpacked(folder), limits.written)
    for layer in layers:
        if "encrypted" in layer.media_type:
            raise Unreadable(f"The layer {layer.digest} is encrypted.")
        try:
            with closing(layer.open()) as file:
                source = Decompressed(file, budget)
                stream = TarStream(source)
                made.lay(layer.digest, stream, budget)
                if not stream.has_end and not source.tells_of_cuts:
                    raise ContentDamaged("it is damaged or cut short")
        except (TarDamaged, ContentDamaged, ContentRefused) as error:
            raise Unreadable(f"The layer {layer.digest} can't be read: {error}.") from error
    return made.result


class _Folder:
    """The folder as the layers so far have left it."""

    def __init__(self, result: Unpacked, most: int) -> None:
        self.result = result
        self._root = result.folder
        self._left = most
        self._here: set[str] = set()

    def lay(self, digest: str, entries: TarStream, budget: Budget) -> None:
        """Lay one layer over what is there."""
        self._here = set()
        for entry in entries:
            budget.take_entry()
            path = _plain(entry.path)
            if path is None:
                self.result.skipped += 1
            elif path:
                self._take(digest, path, entry, entries)

    def _take(self, digest: str, path: str, entry: Entry, stream: TarStream) -> None:
        above, _, name = path.rpartition("/")
        if name == OPAQUE:
            self._remove_below(above)
        elif name.startswith(WHITEOUT):
            hidden = name.removeprefix(WHITEOUT)
            if hidden not in {"", ".", ".."}:
                self._remove(f"{above}/{hidden}" if above else hidden)
        elif entry.kind is not Kind.FOLDER:
            self._replace(digest, path, entry, stream)
        elif (self._root / path).is_file():
            self._forget(path)

    def _replace(self, digest: str, path: str, entry: Entry, stream: TarStream) -> None:
        """Let what was at the path go, and write the file if it is one that is wanted."""
        self._forget(path)
        if entry.kind is Kind.FILE:
            is_wanted, start = wanted.is_list(path), b""
            if not is_wanted and wanted.may_be_program(entry.size, entry.mode):
                start = _exactly(stream, len(wanted.ELF))
                is_wanted = wanted.is_program(start)
            if is_wanted:
                self._write(digest, path, _pieces(stream, start))
                if start:  # nobody runs it; Trivy tells programs by this
                    (self._root / path).chmod(0o700)
        elif entry.kind is Kind.HARD_LINK and wanted.is_list(path):
            self._copy(digest, path, _plain(entry.target) or "")
        elif entry.kind is Kind.SPARSE and wanted.is_list(path):
            self.result.skipped += 1

    def _write(self, digest: str, path: str, pieces: Iterable[bytes]) -> None:
        place = self._root / path
        self._clear_way(path)
        self._make_way(place.parent)
        self._take_room(BLOCK)
        room = BLOCK
        with place.open("xb") as file:
            for piece in pieces:
                self._take_room(max(len(piece) - room, 0))
                room = max(room - len(piece), 0)
                file.write(piece)
        self._here.add(path)
        self.result.layer_of[path] = digest

    def _make_way(self, folder: Path) -> None:
        """Make a folder and those above it."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        self._take_room(BLOCK * len(missing))
        for each in reversed(missing):
            each.mkdir()

    def _take_room(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise ContentRefused("the lists of packages are larger than what is read")

    def _copy(self, digest: str, path: str, source: str) -> None:
        """Write a second name of a file as a file of its own."""
        if source not in self.result.layer_of:
            return
        with (self._root / source).open("rb") as file:
            self._write(digest, path, iter(lambda: file.read(CHUNK), b""))

    def _clear_way(self, path: str) -> None:
        """Let files go that stand where folders of the path are to be."""
        parts = path.split("/")[:-1]
        for count in range(1, len(parts) + 1):
            above = "/".join(parts[:count])
            if above in self.result.layer_of:
                self._forget(above)

    def _forget(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it."""
        place = self._root / path
        if path in self.result.layer_of:
            place.unlink()
            del self.result.layer_of[path]
        elif place.is_dir():
            shutil.rmtree(place)
            for each in [each for each in self.result.layer_of if each.startswith(f"{path}/")]:
                del self.result.layer_of[each]
                self._here.discard(each)

    def _remove(self, path: str) -> None:
        """Carry out a whiteout: what this layer itself has brought stays."""
        if path in self.result.layer_of and path not in self._here:
            self._forget(path)
        self._remove_below(path)

    def _remove_below(self, path: str) -> None:
        start = f"{path}/" if path else ""
        if start and not (self._root / path).is_dir():
            return
        for each in [each for each in self.result.layer_of if each.startswith(start) and each not in self._here]:
            self._forget(each)


def _plain(path: str) -> str | None:
    """The path as one below the folder, without dots; empty for the folder itself, None if it leads out of it."""
    parts = [part for part in path.split("/") if part not in {"", "."}]
    plain = "/".join(parts)
    encoded = plain.encode("utf-8", "surrogateescape")
    if ".." in parts or len(encoded) > LONGEST_PATH or len(parts) > DEEPEST or "\0" in plain:
        return None
    if any(len(part.encode("utf-8", "surrogateescape")) > LONGEST_NAME for part in parts):
        return None
    return plain


def _exactly(stream: TarStream, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := stream.read(count - len(data))):
        data += more
    return data


def _pieces(stream: TarStream, start: bytes) -> Iterator[bytes]:
    if start:
        yield start
    while data := stream.read(CHUNK):
        yield data
