"""The same people and repositories as the registry's tests have."""

from tests.registry.conftest import (
    address,
    alice,
    anonymous,
    charlie,
    data_folder,
    public_address,
    repository,
)

__all__ = ["address", "alice", "anonymous", "charlie", "data_folder", "public_address", "repository"]
