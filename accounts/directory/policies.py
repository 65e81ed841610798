"""Policies of principals and groups: managed ones with versions, attachments, inline ones."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import asking, principals
from accounts.errors import AlreadyExists, DeleteConflict, InvalidInput, LimitReached, MalformedPolicy, NotFound
from accounts.iam import document, managed
from accounts.iam.arn import Arn
from accounts.iam.document import Kind, PolicyInvalid
from accounts.models import Group, InlinePolicy, ManagedPolicy, PolicyAttachment, PolicyVersion, Principal

ADMINISTRATOR_ACCESS: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
MOST_ATTACHED: Final = 10
MOST_VERSIONS: Final = 5
LONGEST_NAME: Final = 128

Target = Principal | Group


def create(
    caller: Caller,
    account_id: str,
    name: str,
    text: str,
    *,
    path: str = "/",
    description: str = "",
    tags: Mapping[str, str] | None = None,
) -> ManagedPolicy:
    """Make a managed policy, version 1. AlreadyExists, MalformedPolicy."""
    resource = asking.arn_of(account_id, f"policy{path}{name}")
    asking.allow(caller, Action.CREATE_POLICY, resource, asking.requested(tags or {}))
    asking.check_name(name, LONGEST_NAME)
    asking.check_path(path)
    asking.check_tags(tags or {})
    check(text, Kind.IDENTITY, document.MANAGED_LIMIT)
    try:
        with transaction.atomic():
            policy = ManagedPolicy.objects.create(
                account_id=account_id,
                unique_id=principals.random_id("ANPA", 17),
                name=name,
                path=path,
                arn=str(resource),
                description=description,
                tags=dict(tags or {}),
            )
            PolicyVersion.objects.create(policy=policy, number=1, document=text, is_default=True)
            asking.record(caller, Action.CREATE_POLICY, resource)
    except IntegrityError as error:
        raise AlreadyExists(f"policy {name}") from error
    return policy


def get(caller: Caller, policy_arn: str) -> ManagedPolicy:
    """Return a policy of an account. NotFound."""
    asking.allow(caller, Action.GET_POLICY, _parsed(policy_arn))
    return _find(policy_arn)


def list_policies(caller: Caller, account_id: str) -> list[ManagedPolicy]:
    """Return the account's own policies by name."""
    asking.allow(caller, Action.LIST_POLICIES, asking.arn_of(account_id, "policy/*"))
    return list(ManagedPolicy.objects.filter(account_id=account_id).order_by("name"))


def uses(caller: Caller, account_id: str) -> dict[str, int]:
    """Return how often each managed policy is attached in the account, by ARN."""
    asking.allow(caller, Action.LIST_POLICIES, asking.arn_of(account_id, "policy/*"))
    rows = PolicyAttachment.objects.filter(_in_account(account_id))
    return dict(Counter(rows.values_list("policy_arn", flat=True)))


def attached_principals(caller: Caller, policy_arn: str) -> list[Target]:
    """Return the users, groups and roles that one of the account's own policies is attached to."""
    asking.allow(caller, Action.GET_POLICY, _parsed(policy_arn))
    return _targets(PolicyAttachment.objects.filter(policy_arn=policy_arn))


def entities(caller: Caller, account_id: str, policy_arn: str) -> list[Target]:
    """Return the account's users, groups and roles that a policy, AWS's own included, is attached to. NotFound."""
    resource = _parsed(policy_arn)
    known = managed.get(policy_arn)
    # AWS's own belong to nobody here: what is told is of the account.
    own = asking.arn_of(account_id, resource.resource) if known else resource
    asking.allow(caller, Action.LIST_ENTITIES_FOR_POLICY, own)
    if known is None:
        _find(policy_arn)
    return _targets(PolicyAttachment.objects.filter(_in_account(account_id), policy_arn=policy_arn))


def attachments(policy: ManagedPolicy) -> int:
    """How often a policy, which the caller may see, is attached."""
    return PolicyAttachment.objects.filter(policy_arn=policy.arn).count()


def _in_account(account_id: str) -> Q:
    return Q(principal__account_id=account_id) | Q(group__account_id=account_id)


def _targets(rows: QuerySet[PolicyAttachment]) -> list[Target]:
    found = rows.select_related("principal", "group").order_by("id")
    return [target for row in found if (target := row.principal or row.group)]


