"""CreateRepositoryCreationTemplate, Update..., Delete..., Describe...s."""

from typing import TYPE_CHECKING, Any, Final

from registry.aws import pages
from registry.aws.dispatch import Call, operation
from registry.aws.ecr import tags
from registry.aws.ecr.places import mutability_of, registry_of
from registry.aws.errors import AwsError
from registry.core import resource_tags, templates
from registry.lifecycle import policies as lifecycle

if TYPE_CHECKING:
    from registry.models import CreationTemplate

PAGE: Final = 100
PLAIN: Final = {
    "appliedFor": "applied_for",
    "customRoleArn": "custom_role_arn",
    "description": "description",
    "imageTagMutability": "image_tag_mutability",
    "lifecyclePolicy": "lifecycle_policy",
    "repositoryPolicy": "repository_policy",
}
"""Members of requests whose values are kept as they are."""


@operation("ecr", "CreateRepositoryCreationTemplate")
def create(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Make a template."""
    registry = registry_of(call, request)
    made = templates.put(call.caller, registry, request["prefix"], _fields(request))
    return _answer(made)


@operation("ecr", "UpdateRepositoryCreationTemplate")
def update(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Change what is given."""
    return _answer(templates.change(call.caller, registry_of(call, request), request["prefix"], _fields(request)))


@operation("ecr", "DeleteRepositoryCreationTemplate")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove a template."""
    return _answer(templates.delete(call.caller, registry_of(call, request), request["prefix"]))


@operation("ecr", "DescribeRepositoryCreationTemplates")
def describe(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Those that are named, where they are, or all."""
    registry, prefixes = registry_of(call, request), request.get("prefixes", [])
    if prefixes and (request.get("nextToken") or request.get("maxResults")):
        raise AwsError("ValidationException", "prefixes can't be combined with nextToken or maxResults")
    place = f"{registry.account_id}/{registry.region}"
    after, limit = pages.after(call, place, request.get("nextToken")), request.get("maxResults", PAGE)
    found, more = templates.describe(call.caller, registry, prefixes=prefixes, after=after, limit=limit)
    return {
        "registryId": registry.account_id,
        "repositoryCreationTemplates": [_described(each) for each in found],
        "nextToken": pages.token(call, place, found[-1].prefix) if more else None,
    }


def _fields(request: dict[str, Any]) -> dict[str, Any]:
    """What the request says about repositories, by the names of the core."""
    if request.get("encryptionConfiguration", {}).get("encryptionType", "AES256") != "AES256":
        raise AwsError("ValidationException", "Encryption with KMS keys is not served")
    if request.get("lifecyclePolicy"):
        lifecycle.check(request["lifecyclePolicy"])
    fields = {ours: request[theirs] for theirs, ours in PLAIN.items() if theirs in request}
    filters = request.get("imageTagMutabilityExclusionFilters")
    if filters is not None or "imageTagMutability" in request:
        fields["image_tag_mutability_exclusion_filters"] = [each["filter"] for each in filters or []]
    if "resourceTags" in request:
        fields["resource_tags"] = tags.parsed(request["resourceTags"])
        resource_tags.check(fields["resource_tags"])
    return fields


def _answer(template: "CreationTemplate") -> dict[str, Any]:
    return {"registryId": template.account_id, "repositoryCreationTemplate": _described(template)}


def _described(template: "CreationTemplate") -> dict[str, Any]:
    """A template as answers write it."""
    written = [{"Key": key, "Value": value} for key, value in sorted(template.resource_tags.items())]
    return mutability_of(template) | {
        "prefix": template.prefix,
        "description": template.description or None,
        "encryptionConfiguration": {"encryptionType": "AES256"},
        "resourceTags": written or None,
        "repositoryPolicy": template.repository_policy or None,
        "lifecyclePolicy": template.lifecycle_policy or None,
        "appliedFor": template.applied_for,
        "customRoleArn": template.custom_role_arn or None,
        "createdAt": template.created_at,
        "updatedAt": template.updated_at,
    }
