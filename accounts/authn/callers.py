"""Callers from principals, memberships and Authorization headers."""

from dataclasses import replace
from hashlib import blake2b
from time import monotonic
from typing import Final

from django.conf import settings

from accounts.authn import basic
from accounts.authn.basic import Identified
from accounts.caller import Caller
from accounts.directory import asking, rights
from accounts.errors import CredentialsInvalid
from accounts.iam import document
from accounts.iam.document import Policy
from accounts.iam.request import Rights, SubjectKind
from accounts.models import Membership, Principal, Session
from accounts.recent import Recent
from accounts.sessions import bearer

_identified: Final[Recent[bytes, tuple[Identified | None]]] = Recent()
"""Digest of an Authorization header -> who it is of; only what was valid."""
_of_roles: Final[Recent[int, Rights]] = Recent()
"""Role, or IAM user at the console -> rights of who acts as it."""

KINDS: Final = {
    Principal.Kind.ROOT.value: SubjectKind.ROOT,
    Principal.Kind.USER.value: SubjectKind.USER,
    Principal.Kind.ROLE.value: SubjectKind.ROLE,
}


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
            return with_rights(basic.identify(*basic.decode(value)))
        case "bearer":
            named = bearer.verify(value.strip())
            if named is None:
                return None
            principal, session = named
            return with_rights(Identified(principal, session.id if session else "", session))
        case _:
            raise CredentialsInvalid


def with_rights(identified: Identified, found: Rights | None = None) -> Identified:
    """Add what the principal's policies (`found`, if they were read already) and the session's let it do."""
    if found is None:
        found = rights.of(identified.principal)
    if identified.session is not None and identified.session.policies:
        limits = tuple(_session_policy(text) for text in identified.session.policies)
        found = replace(found, session=limits)
    return replace(identified, rights=found)


def _session_policy(text: str) -> Policy:
    return document.parse(text, document.Kind.SESSION).named("session policy")


def of(
    identified: Identified | None,
    *,
    region: str = "",
    source_ip: str = "",
    user_agent: str = "",
    request_id: str = "",
    is_secure: bool = False,
) -> Caller:
    """Make the caller of one request; nobody if nobody has signed in."""
    if identified is None:
        return Caller(
            region=region, source_ip=source_ip, user_agent=user_agent, request_id=request_id, is_secure=is_secure
        )
    principal, session = identified.principal, identified.session
    is_role = principal.kind == Principal.Kind.ROLE
    return Caller(
        account_id=principal.account_id,
        principal_arn=session.arn if session else principal.arn,
        region=region,
        source_ip=source_ip,
        user_agent=user_agent,
        request_id=request_id,
        access_key_id=identified.access_key_id,
        kind=SubjectKind.SESSION if session and is_role else KINDS[principal.kind],
        role_arn=principal.arn if session and is_role else "",
        unique_id=f"{principal.unique_id}:{session.name}" if session and is_role else _id_of(principal),
        name=principal.name,
        tags=_tags(principal, session),
        keys=_keys(session) if session else (),
        is_secure=is_secure,
        session_id=session.id if session else "",
        rights=identified.rights,
    )


def _id_of(principal: Principal) -> str:
    """What aws:userid says of a principal without a session; root is its account."""
    return principal.account_id if principal.kind == Principal.Kind.ROOT else principal.unique_id


def _tags(principal: Principal, session: Session | None) -> tuple[tuple[str, str], ...]:
    """The principal's tags; those of the session win."""
    return tuple(asking.with_tags(principal.tags, session.tags if session else {}).items())


def _keys(session: Session) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Condition keys that temporary credentials bring."""
    values = {
        "aws:tokenissuetime": session.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:sourceidentity": session.source_identity,
        "aws:federatedprovider": session.provider,
    }
    return tuple((key, (value,)) for key, value in values.items() if value)


def from_membership(
    membership: Membership,
    *,
    region: str = "",
    source_ip: str = "",
    user_agent: str = "",
    request_id: str = "",
    is_secure: bool = False,
) -> Caller:
    """Make the caller of who is in the console: a session of the membership's role, or an IAM user as itself."""
    role = membership.role
    found = _of_roles.get(role.id, settings.RIGHTS_SECONDS)
    if found is None:
        read_at = monotonic()
        found = rights.of_joined(membership)
        _of_roles.keep(role.id, found, read_at)
    is_user = membership.person.is_iam_user
    return Caller(
        account_id=membership.account_id,
        principal_arn=membership.acts_as,
        region=region,
        source_ip=source_ip,
        user_agent=user_agent,
        request_id=request_id,
        kind=SubjectKind.USER if is_user else SubjectKind.SESSION,
        role_arn="" if is_user else role.arn,
        unique_id=role.unique_id if is_user else f"{role.unique_id}:{membership.person.mail}",
        name=role.name,
        tags=_tags(role, None),
        is_secure=is_secure,
        rights=found,
    )
