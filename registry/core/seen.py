"""What was read while one page is made that changes nothing: it is not read again, and no other page sees it."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

T = TypeVar("T")

_seen: Final[ContextVar[dict[Hashable, Any] | None]] = ContextVar("registry_seen", default=None)


@contextmanager
def remembering(*, when: bool = True) -> Iterator[None]:
    """Remember what is read inside, and forget it at the end. Rights are asked for each time all the same."""
    token = _seen.set({} if when else None)
    try:
        yield
    finally:
        _seen.reset(token)


def once(key: Hashable, read: Callable[[], T]) -> T:
    """Return what the key stands for, read at most once where it may be remembered."""
    known = _seen.get()
    if known is None:
        return read()
    if key not in known:
        known[key] = read()
    found: T = known[key]
    return found


def keep(key: Hashable, value: Any) -> None:
    """Let `once` return what was read in another way."""
    known = _seen.get()
    if known is not None:
        known[key] = value
