"""The simulator: what the gate would answer somebody else, statement by statement."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from accounts import gate
from accounts.audit.actions import Action
from accounts.authn import callers
from accounts.authn.basic import Identified
from accounts.caller import Caller, operator
from accounts.directory import asking, rights
from accounts.errors import InvalidInput, NotFound
from accounts.iam import arn
from accounts.iam.arn import Arn
from accounts.iam.evaluation import Explanation
from accounts.iam.request import EVERYTHING, SubjectKind
from accounts.models import Principal
from registry.core import addresses, permissions, policies, repositories, scan_conditions
from registry.core.permissions import Conditions
from registry.core.scan_conditions import Asked, ScanState
from registry.models import ImageScan, Severity
from registry.values import Address, RegistryId

ANONYMOUS: Final = "*"
SESSION: Final = "simulator"
"""The session name that a role is asked about with."""
ACTION: Final = re.compile(r"[a-z-]{1,32}:[A-Za-z]{1,64}")
POWERS: Final = (
    Action.BATCH_GET_IMAGE,
    Action.PUT_IMAGE,
    Action.BATCH_DELETE_IMAGE,
    Action.SET_REPOSITORY_POLICY,
)
"""Pull, push, delete, manage."""
STATUSES: Final = (scan_conditions.NOT_SCANNED, scan_conditions.NOT_SCANNABLE, *ImageScan.Status.values)
SEVERITIES: Final = (scan_conditions.NONE, *Severity.values)
"""What the scan of an image may have come to, as policies see it."""
ACCOUNT: Final = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True)
class Question:
    """Who, what, where, and from where.

    `principal` is an ARN of a user or role, an account's number for its root, or `*` for somebody without an account.
    `address` is a repository; without one the question is about the registry. `text` stands for the repository's
    policy that is in force; None asks about that one. `scan_status` and `worst` stand for what the scan of an image has
    come to; without them that of the image counts which has the tag.
    """

    principal: str
    action: str
    registry: RegistryId
    address: Address | None = None
    image_tag: str = ""
    source_ip: str = ""
    at: datetime | None = None
    text: str | None = None
    scan_status: str = ""
    worst: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate says, and why. `is_foreign` tells that the principal's own policies are not known here."""

    explanation: Explanation
    subject: str
    resource: str
    is_foreign: bool


def ask(caller: Caller, question: Question) -> Answer:
    """Answer a question about a registry of the caller's account.

    The caller needs iam:SimulatePrincipalPolicy on a principal of its own account, and GetRepositoryPolicy on the
    repository. What a principal of another account may do by its own policies is that account's to know: it counts as
    allowed. Raises AccessDenied, InvalidInput, InvalidPolicy, NotFound, RepositoryNotFound.
    """
    if not ACTION.fullmatch(question.action):
        raise InvalidInput("action", "takes a service and a name, such as ecr:BatchGetImage")
    subject = _subject(caller, question)
    resource, text, tags = _resource(caller, question)
    in_force = permissions.in_force(question.registry, question.action, text)
    explanation = gate.explain(
        subject,
        question.action,
        resource,
        policies=in_force,
        public=permissions.public_of(question.address) if question.address else (),
        context=Conditions(
            tags, [question.image_tag] if question.image_tag else (), scans=Asked(lambda: _states(question))
        ).keys(),
        at=question.at,
    )
    is_foreign = bool(subject.account_id) and subject.account_id != caller.account_id
    return Answer(explanation, subject.principal_arn, str(resource), is_foreign)


@dataclass(frozen=True, slots=True)
class Powers:
    """What one principal may do with a repository; `why` names the policies that allow its pulls, or deny them."""

    arn: str
    name: str
    kind: str
    pull: bool
    push: bool
    delete: bool
    manage: bool
    why: str


def may_ask(caller: Caller) -> bool:
    """Whether the caller may ask about all principals of its account."""
    everyone = asking.arn_of(caller.account_id, "*")
    return gate.decide(caller, f"iam:{Action.SIMULATE_PRINCIPAL_POLICY}", everyone).allowed


