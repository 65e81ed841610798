"""CreateRepository, DescribeRepositories, DeleteRepository, DescribeRegistry."""

from typing import Any, Final

from accounts.audit.actions import Action
from registry.aws import pages
from registry.aws.dispatch import Call, operation
from registry.aws.ecr.places import address_of, described, registry_of
from registry.aws.errors import AwsError
from registry.core import permissions, repositories

MOST_TAGS: Final = 50
PAGE: Final = 100


@operation("ecr", "CreateRepository")
@operation("ecr-public", "CreateRepository")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Make a repository. Catalog data of public ones is not kept yet, so it is refused rather than lost."""
    _refuse_what_is_not_kept(call, request)
    repository = repositories.create(
        call.caller,
        address_of(call, request),
        image_tag_mutability=request.get("imageTagMutability", "MUTABLE"),
        resource_tags=_tags(request.get("tags", [])),
    )
    return {"repository": described(call, repository)}


def _refuse_what_is_not_kept(call: Call, request: dict[str, Any]) -> None:
    if request.get("catalogData"):
        raise AwsError(
            "UnsupportedCommandException", "Catalog data is not served yet; create the repository without it"
        )
    if request.get("encryptionConfiguration", {}).get("encryptionType", "AES256") != "AES256":
        raise AwsError("KmsException", "Encryption with KMS keys is not served", kmsError="KmsNotServed")
    if request.get("imageScanningConfiguration", {}).get("scanOnPush"):
        raise AwsError(
            "InvalidParameterException", "Scanning is not served yet; create the repository without scanOnPush"
        )
    if "EXCLUSION" in request.get("imageTagMutability", "") or request.get("imageTagMutabilityExclusionFilters"):
        raise AwsError("InvalidParameterException", "Exclusion filters of tag mutability are not served yet")


def _tags(given: list[dict[str, str]]) -> dict[str, str]:
    """Resource tags; a key stands there once and has a value."""
    tags = {each["Key"]: each.get("Value", "") for each in given if each.get("Key")}
    if len(tags) != len(given):
        raise AwsError("InvalidTagParameterException", "Each tag needs a key of its own")
    if len(tags) > MOST_TAGS:
        raise AwsError("TooManyTagsException", f"A repository may have {MOST_TAGS} tags")
    if any(len(key) > 128 or len(value) > 256 or key.lower().startswith("aws:") for key, value in tags.items()):
        said = "Keys have up to 128 characters and do not begin with aws:, values up to 256"
        raise AwsError("InvalidTagParameterException", said)
    return tags


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


@operation("ecr", "DescribeRegistry")
def describe_registry(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """The caller's own registry; there is no replication yet."""
    registry = registry_of(call, request)
    permissions.require_in_registry(call.caller, registry, Action.DESCRIBE_REGISTRY)
    return {"registryId": registry.account_id, "replicationConfiguration": {"rules": []}}
