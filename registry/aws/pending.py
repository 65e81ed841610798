"""Operations of ecr and ecr-public that are not served yet, by what they belong to. A test keeps this list exact."""

from typing import Final

from registry.aws.errors import AwsError
from registry.aws.wire import models

PENDING: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "ecr": {
        "pull-through": (
            "CreatePullThroughCacheRule",
            "DeletePullThroughCacheRule",
            "DescribePullThroughCacheRules",
            "UpdatePullThroughCacheRule",
            "ValidatePullThroughCacheRule",
        ),
        "signing": (
            "DeleteSigningConfiguration",
            "DescribeImageSigningStatus",
            "GetSigningConfiguration",
            "PutSigningConfiguration",
        ),
    },
    "ecr-public": {},
}


def names(service: str) -> frozenset[str]:
    """All operations of a service that are not served yet."""
    return frozenset(name for group in PENDING.get(service, {}).values() for name in group)


def refusal(service: str, operation: str) -> AwsError:
    """What such an operation is answered."""
    topic = next((topic for topic, group in PENDING.get(service, {}).items() if operation in group), "")
    said = f"The operation {operation} is not served yet" + (f" ({topic})" if topic else "")
    match service:
        case "ecr":
            return AwsError("InvalidParameterException", said)
        case "ecr-public":
            return AwsError("UnsupportedCommandException", said)
        case _:
            # Query services tell an operation that they don't serve like one that there is none of.
            return AwsError("InvalidAction", f"{said}: {models.service(service).service_name} {operation}")