def delete(caller: Caller, policy_arn: str) -> None:
    """Remove a policy. DeleteConflict while it is attached or has other versions than the one in force."""
    asking.allow(caller, Action.DELETE_POLICY, _parsed(policy_arn))
    policy = _find(policy_arn)
    with transaction.atomic():
        ManagedPolicy.objects.select_for_update(no_key=True).get(id=policy.id)
        if PolicyAttachment.objects.filter(policy_arn=policy_arn).exists():
            raise DeleteConflict("the policy is attached to a user, group or role")
        if PolicyVersion.objects.filter(policy=policy, is_default=False).exists():
            raise DeleteConflict("the policy has versions beside the one in force")
        policy.delete()
        asking.record(caller, Action.DELETE_POLICY, _parsed(policy_arn))


def versions(caller: Caller, policy_arn: str) -> list[PolicyVersion]:
    """Return a policy's versions, the oldest first."""
    asking.allow(caller, Action.LIST_POLICY_VERSIONS, _parsed(policy_arn))
    return list(PolicyVersion.objects.filter(policy=_find(policy_arn)))


def create_version(caller: Caller, policy_arn: str, text: str, *, set_default: bool = False) -> PolicyVersion:
    """Add a version. LimitReached, MalformedPolicy."""
    asking.allow(caller, Action.CREATE_POLICY_VERSION, _parsed(policy_arn))
    check(text, Kind.IDENTITY, document.MANAGED_LIMIT)
    policy = _find(policy_arn)
    with transaction.atomic():
        policy = ManagedPolicy.objects.select_for_update(no_key=True).get(id=policy.id)
        if PolicyVersion.objects.filter(policy=policy).count() >= MOST_VERSIONS:
            raise LimitReached(f"a policy may have {MOST_VERSIONS} versions")
        policy.last_version += 1
        policy.updated_at = timezone.now()
        policy.save(update_fields=["last_version", "updated_at"])
        made = PolicyVersion.objects.create(policy=policy, number=policy.last_version, document=text)
        if set_default:
            _put_in_force(made)
        asking.record(caller, Action.CREATE_POLICY_VERSION, _parsed(policy_arn), versionId=f"v{made.number}")
    return made


def set_default(caller: Caller, policy_arn: str, number: int) -> None:
    """Put another version in force. NotFound."""
    asking.allow(caller, Action.SET_DEFAULT_POLICY_VERSION, _parsed(policy_arn))
    version = _version(policy_arn, number)
    with transaction.atomic():
        _put_in_force(version)
        asking.record(caller, Action.SET_DEFAULT_POLICY_VERSION, _parsed(policy_arn), versionId=f"v{number}")


def delete_version(caller: Caller, policy_arn: str, number: int) -> None:
    """Remove a version. DeleteConflict for the one in force."""
    asking.allow(caller, Action.DELETE_POLICY_VERSION, _parsed(policy_arn))
    version = _version(policy_arn, number)
    if version.is_default:
        raise DeleteConflict("the version is in force")
    with transaction.atomic():
        version.delete()
        asking.record(caller, Action.DELETE_POLICY_VERSION, _parsed(policy_arn), versionId=f"v{number}")


def attach(caller: Caller, target: Target, policy_arn: str) -> None:
    """Put a managed policy in force for a user, role or group; twice is once. NotFound, LimitReached."""
    asking.allow(caller, _named(target, "Attach{}Policy"), _arn(target), {"iam:PolicyARN": policy_arn})
    if managed.get(policy_arn) is None and _find(policy_arn).account_id != target.account_id:
        raise NotFound(f"policy {policy_arn}")
    with transaction.atomic():
        _lock(target)
        rows = PolicyAttachment.objects.filter(**_of(target))
        if rows.filter(policy_arn=policy_arn).exists():
            return
        if rows.count() >= MOST_ATTACHED:
            raise LimitReached(f"{MOST_ATTACHED} policies may be attached")
        PolicyAttachment.objects.create(**_of(target), policy_arn=policy_arn)
        asking.record(caller, _named(target, "Attach{}Policy"), _arn(target), policyArn=policy_arn)


def detach(caller: Caller, target: Target, policy_arn: str) -> None:
    """Take a managed policy away. NotFound."""
    asking.allow(caller, _named(target, "Detach{}Policy"), _arn(target), {"iam:PolicyARN": policy_arn})
    with transaction.atomic():
        if not PolicyAttachment.objects.filter(**_of(target), policy_arn=policy_arn).delete()[0]:
            raise NotFound(f"attached policy {policy_arn}")
        asking.record(caller, _named(target, "Detach{}Policy"), _arn(target), policyArn=policy_arn)


def attached_to(caller: Caller, target: Target) -> list[str]:
    """Return the ARNs of the managed policies in force for it."""
    asking.allow(caller, _named(target, "ListAttached{}Policies"), _arn(target))
    return list(PolicyAttachment.objects.filter(**_of(target)).order_by("id").values_list("policy_arn", flat=True))


