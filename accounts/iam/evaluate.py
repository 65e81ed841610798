"""Decides one request: Allow or Deny, with the reason. An explicit Deny wins, and nothing is allowed by silence.

A principal of the account that owns the resource is allowed by its identity; anyone else needs a statement of the
resource that names them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from accounts.iam.arn import Arn


class Effect(StrEnum):
    """What a matching statement does."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a resource's policy: who (`*`, an account id or a principal ARN) may do which actions.

    Actions may hold `*` and `?`, and are compared without regard to case, as IAM does.
    """

    effect: Effect
    principals: frozenset[str]
    actions: frozenset[str]
    sid: str = ""

    def matches(self, account_id: str, principal_arn: str, action: str) -> bool:
        """Whether the statement speaks of this principal and this action."""
        named = bool(self.principals & {"*", principal_arn}) or bool(account_id and account_id in self.principals)
        return named and any(_is_like(action, pattern) for pattern in self.actions)


def _is_like(action: str, pattern: str) -> bool:
    """Whether the pattern covers the action; brackets, which fnmatch would read as a set, are plain characters."""
    return fnmatchcase(action.lower(), pattern.lower().replace("[", "[[]"))


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and which statement or rule gave it."""

    allowed: bool
    reason: str


def evaluate(
    account_id: str, principal_arn: str, action: str, resource: Arn, statements: Iterable[Statement]
) -> Decision:
    """Decide whether the principal (empty for nobody) may do `action` on `resource`."""
    allowed_by = ""
    for statement in statements:
        if statement.matches(account_id, principal_arn, action):
            if statement.effect is Effect.DENY:
                return Decision(False, f"explicit deny by {statement.sid or 'a statement'}")
            allowed_by = allowed_by or f"allowed by {statement.sid or 'a statement'} of the resource"
    if allowed_by:
        return Decision(True, allowed_by)
    if principal_arn and account_id == resource.account_id:
        return Decision(True, "principal of the owning account")
    return Decision(False, "no statement allows it")
