"""A compiled policy, its kinds, and what can be wrong with a document."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Self

from accounts.iam.statement import Statement


class Kind(StrEnum):
    """Where a policy stands, which decides what it holds."""

    IDENTITY = "identity"
    REPOSITORY = "repository"
    REGISTRY = "registry"
    TRUST = "trust"
    SESSION = "session"


LIMITS: Final[Mapping[Kind, int]] = MappingProxyType(
    {Kind.IDENTITY: 10_240, Kind.REPOSITORY: 10_240, Kind.REGISTRY: 10_240, Kind.TRUST: 4_096, Kind.SESSION: 2_048}
)
"""Most characters. Managed policies may have MANAGED_LIMIT."""
MANAGED_LIMIT: Final = 6_144


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, or only risky, and where: a path such as `Statement[0].Action`, line and column from 1."""

    path: str
    line: int
    column: int
    message: str
    is_warning: bool = False


class PolicyInvalid(ValueError):
    """The text is no policy of its kind; `problems` are its errors."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        super().__init__(f"line {first.line}, column {first.column}: {first.path or 'the policy'} {first.message}")
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled policy; `name` is what people know it by."""

    kind: Kind
    version: str
    statements: tuple[Statement, ...]
    name: str = ""

    def named(self, name: str) -> Self:
        """The same policy under a name."""
        return replace(self, name=name)
