"""Errors of the place where bytes are kept."""

from registry.errors.values import RegistryError


class StorageError(RegistryError):
    """The place where bytes are kept fails."""


class StorageFull(StorageError):
    """No space is left; what was stored before stays, and the upload can go on later."""


class StorageUnavailable(StorageError):
    """The store does not answer."""


class StorageDamaged(StorageError):
    """Stored bytes are missing or cut short."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key
