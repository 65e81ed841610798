"""Callers from principals, memberships and Authorization headers."""

from hashlib import blake2b
from time import monotonic
from typing import Final

from django.conf import settings

from accounts.authn import basic
from accounts.authn.basic import Identified
from accounts.caller import Caller
from accounts.errors import CredentialsInvalid
from accounts.iam import arn
from accounts.models import Membership, Principal
from accounts.recent import Recent
from accounts.sessions import bearer

_identified: Final[Recent[bytes, tuple[Identified | None]]] = Recent()
"""Digest of an Authorization header -> who it is of; only what was valid."""


def identify(authorization: str) -> Identified | None:
    """Return who an Authorization header (Basic or Bearer) is of; None if it is missing or of an anonymous token.

    What was found is not looked up again for RIGHTS_SECONDS. Raises CredentialsInvalid, CredentialsExpired.
    """
    if not authorization:
        return None
    # A digest, so that no credentials stay in memory.
    key = blake2b(authorization.encode("utf-8", "surrogateescape"), digest_size=16).digest()
    known = _identified.get(key, settings.RIGHTS_SECONDS)
    if known is None:
        read_at = monotonic()
        known = (_check(authorization),)
        _identified.keep(key, known, read_at)
    return known[0]


def _check(authorization: str) -> Identified | None:
    """Check the credentials against signatures and the database."""
    scheme, _, value = authorization.partition(" ")
    match scheme.lower():
        case "basic":
            return basic.identify(*basic.decode(value))
        case "bearer":
            principal = bearer.verify(value.strip())
            return Identified(principal) if principal else None
        case _:
            raise CredentialsInvalid


def from_principal(
    principal: Principal | None,
    *,
    region: str = "",
    source_ip: str = "",
    user_agent: str = "",
    request_id: str = "",
    access_key_id: str = "",
) -> Caller:
    """Make the caller of one request; nobody if there is no principal."""
    return Caller(
        account_id=principal.account_id if principal else "",
        principal_arn=principal.arn if principal else "",
        region=region,
        source_ip=source_ip,
        user_agent=user_agent,
        request_id=request_id,
        access_key_id=access_key_id,
    )


def from_membership(
    membership: Membership, *, region: str = "", source_ip: str = "", user_agent: str = "", request_id: str = ""
) -> Caller:
    """Make the caller of a person in the console: a session of the membership's role, named by the mail address."""
    session = arn.assumed_role(membership.account_id, membership.role.name, membership.person.email)
    return Caller(
        account_id=membership.account_id,
        principal_arn=str(session),
        region=region,
        source_ip=source_ip,
        user_agent=user_agent,
        request_id=request_id,
    )
