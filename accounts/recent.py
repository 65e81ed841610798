"""Values that may be used again for some seconds after they were read, in the memory of this process.

Rights may lag behind the database by no more than 5 seconds anywhere, so nothing here tells the process of a change:
what was read is forgotten in time. Docs: decisions/0006.
"""

from time import monotonic
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST: Final = 10_000


class Recent(Generic[K, V]):
    """Values by key, at most `most` of them. Safe for threads: each step is one operation on a dict."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: dict[K, tuple[float, V]] = {}

    def get(self, key: K, seconds: float) -> V | None:
        """Return the value if it was read less than `seconds` ago, else None; 0 seconds finds nothing."""
        entry = self._kept.get(key)
        return entry[1] if entry is not None and monotonic() - entry[0] < seconds else None

    def keep(self, key: K, value: V, read_at: float) -> None:
        """Remember a value; `read_at` is `monotonic()` from before it was read."""
        if len(self._kept) >= self._most:
            self._kept.clear()  # all of it is seconds old at most: cheaper to read again than to sort out
        self._kept[key] = (read_at, value)

    def forget(self, key: K) -> None:
        """Forget one value."""
        self._kept.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
