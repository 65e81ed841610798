"""A finding as Amazon Inspector writes it, inside of DescribeImageScanFindings."""

from typing import TYPE_CHECKING, Any, Final
from uuid import NAMESPACE_URL, uuid5

from accounts.iam.arn import Arn
from registry.core import addresses
from registry.scanning.ecosystems import MANAGERS
from registry.scanning.findings import Scanned

if TYPE_CHECKING:
    from registry.models import Finding

UNTRIAGED: Final = "UNTRIAGED"
MOST_TAGS: Final = 100
LONGEST_DESCRIPTION: Final = 1024


def finding(scanned: Scanned, row: "Finding") -> dict[str, Any]:
    """One finding; its ARN stays the same as long as the image has it."""
    advisory = row.advisory
    vectors = [_cvss(each, row) for each in advisory.vectors]
    return {
        "awsAccountId": scanned.repository.account_id,
        "description": (advisory.details or advisory.summary)[:LONGEST_DESCRIPTION] or None,
        "findingArn": _arn(scanned, row),
        "firstObservedAt": row.first_seen_at,
        "lastObservedAt": scanned.scan.completed_at,
        "packageVulnerabilityDetails": {
            "cvss": vectors,
            "referenceUrls": advisory.references,
            "relatedVulnerabilities": [row.advisory_id] if row.advisory_id != row.name else [],
            "source": advisory.id.partition("-")[0],
            "sourceUrl": advisory.url or None,
            "vendorCreatedAt": advisory.published_at,
            "vendorUpdatedAt": advisory.modified_at,
            "vendorSeverity": None if row.severity == "UNDEFINED" else row.severity,
            "vulnerabilityId": row.name,
            "vulnerablePackages": [_package(row)],
        },
        "remediation": {"recommendation": {"text": _advice(row)}},
        "resources": [_resource(scanned)],
        "score": row.score,
        "scoreDetails": {"cvss": _score(advisory.vectors[0])} if advisory.vectors else None,
        "severity": UNTRIAGED if row.severity == "UNDEFINED" else row.severity,
        "status": "SUPPRESSED" if row.suppression_id else "ACTIVE",
        "title": f"{row.name} - {row.package}",
        "type": "PACKAGE_VULNERABILITY",
        "updatedAt": scanned.scan.completed_at,
        "fixAvailable": "YES" if row.fixed_in else "NO",
    }


def _arn(scanned: Scanned, row: "Finding") -> str:
    address = scanned.repository.address
    what = f"{addresses.arn(address)} {scanned.image.digest} {row.name} {row.package} {row.version}"
    name = uuid5(NAMESPACE_URL, what).hex
    return str(Arn("inspector2", address.registry.region, address.registry.account_id, f"finding/{name}"))


def _cvss(each: list[Any], row: "Finding") -> dict[str, Any]:
    _, version, vector, score = each
    source = row.advisory_id.partition("-")[0]
    return {"baseScore": score, "scoringVector": vector, "source": source, "version": version}


def _score(each: list[Any]) -> dict[str, Any]:
    _, version, vector, score = each
    return {"adjustments": [], "score": score, "scoreSource": "OSV", "scoringVector": vector, "version": version}


def _package(row: "Finding") -> dict[str, Any]:
    """The package; of those of rpm, epoch and release are told apart, as Inspector does."""
    known: dict[str, Any] = {
        "arch": row.arch or None,
        "filePath": row.path or None,
        "name": row.package,
        "packageManager": MANAGERS.get(row.package_type),
        "sourceLayerHash": row.layer or None,
        "version": row.version,
        "fixedInVersion": row.fixed_in or "NotAvailable",
    }
    if row.package_type == "rpm":
        epoch, colon, rest = row.version.partition(":")
        version, _, release = (rest if colon else row.version).partition("-")
        known |= {"version": version, "release": release or None}
        known |= {"epoch": int(epoch)} if colon and epoch.isdecimal() else {}
    return known


def _advice(row: "Finding") -> str:
    return f"Update {row.package} to {row.fixed_in}." if row.fixed_in else "No fixed version is known."


def _resource(scanned: Scanned) -> dict[str, Any]:
    image = scanned.image
    arn = addresses.arn(scanned.repository.address)
    details = {
        "architecture": image.architecture or None,
        "imageHash": image.digest,
        "imageTags": sorted(image.tags.values_list("name", flat=True)[:MOST_TAGS]),
        "platform": scanned.scan.sbom.distribution if scanned.scan.sbom else None,
        "pushedAt": image.pushed_at,
        "registry": scanned.repository.account_id,
        "repositoryName": scanned.repository.name,
        "lastInUseAt": image.last_recorded_pull_time,
    }
    return {
        "details": {"awsEcrContainerImage": details},
        "id": f"{arn}/{image.digest}",
        "type": "AWS_ECR_CONTAINER_IMAGE",
        "tags": scanned.repository.resource_tags,
    }
