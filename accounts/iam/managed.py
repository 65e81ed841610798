"""AWS's managed policies that matter to a registry, under AWS's names and ARNs. AWS Managed Policy Reference Guide."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

PREFIX: Final = "arn:aws:iam::aws:policy/"

_READ: Final = (
    "BatchCheckLayerAvailability",
    "GetDownloadUrlForLayer",
    "GetRepositoryPolicy",
    "DescribeRepositories",
    "ListImages",
    "DescribeImages",
    "BatchGetImage",
    "GetLifecyclePolicy",
    "GetLifecyclePolicyPreview",
    "ListTagsForResource",
    "DescribeImageScanFindings",
)
_PUSH: Final = ("InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage")
_PUBLIC_READ: Final = (
    "BatchCheckLayerAvailability",
    "GetRepositoryPolicy",
    "DescribeRepositories",
    "DescribeRegistries",
    "DescribeImages",
    "DescribeImageTags",
    "GetRepositoryCatalogData",
    "GetRegistryCatalogData",
)
_TOKEN: Final = ("ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken")


def _allow(actions: "tuple[str, ...] | list[str]") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _ecr(*names: str) -> list[str]:
    return [f"ecr:{name}" for name in ("GetAuthorizationToken", *names)]


def _public(*names: str) -> list[str]:
    return [*_TOKEN, *(f"ecr-public:{name}" for name in names)]


DOCUMENTS: Final[dict[str, dict[str, Any]]] = {
    "AdministratorAccess": _allow(("*",)),
    "IAMFullAccess": _allow(("iam:*",)),
    "IAMUserChangePassword": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["iam:ChangePassword"], "Resource": ["arn:aws:iam::*:user/${aws:username}"]},
            {"Effect": "Allow", "Action": ["iam:GetAccountPasswordPolicy"], "Resource": "*"},
        ],
    },
    "IAMReadOnlyAccess": _allow(("iam:Get*", "iam:List*", "iam:GenerateServiceLastAccessedDetails", "iam:Simulate*")),
    "AmazonEC2ContainerRegistryPullOnly": _allow(
        _ecr("BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage", "BatchImportUpstreamImage")
    ),
    "AmazonEC2ContainerRegistryReadOnly": _allow(_ecr(*_READ)),
    "AmazonEC2ContainerRegistryPowerUser": _allow(_ecr(*_READ, *_PUSH)),
    "AmazonEC2ContainerRegistryFullAccess": _allow(("ecr:*", "cloudtrail:LookupEvents")),
    "AmazonElasticContainerRegistryPublicReadOnly": _allow(_public(*_PUBLIC_READ)),
    "AmazonElasticContainerRegistryPublicPowerUser": _allow(_public(*_PUBLIC_READ, *_PUSH)),
    "AmazonElasticContainerRegistryPublicFullAccess": _allow(("ecr-public:*", "sts:GetServiceBearerToken")),
}


@dataclass(frozen=True, slots=True)
class Managed:
    """A managed policy of AWS."""

    name: str
    arn: str
    document: str


@lru_cache(maxsize=64)
def get(arn: str) -> Managed | None:
    """Return the policy of this ARN; None if there is none."""
    name = arn.removeprefix(PREFIX)
    if name == arn or name not in DOCUMENTS:
        return None
    return Managed(name, arn, json.dumps(DOCUMENTS[name], indent=2))


def all_policies() -> list[Managed]:
    """Return all of them by name."""
    return [found for name in sorted(DOCUMENTS) if (found := get(PREFIX + name))]
