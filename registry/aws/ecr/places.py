"""What requests are about: registries and repositories, and how answers write them."""

from typing import TYPE_CHECKING, Any

from registry.aws.dispatch import Call
from registry.aws.errors import AwsError
from registry.aws.wire import models
from registry.core import addresses, aliases
from registry.values import PUBLIC, Address, RegistryId, RepositoryName

if TYPE_CHECKING:
    from registry.models import CreationTemplate, Repository


def registry_of(call: Call, request: dict[str, Any]) -> RegistryId:
    """The registry that a request names, or the caller's own; in ecr-public the public one, which has an alias too."""
    account_id = request.get("registryId") or call.caller.account_id
    if call.service != "ecr-public":
        return RegistryId(account_id, call.region)
    if not account_id.isdecimal():
        found = aliases.find(account_id)
        if found is None:
            raise _no_registry(call, account_id)
        account_id = found
    return RegistryId(account_id, PUBLIC)


def _no_registry(call: Call, alias: str) -> AwsError:
    """RegistryNotFoundException where the operation's model knows it."""
    code = "RegistryNotFoundException"
    if code not in models.errors(call.service, call.operation):
        code = "InvalidParameterException"
    return AwsError(code, f"The registry with alias '{alias}' does not exist")


def address_of(call: Call, request: dict[str, Any]) -> Address:
    """The repository that a request names. InvalidRepositoryName."""
    registry = registry_of(call, request)
    name = request["repositoryName"]
    return (
        addresses.public(registry.account_id, name)
        if registry.is_public
        else Address(registry, RepositoryName.parse(name))
    )


def described(call: Call, repository: "Repository") -> dict[str, Any]:
    """A repository as answers write it."""
    address = repository.address
    known = {
        "repositoryArn": str(addresses.arn(address)),
        "registryId": repository.account_id,
        "repositoryName": repository.name,
        "repositoryUri": addresses.uri(address, call.host),
        "createdAt": repository.created_at,
    }
    if address.is_public:
        return known
    scanning = {"imageScanningConfiguration": {"scanOnPush": repository.scan_on_push}}
    return known | mutability_of(repository) | scanning | {"encryptionConfiguration": {"encryptionType": "AES256"}}


def mutability_of(repository: "Repository | CreationTemplate") -> dict[str, Any]:
    """Which tags may move, as answers write it."""
    filters = repository.image_tag_mutability_exclusion_filters
    known: dict[str, Any] = {"imageTagMutability": repository.image_tag_mutability}
    if filters:
        written = [{"filterType": "WILDCARD", "filter": each} for each in filters]
        known["imageTagMutabilityExclusionFilters"] = written
    return known
