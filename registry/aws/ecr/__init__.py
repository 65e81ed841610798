"""The operations of ecr and ecr-public. Amazon ECR API Reference; Amazon ECR Public API Reference."""

from registry.aws.ecr import images, policies, repositories, tokens

__all__ = ["images", "policies", "repositories", "tokens"]