def put_inline(caller: Caller, target: Target, name: str, text: str) -> None:
    """Set a policy that belongs to the user, role or group alone. MalformedPolicy."""
    asking.allow(caller, _named(target, "Put{}Policy"), _arn(target))
    asking.check_name(name, LONGEST_NAME, "policy name")
    check(text, Kind.IDENTITY)
    with transaction.atomic():
        _lock(target)
        fields = {"document": text, "updated_at": timezone.now()}
        InlinePolicy.objects.update_or_create(defaults=fields, name=name, **_of(target))
        asking.record(caller, _named(target, "Put{}Policy"), _arn(target), policyName=name, policyDocument=text)


def get_inline(caller: Caller, target: Target, name: str) -> str:
    """Return an inline policy. NotFound."""
    asking.allow(caller, _named(target, "Get{}Policy"), _arn(target))
    found = InlinePolicy.objects.filter(**_of(target), name=name).first()
    if found is None:
        raise NotFound(f"policy {name}")
    return found.document


def list_inline(caller: Caller, target: Target) -> list[str]:
    """Return the names of its inline policies."""
    asking.allow(caller, _named(target, "List{}Policies"), _arn(target))
    return list(InlinePolicy.objects.filter(**_of(target)).order_by("name").values_list("name", flat=True))


def delete_inline(caller: Caller, target: Target, name: str) -> None:
    """Remove an inline policy. NotFound."""
    asking.allow(caller, _named(target, "Delete{}Policy"), _arn(target))
    with transaction.atomic():
        if not InlinePolicy.objects.filter(**_of(target), name=name).delete()[0]:
            raise NotFound(f"policy {name}")
        asking.record(caller, _named(target, "Delete{}Policy"), _arn(target), policyName=name)


def documents(arns: Iterable[str]) -> dict[str, str]:
    """Return the texts in force of managed policies, by ARN; one query if any of them is an account's own."""
    texts: dict[str, str] = {}
    own = []
    for policy_arn in arns:
        known = managed.get(policy_arn)
        if known is not None:
            texts[policy_arn] = known.document
        else:
            own.append(policy_arn)
    if own:
        rows = PolicyVersion.objects.filter(policy__arn__in=own, is_default=True)
        texts |= dict(rows.values_list("policy__arn", "document"))
    return texts


def managed_arn(account_id: str, name: str) -> str:
    """Return the ARN of AWS's managed policy of this name, else that of the account's own."""
    return managed.PREFIX + name if name in managed.DOCUMENTS else ManagedPolicy.arn_of(account_id, "/", name)


def check(text: str, kind: Kind, limit: int = 0) -> None:
    """Return if the text is a policy of the kind; MalformedPolicy with the places of its errors."""
    if limit and len(text) > limit:
        raise LimitReached(f"a policy of this kind may have {limit} characters")
    try:
        document.parse(text, kind)
    except PolicyInvalid as error:
        raise MalformedPolicy(error.problems) from error


def is_in_use(target: Target) -> bool:
    """Whether policies hang on it, which have to go before it."""
    rows = _of(target)
    return PolicyAttachment.objects.filter(**rows).exists() or InlinePolicy.objects.filter(**rows).exists()


def _parsed(policy_arn: str) -> Arn:
    try:
        return Arn.parse(policy_arn)
    except ValueError as error:
        raise InvalidInput("policyArn", "is not an ARN") from error


def _find(policy_arn: str) -> ManagedPolicy:
    policy = ManagedPolicy.objects.filter(arn=policy_arn).first()
    if policy is None:
        raise NotFound(f"policy {policy_arn}")
    return policy


def _version(policy_arn: str, number: int) -> PolicyVersion:
    version = PolicyVersion.objects.filter(policy=_find(policy_arn), number=number).first()
    if version is None:
        raise NotFound(f"version v{number} of policy {policy_arn}")
    return version


def _put_in_force(version: PolicyVersion) -> None:
    PolicyVersion.objects.filter(policy_id=version.policy_id).update(is_default=False)
    PolicyVersion.objects.filter(id=version.id).update(is_default=True)


def _of(target: Target) -> dict[str, Any]:
    return {"group": target} if isinstance(target, Group) else {"principal": target}


def _arn(target: Target) -> Arn:
    return Arn.parse(target.arn)


def _named(target: Target, form: str) -> Action:
    kind = "Group" if isinstance(target, Group) else target.kind.capitalize()
    if kind == "Root":
        raise InvalidInput("principal", "is the account's root, which has no policies")
    return Action(form.format(kind))


def _lock(target: Target) -> None:
    type(target)._default_manager.select_for_update(no_key=True).get(pk=target.pk)
