"""Keys of peers, for tests."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def public_text(key: Ed25519PrivateKey) -> str:
    """The public part as `peer key` prints it."""
    return base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()
