"""PutLifecyclePolicy, GetLifecyclePolicy, DeleteLifecyclePolicy."""

from typing import Any

from registry.aws.dispatch import Call, operation
from registry.aws.ecr.places import address_of
from registry.lifecycle import policies


@operation("ecr", "PutLifecyclePolicy")
def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Set the policy."""
    text = policies.put(call.caller, address_of(call, request), request["lifecyclePolicyText"])
    return _about(call, request) | {"lifecyclePolicyText": text}


@operation("ecr", "GetLifecyclePolicy")
def get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Return the policy as it was put."""
    found = policies.get(call.caller, address_of(call, request))
    return _about(call, request) | {"lifecyclePolicyText": found.text, "lastEvaluatedAt": found.evaluated_at}


@operation("ecr", "DeleteLifecyclePolicy")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove the policy and return it."""
    found = policies.delete(call.caller, address_of(call, request))
    return _about(call, request) | {"lifecyclePolicyText": found.text, "lastEvaluatedAt": found.evaluated_at}


def _about(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    address = address_of(call, request)
    return {"registryId": address.registry.account_id, "repositoryName": str(address.name)}
