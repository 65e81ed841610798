"""What an account sets for its private registry in one region: policy, replication, scanning, settings, exclusions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import gate, outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.iam import document
from accounts.iam.arn import Arn
from accounts.iam.document import Kind, PolicyInvalid
from accounts.iam.matching import like
from registry import events
from registry.core import addresses, peers, permissions, repositories
from registry.errors import (
    ExclusionAlreadyExists,
    ExclusionNotFound,
    InvalidPolicy,
    InvalidRegion,
    InvalidValue,
    LimitExceeded,
    RegistryPolicyNotFound,
    ReplicationChanged,
)
from registry.models import PullTimeUpdateExclusion, RegistrySettings, Repository
from registry.values import PUBLIC, REPOSITORY_PREFIX, SCAN_FILTER, TAG_FILTER, Address, RegistryId

MOST_EXCLUSIONS: Final = 100
MOST_RULES: Final = 10
MOST_DESTINATIONS: Final = 25
MOST_FILTERS: Final = 100
FILTERS: Final = {"PREFIX_MATCH": REPOSITORY_PREFIX, "TAG_WILDCARD": TAG_FILTER}
"""The types of replication filters; the second is ours."""
MOST_SCAN_RULES: Final = 2
BASIC, ENHANCED = "BASIC", "ENHANCED"
ON_PUSH, CONTINUOUS, MANUAL = "SCAN_ON_PUSH", "CONTINUOUS_SCAN", "MANUAL"
SCAN_FREQUENCIES: Final = {BASIC: (ON_PUSH, MANUAL), ENHANCED: (ON_PUSH, CONTINUOUS, MANUAL)}
"""How repositories are scanned in the end: what fits no rule of enhanced scanning is MANUAL, too."""
RULE_FREQUENCIES: Final = {BASIC: (ON_PUSH, MANUAL), ENHANCED: (ON_PUSH, CONTINUOUS)}
"""What rules may say: enhanced scanning knows no scans by hand."""


def policy(caller: Caller, registry: RegistryId) -> str:
    """Return the registry policy. RegistryPolicyNotFound."""
    permissions.require_in_registry(caller, registry, Action.GET_REGISTRY_POLICY)
    text = of(registry).policy_text
    if not text:
        raise RegistryPolicyNotFound(registry.account_id)
    return text


def put_policy(caller: Caller, registry: RegistryId, text: str) -> str:
    """Set the registry policy and return it. InvalidPolicy."""
    permissions.require_in_registry(caller, registry, Action.PUT_REGISTRY_POLICY)
    try:
        document.parse(text, Kind.REGISTRY)
    except PolicyInvalid as error:
        raise InvalidPolicy(error.problems) from error
    _save(caller, registry, Action.PUT_REGISTRY_POLICY, policy_text=text)
    return text


def allow_policy(caller: Caller, registry: RegistryId) -> None:
    """Return if the caller may set a registry policy, whatever it says. AccessDenied."""
    permissions.require_in_registry(caller, registry, Action.PUT_REGISTRY_POLICY)


def locks_out(caller: Caller, registry: RegistryId, text: str) -> bool:
    """Whether the caller could not set another policy once `text`, which is one, is in force."""
    action = f"ecr:{Action.PUT_REGISTRY_POLICY}"
    if of(registry).policy_scope == RegistrySettings.PolicyScope.V1:
        return False
    policies = (permissions.read(text, Kind.REGISTRY, "registry policy"),)
    return not gate.decide(caller, action, addresses.registry_arn(registry), policies=policies).allowed


def delete_policy(caller: Caller, registry: RegistryId) -> str:
    """Remove the registry policy and return it. RegistryPolicyNotFound."""
    permissions.require_in_registry(caller, registry, Action.DELETE_REGISTRY_POLICY)
    text = of(registry).policy_text
    if not text:
        raise RegistryPolicyNotFound(registry.account_id)
    _save(caller, registry, Action.DELETE_REGISTRY_POLICY, policy_text="")
    return text


def replication(caller: Caller, registry: RegistryId) -> dict[str, Any]:
    """Return the replication configuration: `{"rules": [...]}`."""
    permissions.require_in_registry(caller, registry, Action.DESCRIBE_REGISTRY)
    return {"rules": of(registry).replication_configuration.get("rules", [])}


def put_replication(
    caller: Caller,
    registry: RegistryId,
    configuration: Mapping[str, Any],
    *,
    instead_of: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Replace the replication configuration and return it. InvalidValue, InvalidRegion.

    `instead_of` is what `replication` has returned before: if another one is in force since then, ReplicationChanged.
    """
    permissions.require_in_registry(caller, registry, Action.PUT_REPLICATION_CONFIGURATION)
    rules = [dict(rule) for rule in configuration.get("rules", [])]
    _check_replication(registry, rules)
    with transaction.atomic():
        if (
            instead_of is not None
            and _locked(registry).replication_configuration.get("rules", []) != instead_of["rules"]
        ):
            raise ReplicationChanged(registry.account_id)
        _save(caller, registry, Action.PUT_REPLICATION_CONFIGURATION, replication_configuration={"rules": rules})
    return {"rules": rules}


