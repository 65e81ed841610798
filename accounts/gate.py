"""The only place that says no. Core calls it at every verb, before it tells whether the thing exists."""

from collections.abc import Iterable, Mapping

import structlog

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from accounts.iam.arn import Arn
from accounts.iam.evaluate import Decision, Statement, evaluate

log = structlog.get_logger(__name__)


def decide(
    caller: Caller,
    action: str,
    resource: Arn,
    *,
    policies: Iterable[Statement] = (),
    context: Mapping[str, str] | None = None,
) -> Decision:
    """Answer without raising, for pages that show or hide a button. `context` holds condition keys of the request."""
    return evaluate(caller.account_id, caller.principal_arn, action, resource, policies)


def require(
    caller: Caller,
    action: str,
    resource: Arn,
    *,
    policies: Iterable[Statement] = (),
    context: Mapping[str, str] | None = None,
) -> None:
    """Return if the caller may do `action` (such as `ecr:PutImage`) on `resource`.

    Raises CredentialsMissing if nobody has signed in, AccessDenied if a known caller may not.
    """
    decision = decide(caller, action, resource, policies=policies, context=context)
    if decision.allowed:
        return
    log.info("access denied", action=action, resource=str(resource), reason=decision.reason)
    if caller.is_anonymous:
        raise CredentialsMissing
    raise AccessDenied(caller.principal_arn, action, str(resource), decision.reason)
