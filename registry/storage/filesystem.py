"""Bytes in files: written to a segment, synced, renamed to their key, and the folder synced.

A crash at any point leaves a blob whole under its key, or not there at all.
"""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from django.conf import settings

from registry.errors import StorageDamaged, StorageFull, StorageUnavailable
from registry.storage import paths
from registry.storage.driver import BlobContent

BLOCK: Final = 1024 * 1024
NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def _translated() -> Iterator[None]:
    """Turn errors of the operating system into those of the storage."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_SPACE:
            raise StorageFull(str(error)) from error
        raise StorageUnavailable(str(error)) from error


def _sync_folder(path: Path) -> None:
    """Make a rename or a new file in the folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_file(path: Path) -> None:
    """Make a file's bytes durable, whoever wrote them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(path: Path) -> None:
    """Make a folder with its parents, each durable in its own parent."""
    if path.is_dir():
        return
    _make_folder(path.parent)
    path.mkdir(exist_ok=True)
    _sync_folder(path.parent)


class FileSegment:
    """One request's bytes, in a file of their own."""

    def __init__(self, path: Path, segments: list[list[Any]]) -> None:
        self._path = path
        self._segments = segments
        self._size = 0
        self._committed = False
        with _translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes."""
        view = memoryview(data)
        with _translated():
            while view:
                written = os.write(self._descriptor, view)
                self._size += written
                view = view[written:]

    def commit(self) -> dict[str, Any]:
        """Let the bytes count; they are synced when the upload is finished."""
        self._committed = True
        return {"segments": [*self._segments, [self._path.name, self._size]]}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
        if not self._committed:
            with suppress(FileNotFoundError):
                self._path.unlink()


class FilesystemDriver:
    """Keeps blobs and uploads below a folder, which must be one file system."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(settings.BLOB_ROOT)

    def new_key(self) -> str:
        """Return a random key."""
        return uuid.uuid4().hex

    def open_segment(self, upload: str, state: dict[str, Any], claim: str) -> FileSegment:
        """Begin a new file in the upload's folder."""
        segments = state.get("segments", [])
        name = f"{claim}-{len(segments)}"
        return FileSegment(paths.upload(self.root, upload) / name, segments)

    def read_upload(self, upload: str, state: dict[str, Any]) -> Iterator[bytes]:
        """Yield the bytes of the segments that count."""
        for name, size in state.get("segments", []):
            left = size
            try:
                with (paths.upload(self.root, upload) / name).open("rb", buffering=0) as file:
                    while left and (block := file.read(min(BLOCK, left))):
                        left -= len(block)
                        yield block
            except FileNotFoundError as error:
                raise StorageDamaged(f"{upload}/{name}") from error
            if left:
                raise StorageDamaged(f"{upload}/{name}")

    def finish(self, upload: str, state: dict[str, Any], key: str, size: int) -> None:
        """Rename the only segment to the key, or put several together first."""
        target = paths.blob(self.root, key)
        if self.size(key) == size:
            with _translated():
                _sync_folder(target.parent)
            return
        segments = state.get("segments", [])
        with _translated():
            _make_folder(target.parent)
            if len(segments) == 1:
                source = paths.upload(self.root, upload) / segments[0][0]
            else:
                source = self._join(upload, segments, key)
            if not source.exists() or source.stat().st_size != size:
                raise StorageDamaged(f"{upload} has not the {size} bytes that were received")
            _sync_file(source)
            source.rename(target)
            _sync_folder(target.parent)

    def _join(self, upload: str, segments: list[list[Any]], key: str) -> Path:
        """Copy segments one behind the other, inside the kernel."""
        target = paths.partial(self.root, key)
        _make_folder(target.parent)
        with target.open("wb", buffering=0) as joined:
            for name, size in segments:
                try:
                    source = (paths.upload(self.root, upload) / name).open("rb", buffering=0)
                except FileNotFoundError as error:
                    raise StorageDamaged(f"{upload}/{name}") from error
                with source:
                    left = size
                    while left and (copied := os.sendfile(joined.fileno(), source.fileno(), None, left)):
                        left -= copied
        return target

    def discard(self, upload: str, state: dict[str, Any]) -> None:
        """Remove the upload's folder."""
        with _translated(), suppress(FileNotFoundError):
            shutil.rmtree(paths.upload(self.root, upload))

    def open(self, key: str, size: int) -> BlobContent:
        """Open the file, if it has the right size."""
        with _translated():
            try:
                file = paths.blob(self.root, key).open("rb", buffering=0)
            except FileNotFoundError as error:
                raise StorageDamaged(key) from error
            if os.fstat(file.fileno()).st_size != size:
                file.close()
                raise StorageDamaged(key)
        return BlobContent(file)

    def size(self, key: str) -> int | None:
        """Return the file's length."""
        with _translated():
            try:
                return paths.blob(self.root, key).stat().st_size
            except FileNotFoundError:
                return None

    def delete(self, key: str) -> None:
        """Remove the file."""
        with _translated():
            paths.blob(self.root, key).unlink(missing_ok=True)

    def keys(self) -> Iterator[tuple[str, int]]:
        """Walk over the blobs' folders."""
        with _translated():
            for folder in sorted(paths.blobs(self.root).glob("*")):
                for file in sorted(folder.iterdir()):
                    yield file.name, file.stat().st_size

    def uploads(self) -> Iterator[str]:
        """Walk over the uploads' folders."""
        with _translated():
            for folder in sorted(paths.uploads(self.root).glob("*")):
                yield folder.name
