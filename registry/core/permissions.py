"""Whether a caller may act on a repository: the gate, with the policies of the repository and of its registry."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from time import monotonic
from typing import Final

import structlog
from django.conf import settings

from accounts import gate
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.gate import Values
from accounts.iam import document
from accounts.iam.document import Kind, Policy, PolicyInvalid
from accounts.iam.request import Decision
from accounts.recent import Recent
from registry.core import addresses, scan_conditions
from registry.core.scan_conditions import Asked
from registry.models import RegistrySettings
from registry.values import Address, RegistryId

log = structlog.get_logger(__name__)

IMAGE_TAG: Final = "ecr:ImageTag"
"""Kho's own condition key: the tag that a request names, or those of the image that it names by digest."""

PUBLIC_PULL: Final = document.parse(
    json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Sid": "PublicPull",
                "Effect": "Allow",
                "Principal": "*",
                "Action": [
                    "ecr-public:BatchCheckLayerAvailability",
                    "ecr-public:BatchGetImage",
                    "ecr-public:DescribeImages",
                    "ecr-public:DescribeImageTags",
                    "ecr-public:DescribeRepositories",
                    "ecr-public:GetDownloadUrlForLayer",
                    "ecr-public:GetRepositoryCatalogData",
                    "ecr-public:ListImages",
                ],
            },
        }
    ),
    Kind.REPOSITORY,
)
"""What anyone may do with a public repository."""

NOBODY: Final = document.parse(
    '{"Version": "2012-10-17", "Statement": {"Sid": "Unreadable", "Effect": "Deny", "Principal": "*", "Action": "*"}}',
    Kind.REPOSITORY,
)
"""Stands for a stored text that can't be read: nothing is allowed rather than too much."""

V1_ACTIONS: Final = frozenset({"ecr:replicateimage", "ecr:batchimportupstreamimage", "ecr:createrepository"})
"""All that a registry policy of scope V1 decides about."""

_registry_policies: Final[Recent[RegistryId, tuple[str, str]]] = Recent()
"""Registry -> text and scope of its policy."""

Tags = Callable[[], Iterable[str]] | Iterable[str]


class Conditions:
    """What a request says about itself beside its action: the condition keys that only the registry knows.

    `image_tags` may be a function, called only if a policy asks; `scans` tells of the scans of the image that is meant.
    """

    __slots__ = ("_image_tags", "_more", "_resource_tags", "scans")

    def __init__(
        self,
        resource_tags: Mapping[str, str] | str | None = None,
        image_tags: Tags = (),
        more: Mapping[str, Values] | None = None,
        scans: Asked | None = None,
    ) -> None:
        self._resource_tags = resource_tags
        self._image_tags = image_tags
        self._more = more
        self.scans = scans

    def keys(self) -> dict[str, Values]:
        """The condition keys with their values."""
        known: dict[str, Values] = dict(self._more or {})
        tags = self._resource_tags
        if tags and tags != "{}":
            for key, value in (json.loads(tags) if isinstance(tags, str) else tags).items():
                known[f"aws:ResourceTag/{key}"] = known[f"ecr:ResourceTag/{key}"] = value
        if self._image_tags:
            known[IMAGE_TAG] = self._image_tags
        if self.scans:
            known.update(self.scans.keys())
        return known


NO_CONDITIONS: Final = Conditions()


def require(
    caller: Caller,
    address: Address,
    *actions: Action,
    policy_text: str = "",
    conditions: Conditions = NO_CONDITIONS,
) -> None:
    """Ask the gate whether the caller may do one of the actions on the address; the first one names the refusal.

    `policy_text` is the repository's policy. Raises CredentialsMissing, AccessDenied.
    """
    first = None
    for action in actions:
        if conditions.scans:
            conditions.scans.rewind()
        decision = decide(caller, address, action, policy_text=policy_text, conditions=conditions)
        while not decision.allowed and conditions.scans and conditions.scans.advance():
            decision = decide(caller, address, action, policy_text=policy_text, conditions=conditions)
        if decision.allowed:
            return
        first = first or decision
    if first is not None:
        name = f"{'ecr-public' if address.is_public else 'ecr'}:{actions[0]}"
        because = _because(caller, address, name, policy_text, conditions)
        gate.refuse(caller, name, addresses.arn(address), first, because=because)


