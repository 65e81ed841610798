"""People of both accounts and of the staff."""

import pytest

from accounts.caller import Caller, Staff
from accounts.directory import people
from accounts.models import Person
from tests.registry.console.test_console import PASSWORD, member


@pytest.fixture
def ana(alice: Caller) -> Person:
    """A member of Alice's account."""
    return member(alice.account_id, "ana@example.com")


@pytest.fixture
def boss(db: None) -> Person:
    """A member of the staff."""
    return people.create("boss@example.com", PASSWORD, is_staff=True)


@pytest.fixture
def staff(boss: Person) -> Staff:
    """The same person at work."""
    return Staff(boss.mail, source_ip="192.0.2.7", request_id="r-1")
