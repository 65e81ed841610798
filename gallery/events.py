"""Domain events of the gallery, as plain frozen values. Announced into the outbox, in JSON."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AliasRequestMoved:
    """A request for an alias took a step; `event` is the row of its history."""

    event: int