def _check_replication(registry: RegistryId, rules: list[dict[str, Any]]) -> None:
    if len(rules) > MOST_RULES:
        raise InvalidValue("replicationConfiguration", f"may have {MOST_RULES} rules")
    destinations = {(each["region"], each["registryId"]) for rule in rules for each in rule.get("destinations", [])}
    if len(destinations) > MOST_DESTINATIONS:
        raise InvalidValue("replicationConfiguration", f"may have {MOST_DESTINATIONS} destinations")
    if (registry.region, registry.account_id) in destinations:
        raise InvalidValue("replicationConfiguration", "can't name its own registry as a destination")
    unknown = {region for region, _ in destinations} - {*peers.regions()}
    # A region whose peer is gone stays in the rules that name it, or nobody could change the others.
    for region in sorted(unknown - _regions_in_force(registry) if unknown else ()):
        raise InvalidRegion(region, "is not a region of this deployment or of a peer")
    for rule in rules:
        if not rule.get("destinations"):
            raise InvalidValue("replicationConfiguration", "needs a destination in each rule")
        if len(rule.get("repositoryFilters", [])) > MOST_FILTERS:
            raise InvalidValue("replicationConfiguration", f"may have {MOST_FILTERS} filters in a rule")
        for each in rule.get("repositoryFilters", []):
            if not FILTERS[each["filterType"]].fullmatch(each["filter"]):
                raise InvalidValue(each["filter"], f"is no filter of type {each['filterType']}")


def _regions_in_force(registry: RegistryId) -> set[str]:
    rules = of(registry).replication_configuration.get("rules", [])
    return {each["region"] for rule in rules for each in rule["destinations"]}


def scanning(caller: Caller, registry: RegistryId) -> dict[str, Any]:
    """Return the scanning configuration: `{"scanType": "BASIC", "rules": [...]}`."""
    permissions.require_in_registry(caller, registry, Action.GET_REGISTRY_SCANNING_CONFIGURATION)
    return configured_scanning(registry)


def configured_scanning(registry: RegistryId) -> dict[str, Any]:
    """The same without asking anyone."""
    found = of(registry).scanning_configuration
    return {"scanType": found.get("scanType", BASIC), "rules": found.get("rules", [])}


def put_scanning(caller: Caller, registry: RegistryId, scan_type: str, rules: list[Any]) -> dict[str, Any]:
    """Replace the scanning configuration and return it. InvalidValue."""
    permissions.require_in_registry(caller, registry, Action.PUT_REGISTRY_SCANNING_CONFIGURATION)
    if len(rules) > MOST_SCAN_RULES:
        raise InvalidValue("rules", f"may be {MOST_SCAN_RULES}, one for each scan frequency")
    for rule in rules:
        if rule["scanFrequency"] not in RULE_FREQUENCIES[scan_type]:
            raise InvalidValue(rule["scanFrequency"], f"is no scan frequency of {scan_type} scanning")
        for each in rule["repositoryFilters"]:
            if not SCAN_FILTER.fullmatch(each["filter"]):
                raise InvalidValue(each["filter"], "is no filter such as team/*")
    configuration = {"scanType": scan_type, "rules": list(rules)}
    action = Action.PUT_REGISTRY_SCANNING_CONFIGURATION
    with transaction.atomic():
        _save(caller, registry, action, scanning_configuration=configuration)
        outbox.announce(events.ScanningConfigured(registry.account_id, registry.region))
    return configuration


@dataclass(frozen=True, slots=True)
class Scan:
    """How a repository's images are scanned, and the registry's filters that say so.

    `trusts_attached_vex` is whether VEX documents that are attached to the images change what counts.
    """

    frequency: str
    filters: list[str]
    scan_type: str = BASIC
    trusts_attached_vex: bool = False

    @property
    def on_push(self) -> bool:
        """Whether a push starts a scan."""
        return self.frequency in {ON_PUSH, CONTINUOUS}


