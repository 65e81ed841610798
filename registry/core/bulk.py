"""What work items do to one of their targets: delete an image, delete or tag a repository. Each may be repeated."""

from accounts.caller import Caller
from registry.core import deletions, repositories, resource_tags
from registry.errors import ImageNotFound, RepositoryNotFound
from registry.models import WorkItem
from registry.values import Address, RegistryId, RepositoryName


def delete_image(caller: Caller, item: WorkItem, digest: str) -> None:
    """Delete an image with what only it names; one that is gone already went with another."""
    try:
        deletions.delete(caller, _address(item, item.subject), [digest])
    except ImageNotFound:
        return


def delete_repository(caller: Caller, item: WorkItem, name: str) -> None:
    """Delete a repository with its images."""
    try:
        repositories.delete(caller, _address(item, name), force=True)
    except RepositoryNotFound:
        return


def tag_repository(caller: Caller, item: WorkItem, name: str) -> None:
    """Give a repository the resource tags of the item, beside those that it has."""
    resource_tags.put(caller, _address(item, name), item.params["tags"])


def _address(item: WorkItem, name: str) -> Address:
    return Address(RegistryId(item.account_id, item.region), RepositoryName(name))
