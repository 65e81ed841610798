"""Policy documents: JSON text -> compiled policy, or problems that name their place.

IAM User Guide: "Grammar of the IAM JSON policy language". Repository policies have no Resource (Amazon ECR User Guide).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Self

from accounts.iam.reader import Reader, Unreadable, at
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


@lru_cache(maxsize=1024)
def parse(text: str, kind: Kind) -> Policy:
    """Compile a policy; remembered by its text. PolicyInvalid."""
    policy, problems = _read(text, kind)
    errors = tuple(problem for problem in problems if not problem.is_warning)
    if errors or policy is None:
        raise PolicyInvalid(errors)
    return policy


def check(text: str, kind: Kind) -> tuple[Problem, ...]:
    """Return errors and warnings, in the order of the text."""
    return _read(text, kind)[1]


def _read(text: str, kind: Kind) -> tuple[Policy | None, tuple[Problem, ...]]:
    from accounts.iam.grammar import Grammar  # it builds on this page

    if len(text) > LIMITS[kind]:
        return None, (Problem("", 1, 1, f"has {len(text)} characters; {LIMITS[kind]} are allowed"),)
    reader = Reader(text)
    try:
        value = reader.read()
    except Unreadable as error:
        return None, (Problem("", *at(text, error.position), f"is not JSON: {error}"),)
    grammar = Grammar(kind, reader)
    policy = grammar.policy(value)
    return policy, tuple(sorted(grammar.problems, key=lambda problem: (problem.line, problem.column)))
