"""The cache in files that the processes of one machine share."""

import fcntl
import pickle
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.cache.backends.filebased import FileBasedCache

from config.forgiving_cache import IfThere


class _CountingFiles(FileBasedCache):
    """Django's files, of which two that count at once would read the same number before either writes."""

    def add(self, *args: Any, **options: Any) -> bool:
        """Store what is not there yet, one after the other."""
        with self._alone():
            return bool(super().add(*args, **options))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Count, one after the other. ValueError if there is nothing to count from."""
        with self._alone():
            return super().incr(key, delta, version)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._createdir()  # type: ignore[attr-defined]  # the stubs lack it
        with Path(self._dir, "lock").open("wb") as held:  # type: ignore[attr-defined]  # nor this
            fcntl.flock(held, fcntl.LOCK_EX)
            yield


class FilesIfTheyFit(IfThere, _CountingFiles):
    """Files while the disk has space and they are whole."""

    failures = (OSError, EOFError, pickle.UnpicklingError, zlib.error)
