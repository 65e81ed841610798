"""A deployment of two regions."""

import pytest
from pytest_django import Settings

from registry.values import RegistryId
from tests.registry.conftest import ALICE_ACCOUNT, CHARLIE_ACCOUNT
from tests.registry.replication.making import FAR, HOME


@pytest.fixture(autouse=True)
def regions(settings: Settings) -> None:
    """The home region and another one."""
    settings.REGIONS = [HOME, FAR]


@pytest.fixture
def far() -> RegistryId:
    """Alice's registry in the other region."""
    return RegistryId(ALICE_ACCOUNT, FAR)


@pytest.fixture
def theirs() -> RegistryId:
    """Charlie's registry in the home region."""
    return RegistryId(CHARLIE_ACCOUNT, HOME)
