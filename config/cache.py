"""The caches that processes share, in Redis or in files, which must never be what keeps people from signing in."""

import fcntl
import pickle
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import structlog
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


class _IfThere:
    """A cache while it works; without it nothing is remembered, and rate limits pause until it does again."""

    failures: ClassVar[tuple[type[Exception], ...]]

    def _or(self, instead: Any, name: str, *args: Any, **options: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **options)
        except self.failures as error:
            log.error("the cache does not answer: rate limits are off", error=str(error))
            return instead

    def add(self, *args: Any, **options: Any) -> Any:
        """Store what is not there yet."""
        return self._or(True, "add", *args, **options)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return what is stored."""
        return self._or(default, "get", key, default, version)

    def set(self, *args: Any, **options: Any) -> None:
        """Store."""
        self._or(None, "set", *args, **options)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Count; from the start if nothing is remembered."""
        return int(self._or(delta, "incr", key, delta, version))

    def delete(self, *args: Any, **options: Any) -> bool:
        """Forget."""
        return bool(self._or(False, "delete", *args, **options))


class RedisIfThere(_IfThere, RedisCache):
    """Redis while it answers."""

    failures = (RedisError,)


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


class FilesIfTheyFit(_IfThere, _CountingFiles):
    """Files while the disk has space and they are whole."""

    failures = (OSError, EOFError, pickle.UnpicklingError, zlib.error)
