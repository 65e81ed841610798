"""One compiled statement: whom, what and where it is about, and under which conditions."""

from dataclasses import dataclass

from accounts.iam.conditions import Condition
from accounts.iam.matching import Context, Pattern, Test
from accounts.iam.principals import Naming, Principals
from accounts.iam.request import Request


@dataclass(frozen=True, slots=True)
class Actions:
    """Names of actions in lower case, and patterns; `negated` for NotAction."""

    names: frozenset[str]
    patterns: tuple[Test, ...]
    negated: bool = False

    def match(self, action: str) -> bool:
        """Whether the statement speaks of the action, which is in lower case."""
        return (action in self.names or any(test(action) for test in self.patterns)) is not self.negated


@dataclass(frozen=True, slots=True)
class Resources:
    """Patterns of ARNs; `negated` for NotResource."""

    patterns: tuple[Pattern, ...]
    negated: bool = False

    def match(self, arn: str, context: Context) -> bool:
        """Whether the statement speaks of the resource."""
        return any(pattern.matches(arn, context) for pattern in self.patterns) is not self.negated


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement; `resources` is None in policies that belong to one resource, `principals` in those of identities."""

    label: str
    allows: bool
    actions: Actions
    resources: Resources | None
    principals: Principals | None
    conditions: tuple[Condition, ...]

    def applies(self, request: Request, action: str, arn: str) -> Naming:
        """How closely the statement names the subject of a request that it is about; NO if it is about another.

        An identity's own policies name it by belonging to it.
        """
        if not self.actions.match(action):
            return Naming.NO
        naming = Naming.PRINCIPAL if self.principals is None else self.principals.naming(request.subject)
        if not naming or (self.resources is not None and not self.resources.match(arn, request.context)):
            return Naming.NO
        if all(condition.holds(request.context) for condition in self.conditions):
            return naming
        return Naming.NO

    def why_not(self, request: Request, action: str, arn: str) -> tuple[str, str]:
        """Which element does not fit a request, and what it was compared with; empty if all of them do."""
        if not self.actions.match(action):
            return ("NotAction" if self.actions.negated else "Action"), request.action
        if self.principals is not None and not self.principals.naming(request.subject):
            return ("NotPrincipal" if self.principals.negated else "Principal"), request.subject.arn or "anonymous"
        if self.resources is not None and not self.resources.match(arn, request.context):
            return ("NotResource" if self.resources.negated else "Resource"), arn
        for condition in self.conditions:
            if not condition.holds(request.context):
                have = request.context.get(condition.key)
                return f"Condition {condition.operator} {condition.key}", ", ".join(have) if have else "absent"
        return "", ""
