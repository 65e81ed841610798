"""A running SHA-256 whose state can be saved and continued by another process.

hashlib can't do that, but libcrypto's SHA256_CTX is plain bytes. Where it is not to be had, the state is not known: the
bytes are read again at the end.
"""

import ctypes
import ctypes.util
import hashlib
from functools import cache
from typing import Any, Final, Self

STATE_BYTES: Final = 112
"""sizeof(SHA256_CTX): 8 words of state, 2 of length, 16 of data, 2 counters, each of 32 bits."""


@cache
def _library() -> Any:
    """Return libcrypto if its SHA256_CTX behaves as expected on this machine, else None."""
    name = ctypes.util.find_library("crypto")
    try:
        library = ctypes.CDLL(name) if name else None
        if library is None or not _works(library):
            return None
    except (OSError, AttributeError):
        return None
    return library


def _works(library: Any) -> bool:
    """Hash in two halves through a saved state and compare with hashlib."""
    library.SHA256_Update.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    guard = b"\xa5" * 64
    first, second = b"kho " * 25, b"registry " * 30
    context = ctypes.create_string_buffer(b"\0" * STATE_BYTES + guard, STATE_BYTES + len(guard))
    library.SHA256_Init(context)
    library.SHA256_Update(context, first, len(first))
    if context.raw[STATE_BYTES:] != guard:
        return False
    copy = ctypes.create_string_buffer(context.raw, len(context))
    library.SHA256_Update(copy, second, len(second))
    digest = ctypes.create_string_buffer(32)
    library.SHA256_Final(digest, copy)
    return digest.raw == hashlib.sha256(first + second).digest()


class RunningSha256:
    """SHA-256 over bytes that come in pieces, perhaps through several processes."""

    def __init__(self) -> None:
        self._crypto = _library()
        self._plain = None if self._crypto else hashlib.sha256()
        self._context = ctypes.create_string_buffer(STATE_BYTES)
        if self._crypto:
            self._crypto.SHA256_Init(self._context)

    def update(self, data: bytes) -> None:
        """Add bytes; other threads run meanwhile."""
        if self._crypto:
            self._crypto.SHA256_Update(self._context, data, len(data))
        elif self._plain:
            self._plain.update(data)

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far; more may follow."""
        if self._plain:
            return self._plain.hexdigest()
        copy = ctypes.create_string_buffer(self._context.raw, STATE_BYTES)
        digest = ctypes.create_string_buffer(32)
        self._crypto.SHA256_Final(digest, copy)
        return digest.raw.hex()

    def save(self) -> bytes:
        """Return the state to continue from, empty if it is not known."""
        return self._context.raw if self._crypto else b""

    @classmethod
    def load(cls, state: bytes) -> Self | None:
        """Continue from a saved state; None if it is not known."""
        running = cls()
        if not running._crypto or len(state) != STATE_BYTES:
            return None
        running._context = ctypes.create_string_buffer(state, STATE_BYTES)
        return running
