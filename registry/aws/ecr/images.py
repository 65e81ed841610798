"""BatchGetImage, PutImage and UpdateImageStorageClass."""

import json
from typing import Any, Final

from registry.aws.dispatch import Call, operation
from registry.aws.ecr.places import address_of
from registry.aws.errors import AwsError
from registry.core import archive, images, pulls, repositories
from registry.core.reading import FoundImage
from registry.errors import ImageArchived, ImageNotFound, InvalidDigest, InvalidImageTag
from registry.values import Digest, ImageTag, Reference

DOCKER_SCHEMA1: Final = "application/vnd.docker.distribution.manifest.v1+prettyjws"


@operation("ecr", "BatchGetImage")
def batch_get(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Manifests by tag or digest; each that is handed out is a pull. What can't be had is listed with its reason."""
    address = address_of(call, request)
    accepted = request.get("acceptedMediaTypes")
    found, failures, was_asked = [], [], False
    taken: list[tuple[FoundImage, Reference]] = []
    for wanted in request["imageIds"]:
        try:
            reference = _reference(wanted)
        except _Failure as failure:
            failures.append({"imageId": wanted, "failureCode": failure.code, "failureReason": failure.reason})
            continue
        was_asked = True
        try:
            stored = images.look(call.caller, address, reference)
        except ImageArchived:
            reason = "Requested image is archived; restore it by UpdateImageStorageClass or push it again"
            failures.append({"imageId": wanted, "failureCode": "ImageInaccessible", "failureReason": reason})
            continue
        except ImageNotFound:
            failures.append(_absent(wanted))
            continue
        image = stored.image
        if wanted.get("imageTag") and wanted.get("imageDigest") not in (None, image.digest):
            reason = "Requested image tag does not match the image digest"
            failures.append({"imageId": wanted, "failureCode": "ImageTagDoesNotMatchDigest", "failureReason": reason})
        elif accepted and image.media_type not in accepted:
            failures.append(_absent(wanted))
        else:
            taken.append((image, reference))
            found.append(_described(address, image.digest, wanted.get("imageTag"), image.media_type, stored.content))
    if not was_asked:
        repositories.get_for_pull(call.caller, address)
    for image, reference in taken:
        pulls.record(call.caller, pulls.Kind.PULL, address, image, reference)
    return {"images": found, "failures": failures}


class _Failure(Exception):
    """An image id that can't be looked for."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def _reference(wanted: dict[str, str]) -> Reference:
    """The tag of an image id, or its digest."""
    if not wanted.get("imageTag") and not wanted.get("imageDigest"):
        raise _Failure("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
    try:
        digest = Digest.parse(wanted["imageDigest"]) if wanted.get("imageDigest") else None
    except InvalidDigest as error:
        raise _Failure("InvalidImageDigest", "Invalid request parameters: the image digest is not one") from error
    if not wanted.get("imageTag") and digest is not None:
        return digest
    try:
        return ImageTag.parse(wanted["imageTag"])
    except InvalidImageTag as error:
        raise _Failure("InvalidImageTag", "Invalid request parameters: the image tag is not one") from error


def _absent(wanted: dict[str, str]) -> dict[str, Any]:
    return {"imageId": wanted, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"}


def _described(address: Any, digest: str, tag: str | None, media_type: str, content: bytes) -> dict[str, Any]:
    return {
        "registryId": address.registry.account_id,
        "repositoryName": str(address.name),
        "imageId": {"imageDigest": digest, "imageTag": tag},
        "imageManifest": content.decode("utf-8", "replace"),
        "imageManifestMediaType": media_type,
    }


@operation("ecr", "PutImage")
@operation("ecr-public", "PutImage")
def put(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Store a manifest under a tag, a digest or both."""
    address = address_of(call, request)
    content = request["imageManifest"].encode()
    digest = Digest.parse(request["imageDigest"]) if request.get("imageDigest") else Digest.of(content)
    tag = ImageTag.parse(request["imageTag"]) if request.get("imageTag") else None
    media_type = request.get("imageManifestMediaType") or _media_type(request["imageManifest"])
    made = images.put(call.caller, address, digest, media_type, content, tags=[tag] if tag else [])
    if not made.changed:
        named = f" and tag '{tag}'" if tag else ""
        raise AwsError(
            "ImageAlreadyExistsException",
            f"Image with digest '{digest}'{named} already exists in the repository with name '{address.name}' in "
            f"registry with id '{address.registry.account_id}'",
        )
    name = str(tag) if tag else None
    return {"image": _described(address, made.image.digest, name, made.image.media_type, content)}


@operation("ecr", "UpdateImageStorageClass")
def update_storage_class(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Archive an image or restore it, which takes no time here."""
    address, wanted = address_of(call, request), request["imageId"]
    if not wanted.get("imageTag") and not wanted.get("imageDigest"):
        raise AwsError("InvalidParameterException", "Invalid request parameters: both tag and digest cannot be null")
    digest = Digest.parse(wanted["imageDigest"]) if wanted.get("imageDigest") else None
    tag = ImageTag.parse(wanted["imageTag"]) if wanted.get("imageTag") else None
    image = archive.update(call.caller, address, digest, tag, request["targetStorageClass"])
    return {
        "registryId": address.registry.account_id,
        "repositoryName": str(address.name),
        "imageId": {"imageDigest": image.digest, "imageTag": str(tag) if tag else None},
        "imageStatus": image.image_status,
    }


def _media_type(manifest: str) -> str:
    """The type that the manifest itself names. AwsError if it names none."""
    try:
        value = json.loads(manifest)
    except (ValueError, RecursionError):
        value = None
    found = value.get("mediaType") if isinstance(value, dict) else None
    if isinstance(found, str) and found:
        return found
    if isinstance(value, dict) and value.get("schemaVersion") == 1:
        return DOCKER_SCHEMA1
    raise AwsError(
        "InvalidParameterException",
        "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'needs a mediaType, or "
        "imageManifestMediaType'",
    )
