"""The registry password: what `docker login` takes with the user AWS, for 12 hours, as ECR's authorization token."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from accounts.directory import principals
from accounts.errors import CredentialsInvalid
from accounts.models import Principal
from accounts.sessions import signed

SALT: Final = "kho.registry-password"
USER_NAME: Final = "AWS"


@dataclass(frozen=True, slots=True)
class RegistryPassword:
    """A password and when it expires."""

    value: str = field(repr=False)
    expires_at: datetime


def issue(principal: Principal) -> RegistryPassword:
    """Make a password that acts as the principal."""
    value, expires_at = signed.issue(SALT, principal.unique_id, timedelta(seconds=settings.REGISTRY_PASSWORD_SECONDS))
    return RegistryPassword(value, expires_at)


def verify(value: str) -> Principal:
    """Return the principal. CredentialsExpired if authentic but too old, CredentialsInvalid in all other cases."""
    principal = principals.active(signed.verify(SALT, value))
    if principal is None:
        raise CredentialsInvalid
    return principal
