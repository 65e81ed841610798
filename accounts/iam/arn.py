"""Amazon Resource Names as values. See the AWS General Reference, "Amazon Resource Names"."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Arn:
    """`arn:partition:service:region:account:resource`; region and account may be empty."""

    service: str
    region: str
    account_id: str
    resource: str
    partition: str = "aws"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an ARN; ValueError if it has not six parts, or lacks `arn`, partition, service or resource."""
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn" or not (parts[1] and parts[2] and parts[5]):
            raise ValueError(f"not an ARN: {text!r}")
        return cls(service=parts[2], region=parts[3], account_id=parts[4], resource=parts[5], partition=parts[1])

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account_id}:{self.resource}"


def root(account_id: str) -> Arn:
    """The account's root principal."""
    return Arn("iam", "", account_id, "root")


def user(account_id: str, name: str) -> Arn:
    """An IAM user of the account."""
    return Arn("iam", "", account_id, f"user/{name}")


def role(account_id: str, name: str) -> Arn:
    """A role of the account."""
    return Arn("iam", "", account_id, f"role/{name}")


def assumed_role(account_id: str, role_name: str, session_name: str) -> Arn:
    """A session of a role; for a person in the console the session name is the mail address."""
    return Arn("sts", "", account_id, f"assumed-role/{role_name}/{session_name}")