def scanning_of(caller: Caller, address: Address) -> Scan:
    """Return how a repository's images are scanned."""
    action = Action.BATCH_GET_REPOSITORY_SCANNING_CONFIGURATION
    return scan_of(repositories.authorized(caller, address, action))


def scan_of(repository: Repository) -> Scan:
    """How a repository's images are scanned, without asking anyone; of public ones the deployment says so."""
    if repository.is_public:
        return Scan(CONTINUOUS if settings.SCAN_PUBLIC else MANUAL, [], ENHANCED)
    row = of(repository.address.registry)
    how = scan_by(row.scanning_configuration, repository.name, on_push=repository.scan_on_push)
    return replace(how, trusts_attached_vex=row.trusts_attached_vex)


def scan_by(configuration: Mapping[str, Any], name: str, *, on_push: bool) -> Scan:
    """How images of a repository of this name are scanned; continuous scanning wins where rules overlap.

    `on_push` is the repository's own setting.
    """
    scan_type = configuration.get("scanType", BASIC)
    matching: dict[str, list[str]] = {}
    for rule in configuration.get("rules", []):
        filters = [each["filter"] for each in rule["repositoryFilters"]]
        its = [each for each in filters if covers(each, name)]
        if its:
            matching.setdefault(rule["scanFrequency"], []).extend(its)
    for frequency in (CONTINUOUS, ON_PUSH, MANUAL):
        if frequency in matching:
            return Scan(frequency, matching[frequency], scan_type)
    if scan_type == ENHANCED:
        return Scan(MANUAL if configuration.get("rules") else CONTINUOUS, [], scan_type)
    return Scan(ON_PUSH if on_push else MANUAL, [], scan_type)


def covers(pattern: str, name: str) -> bool:
    """Whether a filter covers a name: `*` stands for any text, and a filter without one for a part of the name."""
    if "*" not in pattern:
        return pattern in name
    return _test(pattern)(name)


_test: Final = lru_cache(maxsize=1024)(like)


ACCOUNT_SETTINGS: Final = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE",),
    "REGISTRY_POLICY_SCOPE": ("V1", "V2"),
    "BLOB_MOUNTING": ("ENABLED", "DISABLED"),
    "ATTACHED_VEX": ("SHOWN", "TRUSTED"),
}
"""ECR's settings, and one of ours: whether VEX documents that are attached to images change what counts."""


def account_setting(caller: Caller, registry: RegistryId, name: str) -> str:
    """Return a setting by ECR's name for it. InvalidValue for one that there is none of."""
    permissions.require_in_registry(caller, registry, Action.GET_ACCOUNT_SETTING)
    _check_setting(name)
    row = of(registry)
    match name:
        case "REGISTRY_POLICY_SCOPE":
            return row.policy_scope
        case "BLOB_MOUNTING":
            return "ENABLED" if row.blob_mounting else "DISABLED"
        case "ATTACHED_VEX":
            return "TRUSTED" if row.trusts_attached_vex else "SHOWN"
        case _:
            return row.basic_scan_type_version


def put_account_setting(caller: Caller, registry: RegistryId, name: str, value: str) -> str:
    """Change a setting and return its value. InvalidValue."""
    conditions = permissions.Conditions(more={"ecr:AccountSetting": name})
    permissions.require_in_registry(caller, registry, Action.PUT_ACCOUNT_SETTING, conditions)
    _check_setting(name)
    if value not in ACCOUNT_SETTINGS[name]:
        raise InvalidValue(value, f"is no value of {name}: " + ", ".join(ACCOUNT_SETTINGS[name]))
    match name:
        case "REGISTRY_POLICY_SCOPE":
            _save(caller, registry, Action.PUT_ACCOUNT_SETTING, policy_scope=value)
        case "BLOB_MOUNTING":
            _save(caller, registry, Action.PUT_ACCOUNT_SETTING, blob_mounting=value == "ENABLED")
        case "ATTACHED_VEX":
            with transaction.atomic():
                _save(caller, registry, Action.PUT_ACCOUNT_SETTING, trusts_attached_vex=value == "TRUSTED")
                outbox.announce(events.VexTrustChanged(registry.account_id, registry.region))
        case _:
            _save(caller, registry, Action.PUT_ACCOUNT_SETTING, basic_scan_type_version=value)
    return value


def _check_setting(name: str) -> None:
    if name not in ACCOUNT_SETTINGS:
        raise InvalidValue(name, "is not one of " + ", ".join(ACCOUNT_SETTINGS))


