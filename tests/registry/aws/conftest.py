"""Alice's keys, and clients with them."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.audit import spool
from accounts.caller import operator
from accounts.directory import access_keys, accounts, policies, principals
from accounts.directory.access_keys import NewAccessKey
from accounts.models import Account, Principal
from registry.core import addresses
from tests.registry.aws import client as in_process

Clients = Callable[..., Any]


def pulled() -> int:
    """How many pulls were written down since the test began."""
    return sum(line["kind"] == "pull" for file in spool.files() for line in spool.read(file, 0)[0])


def administrator(account: Account, name: str) -> Principal:
    """A user who may do everything in the account."""
    user = principals.create_user(account, name)
    policies.attach(operator(account.id), user, policies.ADMINISTRATOR_ACCESS)
    return user


@pytest.fixture
def account(db: None) -> Account:
    """Alice's account."""
    return accounts.create("Alice", "111122223333")


@pytest.fixture
def user(account: Account) -> Principal:
    """Its administrator."""
    return administrator(account, "alice")


@pytest.fixture
def key(user: Principal) -> NewAccessKey:
    """Her key."""
    return access_keys.create(user)


@pytest.fixture
def aws(key: NewAccessKey) -> Clients:
    """Call it with a service to get her client; with other credentials to get theirs."""

    def made(service: str, credentials: dict[str, Any] | None = None, **more: Any) -> Any:
        if credentials is None:
            return in_process.client(service, key.id, key.secret, **more)
        key_id, secret = credentials["AccessKeyId"], credentials["SecretAccessKey"]
        return in_process.client(service, key_id, secret, credentials.get("SessionToken", ""), **more)

    return made


@pytest.fixture
def other(db: None) -> dict[str, Any]:
    """Charlie's key, of another account."""
    made = access_keys.create(administrator(accounts.create("Charlie", "444455556666"), "charlie"))
    return {"AccessKeyId": made.id, "SecretAccessKey": made.secret}


@pytest.fixture
def address(account: Account) -> Any:
    """Where team/app is or will be."""
    return addresses.private(account.id, "team/app")
