"""What a shared cache does while it does not work: it must never be what keeps people from signing in."""

from typing import Any, ClassVar

import structlog

log = structlog.get_logger(__name__)


class IfThere:
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
