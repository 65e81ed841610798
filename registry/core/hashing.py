"""A running SHA-256 whose state can be saved, and continued by another process.

hashlib can't do that, but the SHA256_CTX of the libcrypto that hashlib stands on is plain bytes. Where a trial at
import shows that it does not behave so, the state is not known, and whoever needs the digest reads the bytes again.
"""

import ctypes
import hashlib
import importlib
import struct
import sys
from typing import Any, Final, Self

CONTEXT: Final = struct.Struct("=8I2I64sII")
"""SHA256_CTX of <openssl/sha.h>: h[8], Nl, Nh (the length in bits), data[16], num (bytes in data), md_len."""

STATE_BYTES: Final = CONTEXT.size


class RunningSha256:
    """SHA-256 over bytes that come in pieces, perhaps through several processes."""

    __slots__ = ("_context", "_plain")

    def __init__(self) -> None:
        self._context: Any = None
        self._plain: Any = None
        if LIBCRYPTO is None:
            self._plain = hashlib.sha256()
        else:
            self._context = ctypes.create_string_buffer(STATE_BYTES)
            LIBCRYPTO.SHA256_Init(self._context)

    def update(self, data: bytes | memoryview) -> None:
        """Add bytes; other threads run meanwhile."""
        if self._plain is not None:
            self._plain.update(data)
        else:
            content = data if isinstance(data, bytes) else bytes(data)
            LIBCRYPTO.SHA256_Update(self._context, content, len(content))

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far, in lower-case hexadecimal; more may follow."""
        return str(self._plain.hexdigest()) if self._plain is not None else _final(LIBCRYPTO, self._context.raw).hex()

    def save(self) -> bytes:
        """Return the state to continue from; empty if it is not known."""
        return b"" if self._plain is not None else bytes(self._context.raw)

    @classmethod
    def load(cls, state: bytes) -> Self | None:
        """Continue from a saved state; None if it is not one, or can't be continued here."""
        if LIBCRYPTO is None or not _is_sound(state):
            return None
        running = cls()
        running._context = ctypes.create_string_buffer(state, STATE_BYTES)
        return running


def _is_sound(state: bytes) -> bool:
    """Whether libcrypto can take the state without reading or writing outside of it."""
    if len(state) != STATE_BYTES:
        return False
    *_, low, high, _, waiting, digest_bytes = CONTEXT.unpack(state)
    return digest_bytes == hashlib.sha256().digest_size and bool(waiting == (high << 32 | low) // 8 % 64)


def _final(library: Any, state: bytes) -> bytes:
    """Return the digest of a state, which stays as it is."""
    copy = ctypes.create_string_buffer(state, STATE_BYTES)
    digest = ctypes.create_string_buffer(32)
    library.SHA256_Final(digest, copy)
    return digest.raw


def find_library(platform: str = sys.platform) -> Any:
    """Return libcrypto if a state of its SHA-256 can be saved and continued on this machine, else None.

    It is reached through hashlib's own module, so that no second libcrypto is loaded.
    """
    if platform == "win32":
        return None
    try:
        library = ctypes.CDLL(importlib.import_module("_hashlib").__file__)
        library.SHA256_Init.argtypes = [ctypes.c_void_p]
        library.SHA256_Update.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        library.SHA256_Final.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    except (ImportError, OSError, AttributeError):
        return None
    return library if behaves(library) else None


def behaves(library: Any) -> bool:
    """Hash some bytes in three pieces, through saved states, and compare with hashlib."""
    pieces = (b"kho " * 25, b"registry " * 3000, b"!")
    guard = b"\xa5" * 64
    context = ctypes.create_string_buffer(b"\0" * STATE_BYTES + guard, STATE_BYTES + len(guard))
    library.SHA256_Init(context)
    for piece in pieces:
        context = ctypes.create_string_buffer(context.raw, len(context))
        library.SHA256_Update(context, piece, len(piece))
        if context.raw[STATE_BYTES:] != guard or not _is_sound(context.raw[:STATE_BYTES]):
            return False
    return _final(library, context.raw[:STATE_BYTES]) == hashlib.sha256(b"".join(pieces)).digest()


LIBCRYPTO: Final[Any] = find_library()
"""Where SHA-256 is computed; None: in hashlib, without states."""
