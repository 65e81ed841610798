"""The layer calls: an upload and a download path of their own, beside the OCI API, over the same uploads and blobs."""

from typing import Any, Final

from registry.aws.dispatch import Call, operation
from registry.aws.ecr.places import address_of
from registry.aws.errors import AwsError
from registry.core import layers, uploads
from registry.errors import BlobNotFound, BlobTooLarge, InvalidDigest, UploadOutOfOrder
from registry.values import Address, Digest

MOST_DIGESTS: Final = 100
REASONS: Final = {
    "InvalidLayerDigest": "Invalid request parameters: the layer digest is not one",
    "MissingLayerDigest": "Invalid request parameters: the layer digest cannot be empty",
}


@operation("ecr", "BatchCheckLayerAvailability")
@operation("ecr-public", "BatchCheckLayerAvailability")
def check(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Which layers the repository has."""
    address, wanted = address_of(call, request), request["layerDigests"]
    if len(wanted) > MOST_DIGESTS:
        raise AwsError("InvalidParameterException", f"layerDigests takes at most {MOST_DIGESTS} digests")
    found, failures = [], []
    for each in layers.check(call.caller, address, wanted):
        if each.failure:
            failure = {"failureCode": each.failure, "failureReason": REASONS[each.failure]}
            failures.append({"layerDigest": each.digest} | failure)
            continue
        is_there = each.size is not None
        found.append(
            {
                "layerDigest": each.digest,
                "layerAvailability": "ARCHIVED" if each.is_archived else "AVAILABLE" if is_there else "UNAVAILABLE",
                "layerSize": each.size,
                "mediaType": each.media_type or None,
            }
        )
    return {"layers": found, "failures": failures}


@operation("ecr", "InitiateLayerUpload")
@operation("ecr-public", "InitiateLayerUpload")
def start(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Open an upload."""
    upload = uploads.start(call.caller, address_of(call, request))
    return {"uploadId": str(upload.id), "partSize": layers.PART_BYTES}


@operation("ecr", "UploadLayerPart")
@operation("ecr-public", "UploadLayerPart")
def put_part(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Write a part right behind the one before."""
    address, upload_id = address_of(call, request), request["uploadId"]
    first, last, content = request["partFirstByte"], request["partLastByte"], request["layerPartBlob"]
    if last - first + 1 != len(content) or not content:
        there = uploads.find(call.caller, address, upload_id).offset
        raise _wrong_part(address, upload_id, there, f"The part has {len(content)} bytes, not {last - first + 1}")
    try:
        received = layers.put_part(call.caller, address, upload_id, first, content)
    except UploadOutOfOrder as error:
        said = f"The part begins at byte {first}; the next byte is {error.offset}"
        raise _wrong_part(address, upload_id, error.offset, said) from error
    except BlobTooLarge as error:
        raise AwsError("LimitExceededException", "The layer is larger than layers may be") from error
    return _about(address, upload_id) | {"lastByteReceived": received}


def _wrong_part(address: Address, upload_id: str, offset: int, said: str) -> AwsError:
    """InvalidLayerPartException tells where the upload is to go on."""
    last = {"lastValidByteReceived": max(offset - 1, 0)}
    return AwsError("InvalidLayerPartException", said, **_about(address, upload_id), **last)


def _about(address: Address, upload_id: str) -> dict[str, Any]:
    return {
        "registryId": address.registry.account_id,
        "repositoryName": str(address.name),
        "uploadId": upload_id,
    }


@operation("ecr", "CompleteLayerUpload")
@operation("ecr-public", "CompleteLayerUpload")
def complete(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Check the digest; the layer is in the repository then."""
    address, upload_id = address_of(call, request), request["uploadId"]
    digest = _digest(request["layerDigests"][0], "layerDigests")
    layers.complete(call.caller, address, upload_id, digest)
    return _about(address, upload_id) | {"layerDigest": str(digest)}


@operation("ecr", "GetDownloadUrlForLayer")
def download_url(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """An address that anybody who has it may fetch the layer from, for an hour."""
    address, digest = address_of(call, request), _digest(request["layerDigest"], "layerDigest")
    try:
        ticket = layers.ticket(call.caller, address, digest)
    except BlobNotFound as error:
        said = f"Layers with digests '{digest}' required for pulling image do not exist"
        raise AwsError("LayersNotFoundException", said) from error
    return {"downloadUrl": f"{call.origin}/v2/_layers/{ticket}", "layerDigest": str(digest)}


def _digest(text: str, name: str) -> Digest:
    try:
        return Digest.parse(text)
    except InvalidDigest as error:
        said = f"Invalid parameter at '{name}' failed to satisfy constraint: '{error.why}'"
        raise AwsError("InvalidParameterException", said) from error
