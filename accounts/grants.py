"""What claims of a company sign-in grant, by rules that the operator writes. Values in, values out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """Who has `value` in `claim` is a member of `account` (12 digits) with the role of this name."""

    claim: str
    value: str
    account: str
    role: str


def granted(rules: Iterable[Rule], claims: Mapping[str, Any]) -> dict[str, str]:
    """Return account -> role; of several rules for one account the first that fits counts."""
    found: dict[str, str] = {}
    for rule in rules:
        value = claims.get(rule.claim)
        values = value if isinstance(value, list | tuple) else [value]
        if any(str(each) == rule.value for each in values if each is not None):
            found.setdefault(rule.account, rule.role)
    return found
