"""The only place that says no. Core calls it at every verb, before it tells whether the thing exists."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

import structlog
from django.conf import settings

from accounts.audit import spool
from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from accounts.iam.arn import Arn
from accounts.iam.document import Policy
from accounts.iam.evaluation import Explanation, evaluate
from accounts.iam.evaluation import explain as explain_request
from accounts.iam.request import Decision, Request, SubjectKind

log = structlog.get_logger(__name__)

Values = str | Iterable[str] | Callable[[], Iterable[str]]
"""What a condition key has: one value, several, or a function that is called only if a condition asks."""


def decide(
    caller: Caller,
    action: str,
    resource: Arn,
    *,
    policies: Iterable[Policy] = (),
    public: Iterable[Policy] = (),
    context: Mapping[str, Values] | None = None,
    is_trust: bool = False,
) -> Decision:
    """Answer without raising, for pages that show or hide a button.

    `policies` are those of the resource, `public` says what anybody may do with it. `context` holds condition keys of
    the request beside those that the caller brings; `is_trust` says that the policies are a role's trust policy.
    """
    request = Request(caller.subject, action, resource, Context(caller, context or {}))
    return evaluate(request, caller.rights, tuple(policies), public=tuple(public), is_trust=is_trust)


def explain(
    caller: Caller,
    action: str,
    resource: Arn,
    *,
    policies: Iterable[Policy] = (),
    public: Iterable[Policy] = (),
    context: Mapping[str, Values] | None = None,
    at: datetime | None = None,
) -> Explanation:
    """Answer as `decide` does, statement by statement, for the simulator; `at` stands for the time of the request."""
    request = Request(caller.subject, action, resource, Context(caller, context or {}, at))
    return explain_request(request, caller.rights, tuple(policies), public=tuple(public))


def require(
    caller: Caller,
    action: str,
    resource: Arn,
    *,
    policies: Iterable[Policy] = (),
    public: Iterable[Policy] = (),
    context: Mapping[str, Values] | None = None,
    is_trust: bool = False,
) -> None:
    """Return if the caller may do `action` (such as `ecr:PutImage`) on `resource`.

    Raises CredentialsMissing if nobody has signed in, AccessDenied if a known caller may not.
    """
    decision = decide(caller, action, resource, policies=policies, public=public, context=context, is_trust=is_trust)
    if not decision.allowed:
        refuse(caller, action, resource, decision)


def refuse(caller: Caller, action: str, resource: Arn, decision: Decision, *, because: str = "") -> None:
    """Raise what a denied request is answered; what somebody known was denied goes into the trail, by the spool.

    `because` is what the caller may be told of the reason.
    """
    log.info("access denied", action=action, resource=str(resource), reason=decision.reason)
    if caller.is_anonymous:
        raise CredentialsMissing
    spool.write(
        {
            "v": 1,
            "kind": "denied",
            "at": datetime.now(UTC).isoformat(),
            "action": action.partition(":")[2],
            "resource": str(resource),
            "caller": caller.as_dict(),
        }
    )
    raise AccessDenied(caller.principal_arn, action, str(resource), decision.reason, decision, because=because)


class Context(Mapping[str, tuple[str, ...]]):
    """Condition keys of one request, in lower case; what the caller brings is worked out when a condition asks."""

    def __init__(self, caller: Caller, given: Mapping[str, Values], at: datetime | None = None) -> None:
        self._caller = caller
        self._at = at
        self._given = {key.lower(): values for key, values in given.items()}
        self._known: dict[str, tuple[str, ...]] = {}

    def __getitem__(self, key: str) -> tuple[str, ...]:
        values = self._known.get(key)
        if values is None:
            values = self._known[key] = self._work_out(key)
        if not values:
            raise KeyError(key)
        return values

    def __iter__(self) -> Iterator[str]:
        own = [f"aws:principaltag/{name.lower()}" for name, _ in self._caller.tags]
        names = dict.fromkeys((*self._given, *(name for name, _ in self._caller.keys), *own, *KEYS))
        return (name for name in names if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def _work_out(self, key: str) -> tuple[str, ...]:
        """The values of a key; none if the request has no such key."""
        given = self._given.get(key)
        if given is not None:
            return (given,) if isinstance(given, str) else tuple(given() if callable(given) else given)
        for name, values in self._caller.keys:
            if name == key:
                return values
        if key.startswith("aws:principaltag/"):
            wanted = key.partition("/")[2]
            return tuple(value for name, value in self._caller.tags if name.lower() == wanted)
        work_out = KEYS.get(key)
        value = work_out(self._caller, self._at or datetime.now(UTC)) if work_out else ""
        return (value,) if value else ()


@lru_cache(maxsize=4096)
def endpoint_of(source_ip: str) -> str:
    """The VPC endpoint that the operator has named for the network of an address; empty if none."""
    if not source_ip:
        return ""
    address = ip_address(source_ip)
    return next((name for name, network in settings.VPC_ENDPOINTS if address in network), "")


KEYS: Final[dict[str, Callable[[Caller, datetime], str]]] = {
    "aws:currenttime": lambda caller, now: now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "aws:epochtime": lambda caller, now: str(int(now.timestamp())),
    "aws:principalaccount": lambda caller, now: caller.account_id,
    "aws:principalarn": lambda caller, now: caller.role_arn or caller.principal_arn,
    "aws:principalisawsservice": lambda caller, now: str(caller.kind is SubjectKind.SERVICE).lower(),
    "aws:principalorgid": lambda caller, now: settings.ORGANIZATION_ID if caller.account_id else "",
    "aws:principaltype": lambda caller, now: caller.kind.value,
    "aws:requestedregion": lambda caller, now: caller.region,
    "aws:securetransport": lambda caller, now: str(caller.is_secure).lower(),
    "aws:sourceip": lambda caller, now: caller.source_ip,
    "aws:sourcevpce": lambda caller, now: endpoint_of(caller.source_ip),
    "aws:useragent": lambda caller, now: caller.user_agent,
    "aws:userid": lambda caller, now: caller.unique_id,
    "aws:username": lambda caller, now: caller.name if caller.kind is SubjectKind.USER else "",
    "aws:viaawsservice": lambda caller, now: "false",
}
"""Global condition keys, as the IAM User Guide names them, and where their values come from."""
