"""TagResource, UntagResource, ListTagsForResource."""

from typing import Any

from registry.aws.dispatch import Call, operation
from registry.aws.errors import AwsError
from registry.core import resource_tags
from registry.errors import InvalidResourceTag
from registry.values import PUBLIC, Address


def parsed(given: list[dict[str, str]]) -> dict[str, str]:
    """Resource tags of a request; a key stands there once. InvalidResourceTag."""
    tags = {each["Key"]: each.get("Value", "") for each in given if each.get("Key")}
    if len(tags) != len(given):
        raise InvalidResourceTag("Each tag needs a key of its own")
    return tags


def _address(call: Call, request: dict[str, Any]) -> Address:
    """The repository of the ARN, which belongs to the service and the region that are asked."""
    address = resource_tags.address_of(request["resourceArn"])
    if address.registry.region != (PUBLIC if call.service == "ecr-public" else call.region):
        said = "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'must be of this service and region'"
        raise AwsError("InvalidParameterException", said)
    return address


@operation("ecr", "TagResource")
@operation("ecr-public", "TagResource")
def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Set tags."""
    resource_tags.put(call.caller, _address(call, request), parsed(request["tags"]))
    return {}


@operation("ecr", "UntagResource")
@operation("ecr-public", "UntagResource")
def remove(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Take tags away."""
    resource_tags.remove(call.caller, _address(call, request), request["tagKeys"])
    return {}


@operation("ecr", "ListTagsForResource")
@operation("ecr-public", "ListTagsForResource")
def list_tags(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A repository's tags."""
    found = resource_tags.of(call.caller, _address(call, request))
    return {"tags": [{"Key": key, "Value": value} for key, value in sorted(found.items())]}
