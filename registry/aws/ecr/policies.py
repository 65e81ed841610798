"""SetRepositoryPolicy, GetRepositoryPolicy, DeleteRepositoryPolicy."""

from typing import Any

from registry.aws.dispatch import Call, operation
from registry.aws.ecr.places import address_of
from registry.core import policies


@operation("ecr", "SetRepositoryPolicy")
@operation("ecr-public", "SetRepositoryPolicy")
def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Set the policy."""
    text = request["policyText"]
    policies.put(call.caller, address_of(call, request), text, force=request.get("force", False))
    return _answer(call, request, text)


@operation("ecr", "GetRepositoryPolicy")
@operation("ecr-public", "GetRepositoryPolicy")
def get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Return the policy as it was put."""
    return _answer(call, request, policies.get(call.caller, address_of(call, request)))


@operation("ecr", "DeleteRepositoryPolicy")
@operation("ecr-public", "DeleteRepositoryPolicy")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove the policy and return it."""
    return _answer(call, request, policies.delete(call.caller, address_of(call, request)))


def _answer(call: Call, request: dict[str, Any], text: str) -> dict[str, Any]:
    address = address_of(call, request)
    return {"registryId": address.registry.account_id, "repositoryName": str(address.name), "policyText": text}
