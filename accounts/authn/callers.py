"""Callers from principals, memberships and Authorization headers."""

from accounts.authn import basic
from accounts.authn.basic import Identified
from accounts.caller import Caller
from accounts.errors import CredentialsInvalid
from accounts.iam import arn
from accounts.models import Membership, Principal
from accounts.sessions import bearer


def identify(authorization: str) -> Identified | None:
    """Return who an Authorization header (Basic or Bearer) is of; None if it is missing or of an anonymous token.

    Raises CredentialsInvalid, CredentialsExpired.
    """
    scheme, _, value = authorization.partition(" ")
    match scheme.lower():
        case "":
            return None
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
