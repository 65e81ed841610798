"""PutLifecyclePolicy, GetLifecyclePolicy, DeleteLifecyclePolicy, and the preview of a policy."""

from typing import TYPE_CHECKING, Any, Final

from registry.aws import pages
from registry.aws.dispatch import Call, operation
from registry.aws.ecr.places import address_of
from registry.aws.errors import AwsError
from registry.lifecycle import policies, previews

if TYPE_CHECKING:
    from registry.models import LifecyclePreview, LifecyclePreviewImage

PAGE: Final = 100
MOST_IDS: Final = 100


@operation("ecr", "PutLifecyclePolicy")
def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Set the policy."""
    text = policies.put(call.caller, address_of(call, request), request["lifecyclePolicyText"])
    return _about(call, request) | {"lifecyclePolicyText": text}


@operation("ecr", "GetLifecyclePolicy")
def get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Return the policy as it was put."""
    found = policies.get(call.caller, address_of(call, request))
    return _about(call, request) | {"lifecyclePolicyText": found.text, "lastEvaluatedAt": found.evaluated_at}


@operation("ecr", "DeleteLifecyclePolicy")
def delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Remove the policy and return it."""
    found = policies.delete(call.caller, address_of(call, request))
    return _about(call, request) | {"lifecyclePolicyText": found.text, "lastEvaluatedAt": found.evaluated_at}


@operation("ecr", "StartLifecyclePolicyPreview")
def start_preview(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Begin to try a policy, or the current one."""
    address = address_of(call, request)
    preview = previews.start(call.caller, address, request.get("lifecyclePolicyText", ""))
    return _about(call, request) | {"lifecyclePolicyText": preview.policy_text, "status": preview.status}


@operation("ecr", "GetLifecyclePolicyPreview")
def get_preview(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """How far the preview is, and which images would go."""
    address, ids = address_of(call, request), request.get("imageIds", [])
    if ids and (request.get("nextToken") or request.get("maxResults")):
        raise AwsError("InvalidParameterException", "imageIds can't be combined with nextToken or maxResults")
    if len(ids) > MOST_IDS:
        raise AwsError("InvalidParameterException", f"imageIds takes at most {MOST_IDS} images")
    preview = previews.get(call.caller, address)
    wanted = request.get("filter", {})
    place = (
        f"{address.registry.account_id}/{address.registry.region}/{address.name}/{preview.id}/{sorted(wanted.items())}"
    )
    after = pages.after(call, place, request.get("nextToken"))
    rows, more = previews.results(
        preview,
        tag_status=wanted.get("tagStatus", ""),
        digests=[each["imageDigest"] for each in ids if each.get("imageDigest")],
        tags=[each["imageTag"] for each in ids if each.get("imageTag") and not each.get("imageDigest")],
        after=int(after or -1),
        limit=request.get("maxResults", PAGE),
    )
    return _about(call, request) | {
        "lifecyclePolicyText": preview.policy_text,
        "status": preview.status,
        "nextToken": pages.token(call, place, str(rows[-1].position)) if more else None,
        "previewResults": [_result(row) for row in rows],
        "summary": _summary(preview),
    }


def _result(row: "LifecyclePreviewImage") -> dict[str, Any]:
    is_archived = row.action == "transition"
    return {
        "imageTags": row.tags or None,
        "imageDigest": row.digest,
        "imagePushedAt": row.pushed_at,
        "action": {"type": row.action.upper(), "targetStorageClass": "ARCHIVE" if is_archived else None},
        "appliedRulePriority": row.rule or None,
        "storageClass": row.storage_class.upper(),
    }


def _summary(preview: "LifecyclePreview") -> dict[str, Any] | None:
    """How many images would go, once that is known."""
    if preview.status != "COMPLETE":
        return None
    archived = [{"targetStorageClass": "ARCHIVE", "imageTotalCount": preview.transitioning}]
    return {
        "expiringImageTotalCount": preview.expiring,
        "transitioningImageTotalCounts": archived if preview.transitioning else None,
    }


def _about(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    address = address_of(call, request)
    return {"registryId": address.registry.account_id, "repositoryName": str(address.name)}
