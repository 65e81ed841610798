"""Assuming roles, and session tokens of users. AWS Security Token Service API Reference."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from accounts import gate
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import asking, policies
from accounts.errors import AccessDenied, InvalidInput
from accounts.gate import Values
from accounts.iam import document
from accounts.iam.arn import Arn
from accounts.iam.document import Kind, Policy, PolicyInvalid
from accounts.iam.request import SubjectKind
from accounts.models import OpenIDConnectProvider, Principal, Session
from accounts.sessions import oidc, temporary
from accounts.sessions.temporary import Issued

ROLE_ARN: Final = re.compile(r"arn:aws:iam::([0-9]{12}):role(/(?:[\x21-\x7e]+/)?)([\w+=,.@-]{1,64})", re.ASCII)
SESSION_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
SHORTEST, CHAINED, LONGEST_TOKEN = 900, 3600, 129_600
MOST_POLICY_ARNS: Final = 10


@dataclass(frozen=True, slots=True)
class Wish:
    """What a session is asked to be. `seconds` 0 means as long as usual."""

    role_arn: str
    name: str
    seconds: int = 0
    policy: str = ""
    policy_arns: Sequence[str] = ()
    tags: Mapping[str, str] | None = None
    transitive_keys: Sequence[str] = ()
    external_id: str = ""
    source_identity: str = ""


def assume_role(caller: Caller, wish: Wish) -> Issued:
    """Make a session of a role that its trust policy, and the caller's own policies, let the caller assume.

    A role that there is none of is refused in the same words as one that may not be assumed.
    """
    role, resource = find_role(wish.role_arn)
    parent = Session.objects.filter(id=caller.session_id).first() if caller.session_id else None
    inherited = _inherited(parent) if parent else {}
    tags = _with_inherited(inherited, wish.tags or {})
    context: dict[str, Values] = {"sts:RoleSessionName": wish.name, **asking.requested(tags)}
    if wish.external_id:
        context["sts:ExternalId"] = wish.external_id
    source_identity = (parent.source_identity if parent else "") or wish.source_identity
    if source_identity:
        context["sts:SourceIdentity"] = source_identity
    if wish.transitive_keys:
        context["sts:TransitiveTagKeys"] = tuple(wish.transitive_keys)
    trust = trust_of(role)
    wanted = [Action.ASSUME_ROLE]
    wanted += [Action.TAG_SESSION] if tags else []
    wanted += [Action.SET_SOURCE_IDENTITY] if source_identity else []
    for action in wanted:
        gate.require(caller, f"sts:{action}", resource, policies=trust, context=context, is_trust=True)
    if role is None:  # nothing let the caller in, since there is no policy that could
        raise AccessDenied(caller.principal_arn, f"sts:{Action.ASSUME_ROLE}", str(resource), "there is no such role")
    is_chained = parent is not None and parent.kind != Session.Kind.TOKEN
    longest = CHAINED if is_chained else role.max_session_seconds
    return open_session(
        caller,
        Action.ASSUME_ROLE,
        role,
        wish,
        kind=Session.Kind.ASSUMED,
        longest=longest,
        tags=tags,
        transitive_tags=[*inherited, *wish.transitive_keys],
        source_identity=source_identity,
        issued_by=caller.principal_arn,
    )


def _inherited(parent: Session) -> dict[str, str]:
    """The tags that a session hands on to those that are made by it; the case of keys tells nothing apart."""
    transitive = {key.lower() for key in parent.transitive_tags}
    return {key: value for key, value in parent.tags.items() if key.lower() in transitive}


def _with_inherited(inherited: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The tags of a new session. InvalidInput for one that it has from the session before."""
    known = {key.lower() for key in inherited}
    for key in given:
        if key.lower() in known:
            raise InvalidInput("tags", f"can't have {key}, which is a transitive tag of the session before")
    return {**inherited, **given}


def may_assume(caller: Caller, role: Principal, name: str) -> bool:
    """Whether to show a button that assumes the role, with a session of this name and without an external id."""
    context = {"sts:RoleSessionName": name}
    action, resource = f"sts:{Action.ASSUME_ROLE}", Arn.parse(role.arn)
    trust = trust_of(role)
    return (
        role.is_active and gate.decide(caller, action, resource, policies=trust, context=context, is_trust=True).allowed
    )


def session_token(caller: Caller, principal: Principal, seconds: int) -> Issued:
    """Make temporary credentials of the calling user itself. AccessDenied for sessions."""
    resource = Arn("sts", "", caller.account_id, "*")
    if caller.session_id:
        said = "temporary credentials make no session tokens"
        raise AccessDenied(caller.principal_arn, f"sts:{Action.GET_SESSION_TOKEN}", str(resource), said)
    seconds = seconds or (CHAINED if principal.kind == Principal.Kind.ROOT else 43_200)
    _check_seconds(seconds, LONGEST_TOKEN)
    with transaction.atomic():
        made = temporary.issue(principal, kind=Session.Kind.TOKEN, seconds=seconds, issued_by=caller.principal_arn)
        trail.record(caller, Action.GET_SESSION_TOKEN, resource, details={"accessKeyId": made.session.id})
    return made


