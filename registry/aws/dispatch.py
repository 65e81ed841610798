"""Which function serves which operation, and what it is given."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from django.conf import settings

from accounts.authn.basic import Identified
from accounts.caller import Caller
from registry.values import RegistryId

Handler = Callable[["Call", dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Call:
    """One request: who calls (`identified` is None if nobody has signed it), in which region, by which host."""

    caller: Caller
    identified: Identified | None
    service: str
    operation: str
    region: str
    host: str
    origin: str
    request_id: str

    def registry(self, request: dict[str, Any]) -> RegistryId:
        """The private registry that a request is about: the caller's own unless it names another."""
        return RegistryId(request.get("registryId") or self.caller.account_id, self.region)


@dataclass(frozen=True, slots=True)
class Operation:
    """A served operation."""

    handler: Handler
    signed: bool


_served: Final[dict[tuple[str, str], Operation]] = {}


def operation(service: str, name: str, *, signed: bool = True) -> Callable[[Handler], Handler]:
    """Let a function serve an operation; it takes parsed input and returns output by the shapes of the model."""

    def register(handler: Handler) -> Handler:
        if (service, name) in _served:
            raise ValueError(f"{service} {name} is served twice")
        _served[service, name] = Operation(handler, signed)
        return handler

    return register


def find(service: str, name: str) -> Operation | None:
    """Return who serves an operation; None if nobody does."""
    _load()
    return _served.get((service, name))


def served(service: str) -> frozenset[str]:
    """The names of the operations of a service that are served."""
    _load()
    return frozenset(name for each, name in _served if each == service)


@lru_cache(maxsize=1)
def _load() -> None:
    for module in settings.AWS_OPERATIONS:
        import_module(module)
