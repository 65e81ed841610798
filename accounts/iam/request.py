"""What the policy engine is asked, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from accounts.iam.arn import Arn

if TYPE_CHECKING:
    from accounts.iam.policy import Policy


class SubjectKind(StrEnum):
    """What sort of principal asks."""

    ANONYMOUS = "Anonymous"
    ROOT = "Account"
    USER = "User"
    SESSION = "AssumedRole"
    FEDERATED = "FederatedUser"
    ROLE = "Role"
    SERVICE = "Service"


@dataclass(frozen=True, slots=True)
class Subject:
    """Who asks.

    `arn` is the principal's own ARN; for a session of a role that is `arn:aws:sts::...:assumed-role/role/session` and
    `role_arn` names the role. A FEDERATED subject is an OpenID Connect identity that is about to assume a role: `arn`
    is that of the provider. A SERVICE subject's `arn` is the service's name, such as `codebuild.amazonaws.com`.
    """

    kind: SubjectKind
    account_id: str = ""
    arn: str = ""
    role_arn: str = ""


@dataclass(frozen=True, slots=True)
class Rights:
    """What the subject's own account lets it do.

    `session` limits what `identity` allows; None where there are no session policies. `everything` is the account's
    root, and work of the deployment itself: it counts as an identity that allows all.
    """

    identity: "tuple[Policy, ...]" = ()
    session: "tuple[Policy, ...] | None" = None
    everything: bool = False


NO_RIGHTS = Rights()
EVERYTHING = Rights(everything=True)


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource. `context` has condition keys in lower case; a key without values is absent."""

    subject: Subject
    action: str
    resource: Arn
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Source(StrEnum):
    """Which kind of policy decided."""

    IDENTITY = "identity-based policy"
    SESSION = "session policy"
    RESOURCE = "resource-based policy"
    REGISTRY = "registry policy"
    TRUST = "role trust policy"
    PUBLIC = "public access"
    ROOT = "root of the account"
    NONE = "no policy"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with the policy and statement that gave it.

    `reason` is a sentence for people. `statement` is the Sid, or the place such as `Statement[2]`; `policy` the label
    of the policy; both are empty if nothing matched. `explicit` says whether a Deny statement matched.
    """

    allowed: bool
    reason: str
    source: Source = Source.NONE
    policy: str = ""
    statement: str = ""
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """How one statement answered the request: whether it matched, and if not, which element did not and why."""

    source: Source
    policy: str
    statement: str
    effect: str
    matched: bool
    failed_element: str = ""
    detail: str = ""