def find_role(role_arn: str) -> tuple[Principal | None, Arn]:
    """Return the active role of an ARN, if there is one, and the ARN. InvalidInput."""
    found = ROLE_ARN.fullmatch(role_arn)
    if found is None:
        raise InvalidInput("roleArn", f"{role_arn[:200]} is invalid")
    account_id, path, name = found.groups()
    role = (
        Principal.objects.filter(
            account_id=account_id,
            kind=Principal.Kind.ROLE,
            path=path,
            name=name,
            is_active=True,
            account__is_active=True,
        )
        .select_related("account")
        .first()
    )
    return role, asking.arn_of(account_id, f"role{path}{name}")


def trust_of(role: Principal | None) -> tuple[Policy, ...]:
    """The trust policy of a role; none if there is no role, or if it trusts nobody."""
    if role is None or not role.trust_policy:
        return ()
    try:
        return (document.parse(role.trust_policy, Kind.TRUST).named("trust policy"),)
    except PolicyInvalid:
        return ()


def open_session(
    caller: Caller, action: Action, role: Principal, wish: Wish, *, kind: Session.Kind, longest: int, **fields: Any
) -> Issued:
    """Make the session, once it is allowed, and write it to the trail. InvalidInput, MalformedPolicy."""
    if not SESSION_NAME.fullmatch(wish.name):
        raise InvalidInput("roleSessionName", "takes 2 to 64 letters, digits and + = , . @ _ -")
    seconds = wish.seconds or min(CHAINED, longest)
    _check_seconds(seconds, longest)
    limits = _session_policies(role, wish)
    asking.check_tags(fields.get("tags") or {})
    with transaction.atomic():
        made = temporary.issue(role, kind=kind, seconds=seconds, name=wish.name, policies=limits, **fields)
        details = {"roleSessionName": wish.name, "accessKeyId": made.session.id, "durationSeconds": seconds}
        trail.record(caller, action, Arn.parse(role.arn), details=details)
    return made


def _session_policies(role: Principal, wish: Wish) -> list[str]:
    """The texts that limit the session: one given with the request, and managed ones by ARN."""
    if len(wish.policy_arns) > MOST_POLICY_ARNS:
        raise InvalidInput("policyArns", f"takes at most {MOST_POLICY_ARNS} policies")
    own = f"arn:aws:iam::{role.account_id}:"
    named = policies.documents(wish.policy_arns)
    for each in wish.policy_arns:
        if each not in named or not each.startswith((own, "arn:aws:iam::aws:")):
            raise InvalidInput("policyArns", f"{each[:200]} is not a policy of AWS or of the role's account")
    if wish.policy:
        policies.check(wish.policy, Kind.SESSION)
    return [*([wish.policy] if wish.policy else []), *(named[each] for each in wish.policy_arns)]


def _check_seconds(seconds: int, longest: int) -> None:
    if not SHORTEST <= seconds <= longest:
        said = f"takes {SHORTEST} to {longest} seconds, the longest session of the role or user"
        raise InvalidInput("durationSeconds", said)


def assume_role_with_web_identity(caller: Caller, token: str, wish: Wish) -> tuple[Issued, dict[str, Any]]:
    """Make a session of a role for who has a token of an issuer that the role's account trusts; with its claims.

    The token is checked first, so that a forged one tells nothing of roles. Raises AccessDenied in the same words
    whether the role exists or not, and the errors of `oidc`.
    """
    role, resource = find_role(wish.role_arn)
    name = oidc.issuer_of(token).partition("://")[2].rstrip("/")
    provider = OpenIDConnectProvider.objects.filter(account_id=resource.account_id, url=name).first()
    action = Action.ASSUME_ROLE_WITH_WEB_IDENTITY
    claims = oidc.claims_of(token, provider) if provider else {}
    if provider is None or role is None:
        said = "no such role, or no such identity provider"
        raise AccessDenied("anonymous", f"sts:{action}", str(resource), said)
    keys = {f"{name}:{claim}": _texts(value) for claim, value in claims.items()}
    # Of the request, and of nobody who may have signed it: only the token tells who this is.
    job = Caller(
        account_id=resource.account_id,
        principal_arn=provider.arn,
        region=caller.region,
        source_ip=caller.source_ip,
        user_agent=caller.user_agent,
        request_id=caller.request_id,
        kind=SubjectKind.FEDERATED,
        keys=(("aws:federatedprovider", (provider.arn,)),),
        is_secure=caller.is_secure,
    )
    context: dict[str, Values] = {**keys, "sts:RoleSessionName": wish.name}
    gate.require(job, f"sts:{action}", resource, policies=trust_of(role), context=context, is_trust=True)
    made = open_session(
        job,
        action,
        role,
        wish,
        kind=Session.Kind.WEB_IDENTITY,
        longest=role.max_session_seconds,
        provider=provider.arn,
        subject=str(claims["sub"])[:512],
        issued_by=provider.arn,
    )
    return made, claims


def _texts(value: Any) -> tuple[str, ...]:
    """A claim as a condition sees it: texts, numbers and truth values; nothing of what is nested."""
    listed = value if isinstance(value, list) else [value]
    return tuple(
        str(each).lower() if isinstance(each, bool) else str(each) for each in listed if isinstance(each, (str, int))
    )
