"""Bearer tokens of the token service. They say who, never what: the gate decides at each request."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from accounts.directory import principals
from accounts.errors import CredentialsInvalid
from accounts.models import Principal
from accounts.sessions import signed

SALT: Final = "kho.bearer"


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token, its life in seconds, and when it was issued."""

    value: str = field(repr=False)
    expires_in: int
    issued_at: datetime


def issue(principal: Principal | None) -> Bearer:
    """Make a token for a principal, or for nobody."""
    issued_at = timezone.now()
    lifetime = timedelta(seconds=settings.BEARER_TOKEN_SECONDS)
    value, _ = signed.issue(SALT, principal.unique_id if principal else "", lifetime)
    return Bearer(value, settings.BEARER_TOKEN_SECONDS, issued_at)


def verify(value: str) -> Principal | None:
    """Return the principal, None for an anonymous token. CredentialsExpired, CredentialsInvalid."""
    who = signed.verify(SALT, value)
    if not who:
        return None
    principal = principals.active(who)
    if principal is None:
        raise CredentialsInvalid
    return principal
