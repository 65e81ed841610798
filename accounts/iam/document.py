"""Policy documents: JSON text -> compiled policy, or problems that name their place.

IAM User Guide: "Grammar of the IAM JSON policy language". Repository policies have no Resource (Amazon ECR User Guide).
"""

from functools import lru_cache

from accounts.iam.grammar import Grammar
from accounts.iam.policy import LIMITS, MANAGED_LIMIT, Kind, Policy, PolicyInvalid, Problem
from accounts.iam.reader import Reader, Unreadable, at

__all__ = ["LIMITS", "MANAGED_LIMIT", "Kind", "Policy", "PolicyInvalid", "Problem", "check", "parse"]


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
