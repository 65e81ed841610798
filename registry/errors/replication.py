"""Errors about replication and its backfills."""

from collections.abc import Sequence

from registry.errors.values import RegistryError


class ReplicationChanged(RegistryError):
    """Other rules are in force than those that were to be replaced: somebody else has put some meanwhile."""


class ChildrenNotReplicated(RegistryError):
    """Images that an index names could not be replicated; `codes` are the names of what hindered them, each once."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = tuple(codes)


class BackfillError(RegistryError):
    """About one backfill, or the place where one is to go."""

    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(f"{name} of {registry_id}")
        self.name = name
        self.registry_id = registry_id


class BackfillInProgress(BackfillError):
    """There is one to the region already."""


class BackfillNotFound(BackfillError):
    """No backfill of this id."""


class BackfillInvalidStatus(BackfillError):
    """It is over, or being stopped."""


class PeerError(RegistryError):
    """About another deployment; `name` is what staff here call it."""

    def __init__(self, name: str, why: str = "") -> None:
        super().__init__(f"{name}: {why}" if why else name)
        self.name = name
        self.why = why


class PeerAlreadyExists(PeerError):
    """The name, a region or the key is of a peer already; `why` says which."""


class PeerChanged(PeerError):
    """Something else is listed for it than what was to be replaced: somebody else has changed it meanwhile."""


class PeerNotFound(PeerError):
    """There is no peer of the name."""


class PeerUnavailable(PeerError):
    """It does not answer, or says that it can't now: to be tried again."""


class PeerNotTrusted(PeerError):
    """It does not know this deployment's key, or the clocks are apart."""


class PeerNotAllowed(PeerError):
    """Its address is in a network that requests of this deployment may not go to."""


class PeerMisbehaved(PeerError):
    """It answers what no Kho answers: another digest, a position that can't be, or far too much."""


class PeerRefused(PeerError):
    """It refused an image or a deletion; `code` is the name of its reason."""

    def __init__(self, name: str, code: str) -> None:
        super().__init__(name, code)
        self.code = code
