"""What an account sets for its private registry: policy, settings, scanning, pull-time exclusions."""

from typing import Any, Final

from registry.aws import pages
from registry.aws.dispatch import Call, operation
from registry.aws.ecr.places import address_of, registry_of
from registry.aws.errors import AwsError
from registry.core import addresses, registries, repositories
from registry.errors import RepositoryNotFound
from registry.values import Address, RepositoryName

PAGE: Final = 100
MOST_NAMES: Final = 25


@operation("ecr", "PutRegistryPolicy")
def put_policy(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Set the registry policy."""
    registry = registry_of(call, request)
    text = registries.put_policy(call.caller, registry, request["policyText"])
    return {"registryId": registry.account_id, "policyText": text}


@operation("ecr", "GetRegistryPolicy")
def get_policy(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Return the registry policy as it was put."""
    registry = registry_of(call, request)
    return {"registryId": registry.account_id, "policyText": registries.policy(call.caller, registry)}


@operation("ecr", "DeleteRegistryPolicy")
def delete_policy(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove the registry policy and return it."""
    registry = registry_of(call, request)
    return {"registryId": registry.account_id, "policyText": registries.delete_policy(call.caller, registry)}


@operation("ecr", "GetAccountSetting")
def get_setting(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """One of the settings."""
    name = request["name"]
    return {"name": name, "value": registries.account_setting(call.caller, registry_of(call, request), name)}


@operation("ecr", "PutAccountSetting")
def put_setting(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Change one of the settings."""
    name, value = request["name"], request["value"]
    return {
        "name": name,
        "value": registries.put_account_setting(call.caller, registry_of(call, request), name, value),
    }


@operation("ecr", "RegisterPullTimeUpdateExclusion")
def exclude(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Let a principal's pulls leave last pull times alone."""
    made = registries.exclude_pull_time(call.caller, registry_of(call, request), request["principalArn"])
    return {"principalArn": made.principal_arn, "createdAt": made.created_at}


@operation("ecr", "DeregisterPullTimeUpdateExclusion")
def include(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Let them count again."""
    registries.include_pull_time(call.caller, registry_of(call, request), request["principalArn"])
    return {"principalArn": request["principalArn"]}


@operation("ecr", "ListPullTimeUpdateExclusions")
def list_exclusions(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The principals that are excluded."""
    registry = registry_of(call, request)
    place = f"{registry.account_id}/{registry.region}"
    after, limit = pages.after(call, place, request.get("nextToken")), request.get("maxResults", PAGE)
    found = registries.pull_time_exclusions(call.caller, registry, after=after, limit=limit)
    shown = found[:limit]
    token = pages.token(call, place, shown[-1]) if len(found) > limit else None
    return {"pullTimeUpdateExclusions": shown, "nextToken": token}


@operation("ecr", "GetRegistryScanningConfiguration")
def get_scanning(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """How images are scanned."""
    registry = registry_of(call, request)
    return {
        "registryId": registry.account_id,
        "scanningConfiguration": registries.scanning(call.caller, registry),
    }


@operation("ecr", "PutRegistryScanningConfiguration")
def put_scanning(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Say how images are scanned."""
    scan_type, rules = request.get("scanType", registries.BASIC), request.get("rules", [])
    found = registries.put_scanning(call.caller, registry_of(call, request), scan_type, rules)
    return {"registryScanningConfiguration": found}


@operation("ecr", "PutImageScanningConfiguration")
def put_scan_on_push(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Whether a repository's images are scanned when they are pushed."""
    address = address_of(call, request)
    wanted = bool(request["imageScanningConfiguration"].get("scanOnPush", False))
    repository = repositories.put_scan_on_push(call.caller, address, wanted)
    return {
        "registryId": repository.account_id,
        "repositoryName": repository.name,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
    }


@operation("ecr", "BatchGetRepositoryScanningConfiguration")
def scanning_of(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """How the images of some repositories are scanned, and by which filters."""
    registry = registry_of(call, request)
    names = list(dict.fromkeys(request["repositoryNames"]))
    if len(names) > MOST_NAMES:
        raise AwsError("InvalidParameterException", f"repositoryNames takes at most {MOST_NAMES} names")
    found, failures = [], []
    for name in names:
        address = Address(registry, RepositoryName.parse(name))
        try:
            scan = registries.scanning_of(call.caller, address)
        except RepositoryNotFound:
            reason = f"The repository with name '{name}' does not exist in the registry"
            failure = {"failureCode": "REPOSITORY_NOT_FOUND", "failureReason": reason}
            failures.append({"repositoryName": name} | failure)
            continue
        found.append(
            {
                "repositoryArn": str(addresses.arn(address)),
                "repositoryName": name,
                "scanOnPush": scan.on_push,
                "scanFrequency": scan.frequency,
                "appliedScanFilters": [{"filter": each, "filterType": "WILDCARD"} for each in scan.filters],
            }
        )
    return {"scanningConfigurations": found, "failures": failures}
