"""Signed values that carry who and until when; verifying the signature costs no query."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core import signing
from django.utils import timezone

from accounts.errors import CredentialsExpired, CredentialsInvalid


def issue(salt: str, who: str, lifetime: timedelta) -> tuple[str, datetime]:
    """Return a signed value for `who` and when it expires."""
    expires_at = timezone.now() + lifetime
    value = _signer(salt).sign_object({"p": who, "e": int(expires_at.timestamp())})
    return value, datetime.fromtimestamp(int(expires_at.timestamp()), UTC)


def verify(salt: str, value: str) -> str:
    """Return who the value was issued for. CredentialsInvalid if altered, CredentialsExpired if too old."""
    try:
        payload: Any = _signer(salt).unsign_object(value)
        who, expires = str(payload["p"]), int(payload["e"])
    except (signing.BadSignature, KeyError, TypeError, ValueError) as error:
        raise CredentialsInvalid from error
    if timezone.now().timestamp() >= expires:
        raise CredentialsExpired
    return who


def _signer(salt: str) -> signing.TimestampSigner:
    """Without colons: clients write a registry password behind one, and split at every one that they find."""
    return signing.TimestampSigner(salt=salt, sep=".")
