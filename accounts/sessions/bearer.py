"""Bearer tokens of the token service. They say who, never what: the gate decides at each request."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.conf import settings
from django.utils import timezone

from accounts.models import Principal, Session
from accounts.sessions import signed, temporary

SALT: Final = "kho.bearer"


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token, its life in seconds, and when it was issued."""

    value: str = field(repr=False)
    expires_in: int
    issued_at: datetime


def issue(principal: Principal | None, session: Session | None = None) -> Bearer:
    """Make a token for a principal or one of its sessions, or for nobody."""
    issued_at = timezone.now()
    lifetime = temporary.lifetime(session, settings.BEARER_TOKEN_SECONDS)
    who = session.id if session else principal.unique_id if principal else ""
    value, _ = signed.issue(SALT, who, lifetime)
    return Bearer(value, int(lifetime.total_seconds()), issued_at)


def verify(value: str) -> tuple[Principal, Session | None] | None:
    """Return the principal and its session, if any; None for an anonymous token.

    CredentialsExpired, CredentialsInvalid.
    """
    who = signed.verify(SALT, value)
    return temporary.named(who) if who else None
