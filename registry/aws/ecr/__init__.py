"""The operations of ecr and ecr-public. Amazon ECR API Reference; Amazon ECR Public API Reference."""

from registry.aws.ecr import (
    catalog,
    images,
    layers,
    lifecycle,
    listing,
    policies,
    registries,
    replication,
    repositories,
    scanning,
    tags,
    templates,
    tokens,
)

__all__ = [
    "catalog",
    "images",
    "layers",
    "lifecycle",
    "listing",
    "policies",
    "registries",
    "replication",
    "repositories",
    "scanning",
    "tags",
    "templates",
    "tokens",
]
