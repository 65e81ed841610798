"""The caller of one request: made once at the edge, handed down unchanged to the gate and the trail."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal in one request, or nobody.

    `principal_arn` is what policies and the trail see: for a person in the console the ARN of an assumed role
    with the mail address as session name. `region` is the region the request came to.
    """

    account_id: str = ""
    principal_arn: str = ""
    region: str = ""
    source_ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    access_key_id: str = ""

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody has signed in."""
        return not self.principal_arn

    def as_dict(self) -> dict[str, str]:
        """The fields by name, as spool lines hold them."""
        return {name: getattr(self, name) for name in self.__slots__}

    def in_region(self, region: str) -> Self:
        """Return the same caller at another region."""
        return replace(self, region=region)


def service(account_id: str, name: str, *, region: str = "") -> Caller:
    """Return the caller that a task worker acts as, for example `service("111122223333", "lifecycle")`."""
    return Caller(
        account_id=account_id,
        principal_arn=f"arn:aws:iam::{account_id}:role/aws-service-role/kho/{name}",
        region=region,
        user_agent=f"kho/{name}",
    )
