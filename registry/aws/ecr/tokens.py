"""GetAuthorizationToken: the 12-hour password for `docker login`."""

import base64
from typing import Any

from django.conf import settings

from accounts import gate
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.errors import CredentialsMissing
from accounts.iam.arn import Arn
from accounts.sessions import passwords
from registry.aws.dispatch import Call, operation
from registry.core import addresses
from registry.values import RegistryId


@operation("ecr", "GetAuthorizationToken")
def private(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A list with one token for each registry that is named; each is good for all that the caller may reach."""
    token = _issue(call)
    wanted = request.get("registryIds") or [call.caller.account_id]
    return {"authorizationData": [token | {"proxyEndpoint": _endpoint(call, each)} for each in wanted]}


def _endpoint(call: Call, account_id: str) -> str:
    """The origin that docker logs in to for a registry."""
    if not settings.AWS_HOST_NAMES:
        return call.origin
    return f"https://{addresses.registry_host(RegistryId(account_id, call.region), call.host)}"


@operation("ecr-public", "GetAuthorizationToken")
def public(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """One token; it takes sts:GetServiceBearerToken as well."""
    everything = Arn("sts", "", call.caller.account_id, "*")
    gate.require(call.caller, f"sts:{Action.GET_SERVICE_BEARER_TOKEN}", everything)
    return {"authorizationData": _issue(call)}


def _issue(call: Call) -> dict[str, Any]:
    if call.identified is None:
        raise CredentialsMissing
    everything = Arn(call.service, call.region, call.caller.account_id, "*")
    gate.require(call.caller, f"{call.service}:{Action.GET_AUTHORIZATION_TOKEN}", everything)
    made = passwords.issue(call.identified.principal, call.identified.session)
    trail.record(call.caller, Action.GET_AUTHORIZATION_TOKEN, everything, read_only=True)
    encoded = base64.b64encode(f"{passwords.USER_NAME}:{made.value}".encode()).decode()
    return {"authorizationToken": encoded, "expiresAt": made.expires_at}
