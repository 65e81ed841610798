"""An account with its principals, and a spool of its own."""

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.directory import accounts, principals
from accounts.models import Account, Principal


@pytest.fixture(autouse=True)
def spool_folder(settings: Settings, tmp_path: Path) -> Path:
    """Each test has its own spool."""
    settings.SPOOL_DIR = tmp_path / "spool"
    return tmp_path / "spool"


@pytest.fixture
def account(db: None) -> Account:
    """Alice's account."""
    return accounts.create("Alice", "111122223333")


@pytest.fixture
def user(account: Account) -> Principal:
    """A user of it."""
    return principals.create_user(account, "alice")
