"""StartImageScan and DescribeImageScanFindings, in the shapes of basic and of enhanced scanning.

Findings that are left aside have the status SUPPRESSED in the latter; the former has no word for it, and no such rows.
"""

from typing import TYPE_CHECKING, Any, Final

from registry.aws import pages
from registry.aws.dispatch import Call, operation
from registry.aws.ecr import enhanced
from registry.aws.ecr.places import address_of
from registry.aws.errors import AwsError
from registry.scanning import findings, scans
from registry.scanning.findings import Scanned
from registry.values import Digest, ImageTag

if TYPE_CHECKING:
    from registry.models import Finding, Image, ImageScan

PAGE: Final = 100
ARCHIVED: Final = "ARCHIVED"
WITHOUT_REASON: Final = {
    "PENDING": "The scan is queued.",
    "IN_PROGRESS": "The scan is in progress.",
    "COMPLETE": "The scan was completed successfully.",
    "ACTIVE": "Continuous scan is selected for image.",
    "SCAN_ELIGIBILITY_EXPIRED": "The image is no longer scanned continuously.",
}
"""Status -> what its description says if the scan has no reason of its own."""


@operation("ecr", "StartImageScan")
def start(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """Queue a scan; once a day for each image."""
    address = address_of(call, request)
    digest, tag = _named(request)
    scan = scans.start(call.caller, address, digest, tag)
    return {
        "registryId": address.registry.account_id,
        "repositoryName": str(address.name),
        "imageId": _image_id(scan.image.digest, tag),
        "imageScanStatus": status_of(scan, scan.image),
    }


@operation("ecr", "DescribeImageScanFindings")
def describe(call: Call, request: dict[str, Any]) -> dict[str, Any]:
    """How far the scan is, and what it found, page by page."""
    address = address_of(call, request)
    digest, tag = _named(request)
    scanned = findings.get(call.caller, address, digest, tag)
    known = {
        "registryId": address.registry.account_id,
        "repositoryName": str(address.name),
        "imageId": _image_id(scanned.image.digest, tag),
        "imageScanStatus": status_of(scanned.scan, scanned.image),
    }
    if not scanned.scan.is_complete or scanned.image.image_status == ARCHIVED:
        return known
    place = f"{address.registry.account_id}/{address.registry.region}/{address.name}/{scanned.version}"
    after = pages.after(call, place, request.get("nextToken"))
    limit = request.get("maxResults", PAGE)
    only = findings.EVERY_ONE if scanned.scan.scan_type == "ENHANCED" else findings.ALL
    found = findings.page(scanned.scan, only=only, after=int(after or -1), limit=limit)
    token = pages.token(call, place, str(found.next)) if found.next is not None else None
    return known | {"imageScanFindings": _findings(scanned, found.rows), "nextToken": token}


def status_of(scan: "ImageScan", image: "Image") -> dict[str, str]:
    """How far an image's scan is; what is in the archive is not scanned."""
    if image.image_status == ARCHIVED:
        return {"status": "IMAGE_ARCHIVED", "description": "The image is archived; restore it to have it scanned."}
    return {"status": scan.status, "description": scan.reason or WITHOUT_REASON.get(scan.status, "")}


def summary_of(scan: "ImageScan", image: "Image") -> dict[str, Any] | None:
    """The numbers of findings, of a scan that has found any or none."""
    if not scan.is_complete or image.image_status == ARCHIVED:
        return None
    return {
        "imageScanCompletedAt": scan.completed_at,
        "vulnerabilitySourceUpdatedAt": scan.source_updated_at,
        "findingSeverityCounts": _counts(scan),
    }


def _counts(scan: "ImageScan") -> dict[str, int]:
    """The numbers above zero; Amazon Inspector has a word of its own for what nobody has rated."""
    undefined = "UNTRIAGED" if scan.scan_type == "ENHANCED" else "UNDEFINED"
    return {undefined if level == "UNDEFINED" else level: count for level, count in scan.counts.items() if count}


def _findings(scanned: Scanned, rows: "list[Finding]") -> dict[str, Any]:
    known = summary_of(scanned.scan, scanned.image) or {}
    if scanned.scan.scan_type == "ENHANCED":
        return known | {"enhancedFindings": [enhanced.finding(scanned, row) for row in rows]}
    return known | {"findings": [_basic(row) for row in rows]}


def _basic(row: "Finding") -> dict[str, Any]:
    """A finding of basic scanning: what is known of it beside its name are attributes."""
    attributes = {"package_name": row.package, "package_version": row.version, "fixed_in_version": row.fixed_in}
    for _, version, vector, score in row.advisory.vectors:
        kind = f"CVSS{version.partition('.')[0]}"
        attributes.setdefault(f"{kind}_VECTOR", vector)
        attributes.setdefault(f"{kind}_SCORE", str(score))
    if row.advisory_id != row.name:
        attributes["advisory"] = row.advisory_id
    return {
        "name": row.name,
        "description": row.advisory.details or row.advisory.summary or None,
        "uri": row.advisory.url or None,
        "severity": row.severity,
        "attributes": [{"key": key, "value": value} for key, value in attributes.items() if value],
    }


def _named(request: dict[str, Any]) -> tuple[Digest | None, ImageTag | None]:
    """The image that a request is about. InvalidDigest, InvalidImageTag."""
    wanted = request["imageId"]
    if not wanted.get("imageTag") and not wanted.get("imageDigest"):
        raise AwsError("InvalidParameterException", "Invalid request parameters: both tag and digest cannot be null")
    digest = Digest.parse(wanted["imageDigest"]) if wanted.get("imageDigest") else None
    return digest, ImageTag.parse(wanted["imageTag"]) if wanted.get("imageTag") else None


def _image_id(digest: str, tag: ImageTag | None) -> dict[str, str | None]:
    return {"imageDigest": digest, "imageTag": str(tag) if tag else None}
