"""ListImages, DescribeImages, DescribeImageTags, ListImageReferrers, BatchDeleteImage."""

from collections.abc import Sequence
from typing import Any, Final

from registry.aws import pages
from registry.aws.dispatch import Call, operation
from registry.aws.ecr import scanning
from registry.aws.ecr.places import address_of
from registry.aws.errors import AwsError
from registry.core import describing, images
from registry.core.describing import Described, ImageId
from registry.scanning import findings
from registry.values import Address, Digest

PAGE: Final = 100
REFERRERS_PAGE: Final = 20
MOST_IDS: Final = 100


@operation("ecr", "ListImages")
def list_images(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A row for each tag, and for each image without one."""
    address = address_of(call, request)
    wanted = request.get("filter", {})
    place = f"{address.registry.account_id}/{address.registry.region}/{address.name}/{sorted(wanted.items())}"
    after = pages.after(call, place, request.get("nextToken"))
    limit = request.get("maxResults", PAGE)
    status = {"tag_status": wanted.get("tagStatus", ""), "image_status": wanted.get("imageStatus", "")}
    found, following = describing.ids(call.caller, address, **status, after=after, limit=limit)
    token = pages.token(call, place, following) if following else None
    return {"imageIds": [_image_id(each.digest, each.tag) for each in found], "nextToken": token}


@operation("ecr", "DescribeImages")
@operation("ecr-public", "DescribeImages")
def describe(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Those that are named, or all, page by page."""
    address = address_of(call, request)
    wanted, ids = request.get("filter", {}), request.get("imageIds", [])
    if ids:
        return {"imageDetails": _details(address, _named(call, address, request, ids))}
    place = f"{address.registry.account_id}/{address.registry.region}/{address.name}/{sorted(wanted.items())}"
    after = pages.after(call, place, request.get("nextToken"))
    limit = request.get("maxResults", PAGE)
    status = {"tag_status": wanted.get("tagStatus", ""), "image_status": wanted.get("imageStatus", "")}
    found, following = describing.page(call.caller, address, **status, after=after, limit=limit)
    token = pages.token(call, place, following) if following else None
    return {"imageDetails": _details(address, found), "nextToken": token}


def _named(call: Call, address: Address, request: dict[str, Any], ids: Sequence[dict[str, str]]) -> list[Described]:
    if request.get("nextToken") or request.get("maxResults"):
        raise AwsError("InvalidParameterException", "imageIds can't be combined with nextToken or maxResults")
    if len(ids) > MOST_IDS:
        raise AwsError("InvalidParameterException", f"imageIds takes at most {MOST_IDS} images")
    if not all(each.get("imageDigest") or each.get("imageTag") for each in ids):
        raise AwsError("InvalidParameterException", "Invalid request parameters: both tag and digest cannot be null")
    wanted = [ImageId(each.get("imageDigest", ""), each.get("imageTag", "")) for each in ids]
    return describing.named(call.caller, address, wanted)


def _details(address: Address, found: Sequence[Described]) -> list[dict[str, Any]]:
    """The images with what their scans found, if they have any."""
    details = [_detail(address, each) for each in found]
    scans = {} if address.is_public else findings.of_images(each.image.id for each in found)
    for each, detail in zip(found, details, strict=True):
        if scan := scans.get(each.image.id):
            detail["imageScanStatus"] = scanning.status_of(scan, each.image)
            detail["imageScanFindingsSummary"] = scanning.summary_of(scan, each.image)
    return details


def _detail(address: Address, found: Described) -> dict[str, Any]:
    image = found.image
    known = {
        "registryId": address.registry.account_id,
        "repositoryName": str(address.name),
        "imageDigest": image.digest,
        "imageTags": found.tags or None,
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed_at,
        "imageManifestMediaType": image.media_type,
        "artifactMediaType": image.artifact_type or None,
    }
    if address.is_public:
        return known
    return known | {
        "lastRecordedPullTime": image.last_recorded_pull_time,
        "subjectManifestDigest": image.subject_digest or None,
        "imageStatus": image.image_status,
        "lastArchivedAt": image.last_archived_at,
        "lastActivatedAt": image.last_activated_at,
    }


@operation("ecr-public", "DescribeImageTags")
def describe_tags(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """A repository's tags with their images."""
    address = address_of(call, request)
    place = f"{address.registry.account_id}/{address.name}"
    after = pages.after(call, place, request.get("nextToken"))
    found, following = describing.tags(call.caller, address, after=after, limit=request.get("maxResults", PAGE))
    details = []
    for each in found:
        detail = _detail(address, Described(each.image))
        del detail["registryId"], detail["repositoryName"], detail["imageTags"]
        details.append({"imageTag": each.tag, "createdAt": each.created_at, "imageDetail": detail})
    return {"imageTagDetails": details, "nextToken": pages.token(call, place, following) if following else None}


@operation("ecr", "ListImageReferrers")
def list_referrers(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Signatures, attestations and other artifacts whose subject is an image, whether the image is there or not."""
    address, digest = address_of(call, request), Digest.parse(request["subjectId"]["imageDigest"])
    wanted = request.get("filter", {})
    place = f"{address.registry.account_id}/{address.name}/{digest}/{sorted(wanted.items())}"
    after = pages.after(call, place, request.get("nextToken"))
    found, more = images.referrers(
        call.caller,
        address,
        digest,
        artifact_types=wanted.get("artifactTypes", []),
        status=wanted.get("artifactStatus", ""),
        last=after,
        limit=request.get("maxResults", REFERRERS_PAGE),
    )
    rows = [
        {
            "digest": each.digest,
            "mediaType": each.media_type,
            "artifactType": each.artifact_type or None,
            "size": each.manifest_size,
            "annotations": each.annotations,
            "artifactStatus": each.image_status,
        }
        for each in found
    ]
    return {"referrers": rows, "nextToken": pages.token(call, place, found[-1].digest) if more else None}


@operation("ecr", "BatchDeleteImage")
@operation("ecr-public", "BatchDeleteImage")
def batch_delete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Tags and images; what can't go is listed with its reason."""
    address = address_of(call, request)
    wanted = [(each.get("imageDigest", ""), each.get("imageTag", "")) for each in request["imageIds"]]
    gone, failures = images.delete_ids(call.caller, address, wanted)
    return {
        "imageIds": [_image_id(digest, tag) for digest, tag in gone],
        "failures": [
            {
                "imageId": _image_id(each.digest, each.tag),
                "failureCode": each.code,
                "failureReason": each.reason,
            }
            for each in failures
        ],
    }


def _image_id(digest: str, tag: str) -> dict[str, str | None]:
    return {"imageDigest": digest or None, "imageTag": tag or None}
