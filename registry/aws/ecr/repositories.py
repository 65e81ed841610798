"""CreateRepository, DescribeRepositories, DeleteRepository, PutImageTagMutability."""

from typing import Any, Final

from registry.aws import pages
from registry.aws.dispatch import Call, operation
from registry.aws.ecr import catalog
from registry.aws.ecr.places import address_of, described, mutability_of, registry_of
from registry.aws.ecr.tags import parsed
from registry.aws.errors import AwsError
from registry.core import catalog as core
from registry.core import repositories, resource_tags

PAGE: Final = 100


@operation("ecr", "CreateRepository")
@operation("ecr-public", "CreateRepository")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Make a repository; a public one may bring its catalog data."""
    _refuse_what_is_not_kept(call, request)
    tags = parsed(request.get("tags", []))
    resource_tags.check(tags)
    given = catalog.fields_of(request.get("catalogData", {}))
    core.check(given)  # before anything is made
    repository = repositories.create(
        call.caller,
        address_of(call, request),
        image_tag_mutability=request.get("imageTagMutability", "MUTABLE"),
        exclusion_filters=_filters(request),
        scan_on_push=bool(request.get("imageScanningConfiguration", {}).get("scanOnPush", False)),
        resource_tags=tags,
    )
    if not given:
        return {"repository": described(call, repository)}
    written = core.write(call.caller, repository, given)
    return {"repository": described(call, repository), "catalogData": catalog.described(call, written)}


def _refuse_what_is_not_kept(call: Call, request: dict[str, Any]) -> None:
    if request.get("encryptionConfiguration", {}).get("encryptionType", "AES256") != "AES256":
        raise AwsError("KmsException", "Encryption with KMS keys is not served", kmsError="KmsNotServed")


@operation("ecr", "PutImageTagMutability")
def put_mutability(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Say which tags may move."""
    repository = repositories.put_mutability(
        call.caller, address_of(call, request), request["imageTagMutability"], _filters(request)
    )
    known = {"registryId": repository.account_id, "repositoryName": repository.name}
    return known | mutability_of(repository)


def _filters(request: dict[str, Any]) -> list[str]:
    return [each["filter"] for each in request.get("imageTagMutabilityExclusionFilters", [])]


@operation("ecr", "DescribeRepositories")
@operation("ecr-public", "DescribeRepositories")
def describe(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Describe those that are named, or all, page by page."""
    registry = registry_of(call, request)
    names = request.get("repositoryNames", [])
    if names and (request.get("nextToken") or request.get("maxResults")):
        raise AwsError("InvalidParameterException", "repositoryNames can't be combined with nextToken or maxResults")
    place = f"{registry.account_id}/{registry.region}"
    after = pages.after(call, place, request.get("nextToken"))
    limit = request.get("maxResults", PAGE)
    found, more = repositories.describe(call.caller, registry, names=names, after=after, limit=limit)
    token = pages.token(call, place, found[-1].name) if more else None
    return {"repositories": [described(call, each) for each in found], "nextToken": token}


@operation("ecr", "DeleteRepository")
@operation("ecr-public", "DeleteRepository")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Delete a repository, with its images if `force`."""
    repository = repositories.delete(call.caller, address_of(call, request), force=request.get("force", False))
    return {"repository": described(call, repository)}