def _because(caller: Caller, address: Address, action: str, policy_text: str, conditions: Conditions) -> str:
    """What a scan found that stands in the way, for somebody who would be let through otherwise; else nothing."""
    if conditions.scans is None or not conditions.scans.was_asked:
        return ""
    policies = in_force(address.registry, action, policy_text)
    keys, public, arn = conditions.keys(), public_of(address), addresses.arn(address)
    other, plain = scan_conditions.without_in(caller), scan_conditions.without(policies)
    if not gate.decide(other, action, arn, policies=plain, public=public, context=keys).allowed:
        return ""
    asking = (*policies, *caller.rights.identity, *(caller.rights.session or ()))
    return scan_conditions.words(asking, action, gate.Context(caller, keys))


def decide(
    caller: Caller,
    address: Address,
    action: Action | str,
    *,
    policy_text: str = "",
    conditions: Conditions = NO_CONDITIONS,
) -> Decision:
    """Ask the gate without raising."""
    name = f"{'ecr-public' if address.is_public else 'ecr'}:{action}"
    policies = in_force(address.registry, name, policy_text)
    public = public_of(address)
    return gate.decide(
        caller, name, addresses.arn(address), policies=policies, public=public, context=conditions.keys()
    )


def require_in_registry(
    caller: Caller, registry: RegistryId, action: Action, conditions: Conditions = NO_CONDITIONS
) -> None:
    """Ask the gate about all repositories of a registry."""
    service = "ecr-public" if registry.is_public else "ecr"
    name = f"{service}:{action}"
    policies = in_force(registry, name)
    gate.require(caller, name, addresses.registry_arn(registry), policies=policies, context=conditions.keys())


def require_somewhere(caller: Caller, registry: RegistryId, action: Action) -> None:
    """Refuse at once whom nothing lets do an action on any repository; for others each name is a question of its own.

    Raises CredentialsMissing, AccessDenied.
    """
    if may(caller, registry, action) or caller.rights.everything:
        return
    name = f"{'ecr-public' if registry.is_public else 'ecr'}:{action}"
    policies = (*caller.rights.identity, *in_force(registry, name))
    statements = (statement for policy in policies for statement in policy.statements)
    if not any(statement.allows and statement.actions.match(name.lower()) for statement in statements):
        require_in_registry(caller, registry, action)


def may(caller: Caller, registry: RegistryId, action: Action) -> bool:
    """Whether the gate would let the caller act on all repositories of a registry."""
    service = "ecr-public" if registry.is_public else "ecr"
    name = f"{service}:{action}"
    policies = in_force(registry, name)
    return gate.decide(caller, name, addresses.registry_arn(registry), policies=policies).allowed


def public_of(address: Address) -> tuple[Policy, ...]:
    """What anybody may do there."""
    return (PUBLIC_PULL,) if address.is_public else ()


def in_force(registry: RegistryId, action: str, policy_text: str = "") -> tuple[Policy, ...]:
    """The policies that decide, besides the caller's own, about an action in a registry."""
    policies = () if not policy_text else (read(policy_text, Kind.REPOSITORY, "repository policy"),)
    if registry.is_public:
        return policies
    text, scope = _registry_policy(registry)
    if not text or (scope == RegistrySettings.PolicyScope.V1 and action.lower() not in V1_ACTIONS):
        return policies
    return (*policies, read(text, Kind.REGISTRY, "registry policy"))


def forget(registry: RegistryId) -> None:
    """Read the registry's policy again at its next use in this process; others do after RIGHTS_SECONDS."""
    _registry_policies.forget(registry)


@lru_cache(maxsize=512)
def read(text: str, kind: Kind, label: str) -> Policy:
    """A stored policy; one that can't be read denies everything."""
    try:
        return document.parse(text, kind).named(label)
    except PolicyInvalid as error:
        log.error("a stored policy can't be read and denies everything", kind=kind.value, error=str(error))
        return NOBODY


def _registry_policy(registry: RegistryId) -> tuple[str, str]:
    """Text and scope of the registry policy, read again after RIGHTS_SECONDS."""
    known = _registry_policies.get(registry, settings.RIGHTS_SECONDS)
    if known is None:
        read_at = monotonic()
        rows = RegistrySettings.objects.filter(account_id=registry.account_id, region=registry.region)
        known = rows.values_list("policy_text", "policy_scope").first() or ("", RegistrySettings.PolicyScope.V2.value)
        _registry_policies.keep(registry, known, read_at)
    return known
