"""Roles of an account: what is assumed for a time, by whom its trust policy says."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import accounts as directory
from accounts.directory import asking, policies, principals
from accounts.errors import DeleteConflict, InvalidInput
from accounts.iam.arn import Arn
from accounts.iam.document import Kind
from accounts.models import Membership, Principal

SHORTEST_SESSION, LONGEST_SESSION = 3600, 43_200
DESCRIPTION: Final = 1000


def create(
    caller: Caller,
    account_id: str,
    name: str,
    trust_policy: str,
    *,
    path: str = "/",
    description: str = "",
    max_session_seconds: int = SHORTEST_SESSION,
    tags: Mapping[str, str] | None = None,
) -> Principal:
    """Make a role, which has no rights yet. AlreadyExists, MalformedPolicy."""
    resource = asking.arn_of(account_id, f"role{path}{name}")
    asking.allow(caller, Action.CREATE_ROLE, resource, asking.requested(tags or {}))
    asking.check_path(path)
    asking.check_tags(tags or {})
    _check(description, max_session_seconds)
    policies.check(trust_policy, Kind.TRUST)
    with transaction.atomic():
        role = principals.create(directory.get(account_id), Principal.Kind.ROLE, name)
        role.path, role.description, role.trust_policy = path, description, trust_policy
        role.max_session_seconds, role.tags = max_session_seconds, dict(tags or {})
        role.save()
        asking.record(caller, Action.CREATE_ROLE, resource, assumeRolePolicyDocument=trust_policy)
    return role


def get(caller: Caller, account_id: str, name: str) -> Principal:
    """Return a role. NotFound."""
    role, resource = _find(account_id, name)
    asking.allow(caller, Action.GET_ROLE, resource)
    return role or principals.get(directory.get(account_id), Principal.Kind.ROLE, name)


def list_roles(caller: Caller, account_id: str, *, path: str = "/") -> list[Principal]:
    """Return the account's roles by name."""
    asking.allow(caller, Action.LIST_ROLES, asking.arn_of(account_id, f"role{path}"))
    return list(
        Principal.objects.filter(account_id=account_id, kind=Principal.Kind.ROLE, path__startswith=path).order_by(
            "name"
        )
    )


def update_trust(caller: Caller, account_id: str, name: str, trust_policy: str) -> None:
    """Say anew who may assume the role. MalformedPolicy."""
    action = Action.UPDATE_ASSUME_ROLE_POLICY
    _change(caller, account_id, name, action, trust_policy=trust_policy)


def update(
    caller: Caller,
    account_id: str,
    name: str,
    *,
    description: str | None = None,
    max_session_seconds: int | None = None,
) -> None:
    """Change the description or the longest session."""
    _check(description or "", max_session_seconds or SHORTEST_SESSION)
    fields: dict[str, Any] = {"description": description, "max_session_seconds": max_session_seconds}
    changed = {key: value for key, value in fields.items() if value is not None}
    _change(caller, account_id, name, Action.UPDATE_ROLE, **changed)


def update_description(caller: Caller, account_id: str, name: str, description: str) -> Principal:
    """Change the description and return the role. NotFound."""
    _check(description, SHORTEST_SESSION)
    return _change(caller, account_id, name, Action.UPDATE_ROLE_DESCRIPTION, description=description)


def delete(caller: Caller, account_id: str, name: str) -> None:
    """Remove a role. DeleteConflict while it has policies, or people act with it."""
    role, resource = _find(account_id, name)
    asking.allow(caller, Action.DELETE_ROLE, resource)
    role = role or principals.get(directory.get(account_id), Principal.Kind.ROLE, name)
    with transaction.atomic():
        Principal.objects.select_for_update(no_key=True).get(id=role.id)
        if policies.is_in_use(role):
            raise DeleteConflict("the role has policies; detach or delete them first")
        if Membership.objects.filter(role=role).exists():
            raise DeleteConflict("people act with the role in the console")
        role.delete()
        asking.record(caller, Action.DELETE_ROLE, resource)


def _change(caller: Caller, account_id: str, name: str, action: Action, **fields: Any) -> Principal:
    role, resource = _find(account_id, name)
    asking.allow(caller, action, resource)
    if "trust_policy" in fields:
        policies.check(fields["trust_policy"], Kind.TRUST)
    role = role or principals.get(directory.get(account_id), Principal.Kind.ROLE, name)
    with transaction.atomic():
        Principal.objects.filter(id=role.id).update(**fields)
        asking.record(caller, action, resource, **fields)
    role.refresh_from_db()
    return role


def _check(description: str, seconds: int) -> None:
    if len(description) > DESCRIPTION:
        raise InvalidInput("description", f"takes at most {DESCRIPTION} characters")
    if not SHORTEST_SESSION <= seconds <= LONGEST_SESSION:
        raise InvalidInput("maxSessionDuration", f"takes {SHORTEST_SESSION} to {LONGEST_SESSION} seconds")


def _find(account_id: str, name: str) -> tuple[Principal | None, Arn]:
    role = Principal.objects.filter(account_id=account_id, kind=Principal.Kind.ROLE, name=name).first()
    return role, Arn.parse(role.arn) if role else asking.arn_of(account_id, f"role/{name}")
