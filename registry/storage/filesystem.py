"""Bytes in files: written to a segment and synced, renamed to their key, and the folder synced.

A crash at any point leaves a blob whole under its key, or not there at all. Blobs and uploads must be on one file
system.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from django.conf import settings

from registry.errors import StorageDamaged
from registry.storage import files, paths
from registry.storage.driver import BlobContent, StoredObject
from registry.storage.files import translated

Segments = Sequence[tuple[str, int]]
"""Names and lengths of the files that count, in order: the driver's state, as JSON brings it back."""


class FileSegment:
    """One request's bytes, in a file of their own."""

    def __init__(self, path: Path, before: Segments) -> None:
        self._path = path
        self._before = before
        self._size = 0
        self._committed = False
        with translated():
            files.make_folder(path.parent)
            self._file = files.create(path)

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes to the file."""
        with translated():
            files.write_all(self._file, data)
        self._size += len(data)

    def commit(self) -> dict[str, Any]:
        """Sync file and folder, and return the state with this file behind the others."""
        with translated():
            os.fsync(self._file.fileno())
            self._file.close()
            files.sync_folder(self._path.parent)
        self._committed = True
        return {"segments": [*self._before, (self._path.name, self._size)]}

    def abort(self) -> None:
        """Remove the file, unless it was committed."""
        if self._committed:
            return
        with translated():
            self._path.unlink(missing_ok=True)
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()


class FilesystemDriver:
    """Keeps blobs and uploads below a folder, BLOB_ROOT if none is given."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(settings.BLOB_ROOT)

    def new_key(self, state: dict[str, Any] | None = None) -> str:
        """Return a random key."""
        return uuid.uuid4().hex

    def open_segment(self, upload: str, state: dict[str, Any], claim: str) -> FileSegment:
        """Begin a new file in the upload's folder."""
        before = state.get("segments", [])
        return FileSegment(paths.segment(self.root, upload, claim, len(before)), before)

    def finish(self, upload: str, state: dict[str, Any], key: str, size: int) -> None:
        """Rename the only segment to the key, or put several together first."""
        target = paths.blob(self.root, key)
        segments = self._counting(upload, state)
        with translated():
            if self.size(key) != size:
                files.make_folder(target.parent)
                try:
                    if len(segments) == 1:
                        _move(segments[0][0], target, size)
                    else:
                        self._join(upload, segments, target, size)
                except FileNotFoundError as error:
                    # Another request may have finished the same upload just now, and its segments are gone.
                    if self.size(key) != size:
                        raise StorageDamaged(key) from error
            files.sync_folder(target.parent)

    def _join(self, upload: str, segments: Sequence[tuple[Path, int]], target: Path, size: int) -> None:
        """Copy the segments, perhaps none, one behind the other into a new file, and move it to the target."""
        path = paths.joined(self.root, upload, uuid.uuid4().hex)
        if not segments:
            files.make_folder(path.parent)
        try:
            with files.create(path) as joined:
                for source, length in segments:
                    files.append(joined, source, length)
                os.fsync(joined.fileno())
            _move(path, target, size)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def _counting(self, upload: str, state: dict[str, Any]) -> list[tuple[Path, int]]:
        """The files that count, and how many bytes of each."""
        folder = paths.upload(self.root, upload)
        return [(folder / name, size) for name, size in state.get("segments", [])]

    def discard(self, upload: str, state: dict[str, Any]) -> None:
        """Remove the upload's folder with all that is in it."""
        with translated(), suppress(FileNotFoundError):
            shutil.rmtree(paths.upload(self.root, upload))

    def open(self, key: str, size: int) -> BlobContent:
        """Open the file, if it has the right length."""
        with translated():
            file = _opened(paths.blob(self.root, key), key)
            if os.fstat(file.fileno()).st_size != size:
                file.close()
                raise StorageDamaged(key)
        return BlobContent(file)

    def size(self, key: str) -> int | None:
        """Return the file's length."""
        return files.size(paths.blob(self.root, key))

    def delete(self, key: str) -> None:
        """Remove the file."""
        with translated():
            paths.blob(self.root, key).unlink(missing_ok=True)

    def keys(self, after: str = "") -> Iterator[StoredObject]:
        """Walk over the blobs' folders; what is removed meanwhile is left out, and so is what lies at a wrong place."""
        for folder in files.names(paths.blobs(self.root)):
            if folder < after[:2]:
                continue
            for name in files.names(paths.blobs(self.root) / folder):
                if name <= after or name[:2] != folder:
                    continue
                if (status := files.status(paths.blob(self.root, name))) is not None:
                    yield StoredObject(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    def relative_path(self, key: str) -> str | None:
        """The file's place below the root."""
        return str(paths.blob(self.root, key).relative_to(self.root))

    def url(self, key: str, *, seconds: int) -> str | None:
        """None: files have no address of their own."""
        return None

    def check(self) -> None:
        """Write and remove a small file."""
        with translated():
            files.make_folder(self.root)
            with tempfile.TemporaryFile(dir=self.root) as file:
                file.write(b"ready")

    def prepare(self) -> None:
        """Make the folder."""
        with translated():
            files.make_folder(self.root)

    def uploads(self) -> Iterator[str]:
        """Walk over the uploads' folders."""
        for folder in files.entries(paths.uploads(self.root)):
            yield folder.name


def _opened(path: Path, key: str) -> FileIO:
    """Open a file for reading; StorageDamaged, with `key`, if it is missing."""
    try:
        return FileIO(path)
    except FileNotFoundError as error:
        raise StorageDamaged(key) from error


def _move(path: Path, target: Path, size: int) -> None:
    """Rename a synced file to its key, if it has the right length."""
    if path.stat().st_size != size:
        raise StorageDamaged(f"{path.parent.name}/{path.name}")
    path.rename(target)
