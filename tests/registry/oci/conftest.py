"""Clients of Alice, Bob, Charlie and nobody, and the paths of Alice's repositories."""

import pytest
from pytest_django import Settings

from accounts.caller import Caller, operator
from accounts.directory import policies, principals
from accounts.models import Account, Principal
from accounts.sessions import passwords
from registry.core import addresses
from registry.values import Address
from tests.registry.oci.wire import Wire, basic


@pytest.fixture(autouse=True)
def protocol_middleware(settings: Settings) -> None:
    """Requests of the protocol never come to the middleware of pages."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name.startswith("config.")]


def principal(caller: Caller) -> Principal:
    """The row of a caller who is a user."""
    user = caller.principal_arn.rpartition("/")[2]
    return administrator(Account.objects.get(id=caller.account_id), user)


def administrator(account: Account, name: str) -> Principal:
    """A user who may do everything in the account."""
    user = principals.create_user(account, name)
    policies.attach(operator(account.id), user, policies.ADMINISTRATOR_ACCESS)
    return user


def sign_in(user: Principal) -> Wire:
    """A client with the user's registry password."""
    return Wire(basic(passwords.USER_NAME, passwords.issue(user).value))


@pytest.fixture
def alice_user(alice: Caller) -> Principal:
    """Alice's row."""
    return principal(alice)


@pytest.fixture
def alices(alice_user: Principal) -> Wire:
    """Alice's client."""
    return sign_in(alice_user)


@pytest.fixture
def bobs(alice_user: Principal) -> Wire:
    """Bob's client; he is of Alice's account."""
    return sign_in(administrator(alice_user.account, "bob"))


@pytest.fixture
def charlies(charlie: Caller) -> Wire:
    """Charlie's client; he is of another account."""
    return sign_in(principal(charlie))


@pytest.fixture
def nobodys(db: None) -> Wire:
    """The client of nobody."""
    return Wire()


@pytest.fixture
def private(address: Address) -> str:
    """The path of Alice's private repository."""
    return f"/v2/{addresses.path(address)}"


@pytest.fixture
def public(public_address: Address) -> str:
    """The path of Alice's public repository."""
    return f"/v2/{addresses.path(public_address)}"
