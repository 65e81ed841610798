"""The caller of one request: made once at the edge, handed down unchanged to the gate and the trail."""

from dataclasses import dataclass, field, replace
from typing import Final, Self

from accounts.iam import arn
from accounts.iam.request import EVERYTHING, NO_RIGHTS, Rights, Subject, SubjectKind

WRITTEN: Final = (*("account_id", "principal_arn", "region", "source_ip", "user_agent", "request_id", "access_key_id"),)
"""The fields that spool lines hold."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal in one request, or nobody.

    `principal_arn` is what policies and the trail see: for a session of a role (a person in the console, too) the ARN
    of the session, and `role_arn` names the role. `region` is the region the request came to. `tags` are the
    principal's and the session's; `keys` are further condition keys, in lower case, that its credentials bring.
    """

    account_id: str = ""
    principal_arn: str = ""
    region: str = ""
    source_ip: str = ""
    user_agent: str = ""
    request_id: str = ""
    access_key_id: str = ""
    kind: SubjectKind = SubjectKind.ANONYMOUS
    role_arn: str = ""
    unique_id: str = ""
    name: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    is_secure: bool = False
    session_id: str = ""
    rights: Rights = field(default=NO_RIGHTS, compare=False, repr=False)

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody has signed in."""
        return not self.principal_arn

    @property
    def subject(self) -> Subject:
        """The caller as the policy engine sees it."""
        return Subject(self.kind, self.account_id, self.principal_arn, self.role_arn)

    def as_dict(self) -> dict[str, str]:
        """The fields that the trail needs, by name, as spool lines hold them."""
        return {name: getattr(self, name) for name in WRITTEN}

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
        kind=SubjectKind.ROLE,
        name=name,
        is_secure=True,
        rights=EVERYTHING,
    )


STAFF: Final = "staff"
"""The service that staff act as on an account."""
STAFF_AGENT: Final = "staff: "
"""How the client of a member of staff begins in the trail; their mail address follows."""


def operator(account_id: str, *, user_agent: str = "manage.py") -> Caller:
    """Return the caller of somebody at the machine itself, who may do everything as the account's root."""
    return Caller(
        account_id=account_id,
        principal_arn=str(arn.root(account_id)),
        user_agent=user_agent,
        kind=SubjectKind.ROOT,
        unique_id=account_id,
        is_secure=True,
        rights=EVERYTHING,
    )


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of the deployment's staff at work: their mail address, and where the request came from."""

    email: str
    source_ip: str = ""
    request_id: str = ""

    def on(self, account_id: str) -> Caller:
        """Return the caller that they act as on an account (empty: on the deployment).

        The account's own people see that staff acted; only staff see who.
        """
        return replace(
            service(account_id, STAFF),
            user_agent=f"{STAFF_AGENT}{self.email}",
            source_ip=self.source_ip,
            request_id=self.request_id,
        )