def exclude_pull_time(caller: Caller, registry: RegistryId, principal_arn: str) -> PullTimeUpdateExclusion:
    """Let pulls of a user or role leave last pull times alone. ExclusionAlreadyExists, LimitExceeded."""
    permissions.require_in_registry(caller, registry, Action.REGISTER_PULL_TIME_UPDATE_EXCLUSION)
    place = {"account_id": registry.account_id, "region": registry.region}
    try:
        with transaction.atomic():
            if PullTimeUpdateExclusion.objects.filter(**place).count() >= MOST_EXCLUSIONS:
                raise LimitExceeded(f"A registry may have {MOST_EXCLUSIONS} pull time update exclusions")
            made = PullTimeUpdateExclusion.objects.create(**place, principal_arn=principal_arn)
            action = Action.REGISTER_PULL_TIME_UPDATE_EXCLUSION
            trail.record(caller, action, addresses.registry_arn(registry), details={"principalArn": principal_arn})
    except IntegrityError as error:
        raise ExclusionAlreadyExists(principal_arn) from error
    return made


def include_pull_time(caller: Caller, registry: RegistryId, principal_arn: str) -> None:
    """Let the principal's pulls count again. ExclusionNotFound."""
    action = Action.DEREGISTER_PULL_TIME_UPDATE_EXCLUSION
    permissions.require_in_registry(caller, registry, action)
    with transaction.atomic():
        rows = PullTimeUpdateExclusion.objects.filter(account_id=registry.account_id, region=registry.region)
        if not rows.filter(principal_arn=principal_arn).delete()[0]:
            raise ExclusionNotFound(principal_arn)
        trail.record(caller, action, addresses.registry_arn(registry), details={"principalArn": principal_arn})


def pull_time_exclusions(caller: Caller, registry: RegistryId, *, after: str = "", limit: int = 100) -> list[str]:
    """Return the excluded principals' ARNs after `after`, in order, one more than `limit` if more follow."""
    permissions.require_in_registry(caller, registry, Action.LIST_PULL_TIME_UPDATE_EXCLUSIONS)
    rows = PullTimeUpdateExclusion.objects.filter(
        account_id=registry.account_id, region=registry.region, principal_arn__gt=after
    )
    return list(rows.order_by("principal_arn").values_list("principal_arn", flat=True)[: limit + 1])


def mounts_blobs(registry: RegistryId) -> bool:
    """Whether pushes to the registry may mount layers of other repositories instead of uploading them."""
    return registry.is_public or of(registry).blob_mounting


def trusts_attached_vex(repository: Repository) -> bool:
    """Whether VEX documents that are attached to a repository's images change what counts; public ones are shown."""
    return not repository.is_public and of(repository.address.registry).trusts_attached_vex


def excluded_from_pull_times(account_ids: Iterable[str]) -> set[tuple[str, str, str]]:
    """Return (account, region, principal) of the exclusions of some accounts, each principal as `who` writes it."""
    rows = PullTimeUpdateExclusion.objects.filter(account_id__in=set(account_ids))
    return {(row.account_id, row.region, who(row.principal_arn)) for row in rows}


def who(principal_arn: str) -> str:
    """Account, kind and name of a user or role, without its path; a session counts as its role."""
    try:
        parsed = Arn.parse(principal_arn)
    except ValueError:
        return ""
    kind, *names = parsed.resource.split("/")
    if kind == "assumed-role":
        return f"{parsed.account_id} role {names[0] if names else ''}"
    return f"{parsed.account_id} {kind} {names[-1] if names else ''}"


def of(registry: RegistryId) -> RegistrySettings:
    """The registry's settings; those that hold without any if none were made."""
    place = {"account_id": registry.account_id, "region": registry.region}
    return RegistrySettings.objects.filter(**place).first() or RegistrySettings(**place)


def _locked(registry: RegistryId) -> RegistrySettings:
    """The registry's settings, which nobody else changes until the end of the transaction."""
    rows = RegistrySettings.objects.select_for_update(no_key=True)
    return rows.get_or_create(account_id=registry.account_id, region=registry.region)[0]


def _save(caller: Caller, registry: RegistryId, action: Action, **fields: Any) -> None:
    """Change the settings and write it to the trail."""
    if registry.region == PUBLIC or registry.region not in settings.REGIONS:
        raise InvalidValue(registry.region, "is not a region of this deployment")
    with transaction.atomic():
        RegistrySettings.objects.update_or_create(
            account_id=registry.account_id,
            region=registry.region,
            defaults=fields | {"updated_at": timezone.now()},
        )
        trail.record(caller, action, addresses.registry_arn(registry), details=fields)
    permissions.forget(registry)
