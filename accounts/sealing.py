"""Secrets at rest: sealed under a key that is derived from the master key for one purpose."""

import base64
from functools import lru_cache
from typing import Final

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

VERSION: Final = b"\x01"
"""Which master key sealed it, so that keys can be changed later."""


@lru_cache(maxsize=32)
def _cipher(master_key: str, purpose: str) -> Fernet:
    """The cipher of one purpose."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=b"kho sealing", info=purpose.encode()).derive(
        master_key.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))


def seal(secret: bytes, purpose: str) -> bytes:
    """Encrypt and authenticate a secret; it opens only under the same purpose."""
    return VERSION + _cipher(settings.MASTER_KEY, purpose).encrypt(secret)


def unseal(sealed: bytes, purpose: str) -> bytes:
    """Return the secret; ValueError or cryptography's InvalidToken if it was altered or sealed for another purpose."""
    if sealed[:1] != VERSION:
        raise ValueError("sealed under a key that this deployment does not have")
    return _cipher(settings.MASTER_KEY, purpose).decrypt(sealed[1:])