def who_can(caller: Caller, address: Address, *, text: str | None = None, limit: int = 50) -> list[Powers]:
    """Tell what the account's own users and roles may do with a repository, the first ones by name. AccessDenied.

    `text` stands for the repository's policy; None asks about the one in force.
    """
    repository = repositories.authorized(caller, address, Action.GET_REPOSITORY_POLICY)
    own = Principal.objects.filter(account_id=caller.account_id, is_active=True).exclude(kind=Principal.Kind.ROOT)
    asking.allow(caller, Action.SIMULATE_PRINCIPAL_POLICY, asking.arn_of(caller.account_id, "*"))
    conditions = Conditions(repository.resource_tags)
    policy_text = repository.policy_text if text is None else text
    found = []
    principals = list(own.select_related("account").order_by("kind", "name")[:limit])
    its = rights.of_many(principals)
    for principal in principals:
        acting = _acting(Identified(principal, rights=its[principal.id]))
        subject = replace(acting, region=caller.region, is_secure=True)
        answers = {
            action: permissions.decide(subject, address, action, policy_text=policy_text, conditions=conditions)
            for action in POWERS
        }
        allowed = [answers[action].allowed for action in POWERS]
        first = next((each for each in answers.values() if each.allowed or each.explicit), None)
        why = (first.policy or str(first.source)) if first else ""
        pull, push, delete, manage = allowed
        found.append(Powers(principal.arn, principal.name, principal.kind, pull, push, delete, manage, why))
    return found


def _states(question: Question) -> list[ScanState]:
    """What the scan has come to that the question is about."""
    if question.scan_status or question.worst:
        number = {level: str(int(level == question.worst)) for level in ("CRITICAL", "HIGH")}
        known = (question.worst, number["CRITICAL"], number["HIGH"]) if question.worst else ()
        return [ScanState(question.scan_status or "COMPLETE", *known)]
    if question.address is None or not question.image_tag:
        return []
    return scan_conditions.of_tag(question.address, question.image_tag)


def _acting(identified: Identified) -> Caller:
    """A user as a caller, or a role through a session."""
    made, principal = callers.of(identified), identified.principal
    return _in_session(made, principal.name) if principal.kind == Principal.Kind.ROLE else made


def _resource(caller: Caller, question: Question) -> tuple[Arn, str, str | dict[str, str]]:
    """The resource, its policy and its tags."""
    if question.address is None:
        return addresses.registry_arn(question.registry), "", {}
    repository = repositories.authorized(caller, question.address, Action.GET_REPOSITORY_POLICY)
    text = repository.policy_text if question.text is None else question.text
    if question.text:
        policies.parse(question.text)
    return addresses.arn(question.address), text, repository.resource_tags


def _subject(caller: Caller, question: Question) -> Caller:
    """The one who is asked about, as a caller from the question's address."""
    found = _named(caller, question.principal)
    if question.source_ip:
        try:
            ip_address(question.source_ip)
        except ValueError as error:
            raise InvalidInput("address", "takes an IP address such as 192.0.2.7") from error
    return replace(found, source_ip=question.source_ip, region=caller.region, is_secure=True)


def _named(caller: Caller, name: str) -> Caller:
    if name == ANONYMOUS:
        return Caller()
    wanted = arn.root(name) if ACCOUNT.fullmatch(name) else _parsed(name)
    kind, _, rest = wanted.resource.partition("/")
    plain = rest.rpartition("/")[2]
    if wanted.account_id != caller.account_id:
        return _foreign(wanted, kind, plain)
    asking.allow(caller, Action.SIMULATE_PRINCIPAL_POLICY, wanted)
    if kind == "root":
        return operator(caller.account_id, user_agent="")
    rows = Principal.objects.filter(account_id=caller.account_id, kind=kind, name=plain)
    principal = rows.select_related("account").first()
    if principal is None or principal.arn != str(wanted):
        raise NotFound(str(wanted))
    return _acting(callers.with_rights(Identified(principal)))


def _parsed(name: str) -> Arn:
    try:
        found = Arn.parse(name)
    except ValueError as error:
        raise InvalidInput("principal", "takes an ARN of a user or role, an account's number, or *") from error
    is_known = found.resource == "root" or found.resource.partition("/")[0] in {"user", "role"}
    if found.service != "iam" or not ACCOUNT.fullmatch(found.account_id) or not is_known:
        raise InvalidInput("principal", "takes an ARN of a user or role, an account's number, or *")
    return found


def _foreign(wanted: Arn, kind: str, name: str) -> Caller:
    """Somebody of another account, whose own policies are taken to allow everything."""
    made = Caller(
        account_id=wanted.account_id,
        principal_arn=str(wanted),
        kind={"root": SubjectKind.ROOT, "user": SubjectKind.USER, "role": SubjectKind.ROLE}[kind],
        name=name,
        rights=EVERYTHING,
    )
    return _in_session(made, name) if kind == "role" else made


def _in_session(made: Caller, role_name: str) -> Caller:
    """A role acts through sessions."""
    session = str(arn.assumed_role(made.account_id, role_name, SESSION))
    return replace(made, kind=SubjectKind.SESSION, role_arn=made.principal_arn, principal_arn=session)
