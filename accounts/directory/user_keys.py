"""Access keys of users and of root, as IAM's calls and the console handle them: gated, and in the trail."""

from typing import Final

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import access_keys, asking, principals
from accounts.directory import accounts as directory
from accounts.directory.access_keys import NewAccessKey
from accounts.errors import NotFound
from accounts.iam.arn import Arn
from accounts.models import AccessKey, Principal

ROOT: Final = ""
"""Stands for the account's root where a user's name would stand."""


def list_keys(caller: Caller, account_id: str, user_name: str) -> list[AccessKey]:
    """Return a user's keys by age. NotFound."""
    return access_keys.of_principal(_user(caller, account_id, user_name, Action.LIST_ACCESS_KEYS))


def create(caller: Caller, account_id: str, user_name: str) -> NewAccessKey:
    """Make a key; its secret is told once. NotFound, LimitReached."""
    user = _user(caller, account_id, user_name, Action.CREATE_ACCESS_KEY)
    made = access_keys.create(user)
    asking.record(caller, Action.CREATE_ACCESS_KEY, Arn.parse(user.arn), accessKeyId=made.id)
    return made


def set_status(caller: Caller, account_id: str, user_name: str, key_id: str, status: AccessKey.Status) -> None:
    """Switch a key on or off. NotFound."""
    user = _user(caller, account_id, user_name, Action.UPDATE_ACCESS_KEY)
    access_keys.set_status(_key(user, key_id), status)
    asking.record(caller, Action.UPDATE_ACCESS_KEY, Arn.parse(user.arn), accessKeyId=key_id, status=status.value)


def delete(caller: Caller, account_id: str, user_name: str, key_id: str) -> None:
    """Remove a key for good. NotFound."""
    user = _user(caller, account_id, user_name, Action.DELETE_ACCESS_KEY)
    access_keys.delete(_key(user, key_id))
    asking.record(caller, Action.DELETE_ACCESS_KEY, Arn.parse(user.arn), accessKeyId=key_id)


def _user(caller: Caller, account_id: str, name: str, action: Action) -> Principal:
    """Find the user and ask the gate before its absence is told."""
    kind, name = (Principal.Kind.USER, name) if name != ROOT else (Principal.Kind.ROOT, "root")
    user = Principal.objects.filter(account_id=account_id, kind=kind, name=name).first()
    asking.allow(caller, action, Arn.parse(user.arn) if user else asking.arn_of(account_id, f"user/{name}"))
    return user or principals.get(directory.get(account_id), kind, name)


def _key(user: Principal, key_id: str) -> AccessKey:
    key = access_keys.get(key_id)
    if key.principal_id != user.id:
        raise NotFound(f"access key {key_id}")
    return key
