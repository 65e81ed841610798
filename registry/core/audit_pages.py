"""The trail of an account for its people: events of everything or of one repository, for who may look them up."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from accounts import gate
from accounts.audit import lookup
from accounts.audit.actions import Action
from accounts.audit.lookup import EventFilter, Events
from accounts.caller import Caller
from accounts.errors import NotFound
from accounts.models import AuditEvent
from registry.core import addresses, repositories
from registry.values import Address

LOOK: Final = f"cloudtrail:{Action.LOOKUP_EVENTS}"
MOST_EXPORTED: Final = 10_000


def may_look(caller: Caller) -> bool:
    """Whether the caller may read its account's trail."""
    return gate.decide(caller, LOOK, lookup.resource_of(caller.account_id)).allowed


def page(
    caller: Caller, only: EventFilter, *, after: str = "", before: str = "", address: Address | None = None
) -> Events:
    """Return events of the caller's account, newest first; of one repository, if an address is given. AccessDenied."""
    return lookup.page(caller.account_id, _allowed(caller, only, address), after=after, before=before)


def newer(caller: Caller, only: EventFilter, than: str) -> int:
    """Return how many events have come since the one of an id, 99 at most. AccessDenied."""
    event = lookup.get(caller.account_id, than)
    return lookup.newer(caller.account_id, _allowed(caller, only, None), event) if event else 0


def export(caller: Caller, only: EventFilter) -> Iterator[AuditEvent]:
    """Return the newest MOST_EXPORTED events one by one. AccessDenied."""
    return lookup.every(caller.account_id, _allowed(caller, only, None), MOST_EXPORTED)


def get(caller: Caller, event_id: str) -> AuditEvent:
    """Return one event of the caller's account. AccessDenied, NotFound."""
    _allowed(caller, EventFilter(), None)
    event = lookup.get(caller.account_id, event_id)
    if event is None:
        raise NotFound(f"event {event_id}")
    return event


def recent(caller: Caller, limit: int = 10) -> list[AuditEvent]:
    """Return the last changes; none for who may not look them up."""
    return lookup.recent(caller.account_id, limit) if may_look(caller) else []


def _allowed(caller: Caller, only: EventFilter, address: Address | None) -> EventFilter:
    if address is not None:
        repositories.get(caller, address)
        only = replace(only, resource=str(addresses.arn(address)))
    gate.require(caller, LOOK, lookup.resource_of(caller.account_id))
    return only
