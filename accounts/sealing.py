"""Secrets at rest: sealed under a key that is derived from a master key for one purpose."""

import base64
from functools import lru_cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

UNNAMED: Final = b"\x01"
"""Begins what was sealed before sealed values named their master key."""
NAMED: Final = b"\x02"
"""Begins what names the master key that it was sealed under: four bytes follow."""
NAME_BYTES: Final = 4


def _derived(master_key: str, info: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=b"kho sealing", info=info.encode()).derive(master_key.encode())


@lru_cache(maxsize=32)
def _cipher(master_key: str, purpose: str) -> Fernet:
    """The cipher of one purpose."""
    return Fernet(base64.urlsafe_b64encode(_derived(master_key, purpose, 32)))


@lru_cache(maxsize=32)
def _name(master_key: str) -> bytes:
    """What sealed values call a master key; it tells nothing about the key."""
    return _derived(master_key, "name of the master key", NAME_BYTES)


def seal(secret: bytes, purpose: str) -> bytes:
    """Encrypt and authenticate a secret under the present master key; it opens only under the same purpose."""
    key = settings.MASTER_KEY
    return NAMED + _name(key) + _cipher(key, purpose).encrypt(secret)


def unseal(sealed: bytes, purpose: str) -> bytes:
    """Return the secret, sealed under the present master key or a former one that is still given.

    ValueError or cryptography's InvalidToken if it was altered or sealed for another purpose, or under another key.
    """
    keys = (settings.MASTER_KEY, *settings.FORMER_MASTER_KEYS)
    if sealed[:1] == NAMED:
        name, token = sealed[1 : 1 + NAME_BYTES], sealed[1 + NAME_BYTES :]
        for key in keys:
            if _name(key) == name:
                return _cipher(key, purpose).decrypt(token)
    elif sealed[:1] == UNNAMED:
        for key in keys:
            try:
                return _cipher(key, purpose).decrypt(sealed[1:])
            except InvalidToken:
                continue
    raise ValueError("sealed under a key that this deployment does not have")


def is_present(sealed: bytes) -> bool:
    """Whether a value names the present master key."""
    return sealed.startswith(NAMED + _name(settings.MASTER_KEY))
