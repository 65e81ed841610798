"""Signatures of webhooks as Standard Webhooks describes them (standardwebhooks.com), version 1: HMAC-SHA256; pure."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32


def new_secret() -> str:
    """Make a secret as it is shown: `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(message_id: str, at: datetime, body: bytes, keys: Iterable[str]) -> dict[str, str]:
    """The three headers of a message; one signature for each secret, the present one first."""
    timestamp = str(int(at.timestamp()))
    signatures = " ".join(f"v1,{sign(message_id, timestamp, body, key)}" for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signatures}


def sign(message_id: str, timestamp: str, body: bytes, secret: str) -> str:
    """The signature of a message under one secret, in base64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return base64.b64encode(signed.digest()).decode()
