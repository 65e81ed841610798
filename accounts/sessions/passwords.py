"""The registry password: what `docker login` takes with the user AWS, for 12 hours, as ECR's authorization token."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from accounts.models import Principal, Session
from accounts.sessions import signed, temporary

SALT: Final = "kho.registry-password"
USER_NAME: Final = "AWS"


@dataclass(frozen=True, slots=True)
class RegistryPassword:
    """A password and when it expires."""

    value: str = field(repr=False)
    expires_at: datetime


def issue(principal: Principal, session: Session | None = None) -> RegistryPassword:
    """Make a password that acts as the principal, or as the session, with which it ends."""
    who = session.id if session else principal.unique_id
    value, expires_at = signed.issue(SALT, who, temporary.password_lifetime(session))
    return RegistryPassword(value, expires_at)


def verify(value: str) -> tuple[Principal, Session | None]:
    """Return the principal, and its session if the password was made with temporary credentials.

    CredentialsExpired if authentic but too old, CredentialsInvalid in all other cases.
    """
    return temporary.named(signed.verify(SALT, value))
