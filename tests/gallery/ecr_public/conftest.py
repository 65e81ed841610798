"""boto3 at the AWS view."""

from tests.registry.aws.conftest import account, aws, key, other, user

__all__ = ["account", "aws", "key", "other", "user"]
