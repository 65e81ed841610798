"""What requests are about: registries and repositories, and how answers write them."""

from typing import TYPE_CHECKING, Any

from registry.aws.dispatch import Call
from registry.core import addresses
from registry.values import PUBLIC, Address, RegistryId, RepositoryName

if TYPE_CHECKING:
    from registry.models import Repository


def registry_of(call: Call, request: dict[str, Any]) -> RegistryId:
    """The registry that a request names, or the caller's own; the public one in ecr-public."""
    account_id = request.get("registryId") or call.caller.account_id
    return RegistryId(account_id, PUBLIC if call.service == "ecr-public" else call.region)


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
    return known | {
        "imageTagMutability": repository.image_tag_mutability,
        "imageScanningConfiguration": {"scanOnPush": False},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }
