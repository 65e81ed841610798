"""Alice owns the first account, Bob is of her account too, Charlie is a stranger with an account of his own."""

from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.caller import Caller
from registry import storage
from registry.core import addresses
from registry.models import Repository
from registry.values import Address
from tests.factories.registry import make_account, make_caller, make_public_repository, make_repository

ALICE_ACCOUNT = "111122223333"
CHARLIE_ACCOUNT = "444455556666"


@pytest.fixture(autouse=True)
def data_folder(settings: Settings, tmp_path: Path) -> Path:
    """Each test has its own blobs and spool."""
    settings.BLOB_ROOT = tmp_path / "blobs"
    settings.SPOOL_DIR = tmp_path / "spool"
    storage.default.cache_clear()
    return tmp_path


@pytest.fixture
def alice(db: None) -> Caller:
    """A user of the account that owns the repositories."""
    make_account(ALICE_ACCOUNT, "Alice")
    return make_caller(ALICE_ACCOUNT, "alice", source_ip="192.0.2.1", user_agent="docker/28", region="us-east-1")


@pytest.fixture
def charlie(db: None) -> Caller:
    """A user of another account."""
    make_account(CHARLIE_ACCOUNT, "Charlie")
    return make_caller(CHARLIE_ACCOUNT, "charlie", source_ip="192.0.2.3", region="us-east-1")


@pytest.fixture
def anonymous() -> Caller:
    """Nobody."""
    return Caller(source_ip="192.0.2.9", user_agent="curl/8")


@pytest.fixture
def repository(alice: Caller) -> Repository:
    """A private repository of Alice."""
    return make_repository(alice)


@pytest.fixture
def address(repository: Repository) -> Address:
    """Where the private repository is."""
    return repository.address


@pytest.fixture
def public_address(alice: Caller) -> Address:
    """Where a public repository of Alice is."""
    return make_public_repository(alice).address


@pytest.fixture
def absent(alice: Caller) -> Address:
    """An address of Alice where nothing is."""
    return addresses.private(alice.account_id, "team/absent")
