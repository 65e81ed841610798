"""What scans found, in the shapes of the JSON API, made of what the page is made of."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from registry.image_pages import packages as package_pages
from registry.image_pages.packages import Listed
from registry.scanning.comparing import Comparison, Vulnerability
from registry.scanning.findings import AttachedDocuments, FindingPage
from registry.scanning.sboms import Package
from registry.scanning.summaries import NOT_SCANNED, Summary

if TYPE_CHECKING:
    from registry.models import Finding, Image, ImageScan, Suppression


def vulnerabilities(values: Mapping[str, Any], place: str) -> dict[str, Any]:
    """How far the scan is, and its findings; `place` is where the files of images are."""
    scan, shown = values["scan"], values["shown"]
    page: FindingPage | None = values.get("findings")
    has_list = bool(page and scan and scan.sbom)
    return {
        "digest": shown.digest,
        "platform": shown.platform,
        "status": scan.status if scan else NOT_SCANNED.upper(),
        "reason": scan.reason if scan else "",
        "is_complete": bool(page and scan and not scan.reason),
        "scanned_at": scan.completed_at if page else None,
        "data_of": scan.source_updated_at if page else None,
        "packages": values.get("package_count", 0),
        "counts": [
            {"severity": each.level.upper(), "count": each.count, "fixable": each.fixable}
            for each in values.get("counts", ())
        ],
        "total": page.total if page else 0,
        "next": str(page.next) if page and page.next is not None else "",
        "results": [_finding(row) for row in page.rows] if page else [],
        "vex": _documents(values["attached_vex"]),
        **_files(f"{place}/{shown.digest}", is_there=has_list),
    }


def _files(place: str, *, is_there: bool) -> dict[str, str]:
    """Where the whole list of packages of an image is."""
    return {
        "cyclonedx_url": f"{place}/sbom.cdx.json" if is_there else "",
        "spdx_url": f"{place}/sbom.spdx.json" if is_there else "",
    }


def _finding(row: "Finding") -> dict[str, Any]:
    advisory = row.advisory
    return {
        "id": row.name,
        "advisory": advisory.id,
        "url": advisory.url,
        "summary": advisory.summary,
        "severity": row.severity,
        "score": row.score,
        "vectors": [vector[2] for vector in advisory.vectors],
        "package": row.package,
        "package_type": row.package_type,
        "installed": row.version,
        "installed_as": [each for each in row.installed_as.split(", ") if each],
        "fixed_in": row.fixed_in,
        "path": row.path,
        "layer": row.layer,
        "published_at": advisory.published_at,
        "first_seen_at": row.first_seen_at,
        "vex": _verdict(row.attached_vex),
    }


def _verdict(said: "Suppression | None") -> dict[str, Any] | None:
    """What a document says of a finding."""
    if said is None or said.attached is None:
        return None
    return {"digest": said.attached.referrer.digest, "justification": said.justification}


def _documents(found: AttachedDocuments) -> list[dict[str, Any]]:
    """The VEX documents attached to an image, without what only its account reads."""
    return [
        {
            "digest": each.referrer.digest,
            "pushed_at": each.referrer.pushed_at,
            "problem": each.problem,
            "is_current": each.id in found.current,
            "statements": each.count,
        }
        for each in found.rows
    ]


def packages(image: "Image", scan: "ImageScan | None", found: Listed | None, place: str) -> dict[str, Any]:
    """Whether an image's packages are known, and a page of them; `place` is where the files of images are."""
    sbom = scan.sbom if scan else None
    page = found.page if found else None
    return {
        "digest": image.digest,
        "platform": image.platform,
        "status": scan.status if scan else NOT_SCANNED.upper(),
        "reason": scan.reason if scan else "",
        "packages": sbom.package_count if sbom else None,
        "is_too_long": package_pages.is_too_long(scan),
        "listed_at": sbom.created_at if sbom else None,
        "generator": sbom.generator if sbom else "",
        "distribution": asdict(found.whole.distribution) if found else None,
        "types": dict(found.types.most_common()) if found else {},
        "licences": dict(found.licences.most_common()) if found else {},
        "total": page.total if page else None,
        "next": str(page.next) if page and page.next is not None else "",
        "results": [_package(row) for row in page.rows] if page else [],
        **_files(f"{place}/{image.digest}", is_there=sbom is not None),
    }


def _package(row: Package) -> dict[str, Any]:
    return {
        "name": row.name,
        "version": row.version,
        "type": row.type,
        "architecture": row.arch,
        "source_name": row.source_name,
        "source_version": row.source_version,
        "purl": row.purl,
        "licences": list(row.licences),
        "path": row.path,
        "layer": row.layer,
    }


def summary(found: Summary | None) -> dict[str, Any] | None:
    """What scans say of a row of a list."""
    return asdict(found) | {"state": found.state.upper(), "level": found.level.upper()} if found else None


def of_image(found: tuple[str, Summary] | None) -> dict[str, Any] | None:
    """The same with the digest of the image that it is about."""
    return {"digest": found[0], **(summary(found[1]) or {})} if found else None


def comparison(found: Comparison) -> dict[str, Any]:
    """What scans say of two images."""
    packages, came = found.packages, found.vulnerabilities
    return {
        "packages": {
            "total": packages.total,
            "changes": [asdict(each) | {"kind": each.kind} for each in packages.changes],
        }
        if packages
        else None,
        "vulnerabilities": {
            "is_partial": came.is_partial,
            "fixed_total": came.fixed_total,
            "new_total": came.new_total,
            "same": came.same,
            "fixed": [_changed(row) for row in came.fixed],
            "new": [_changed(row) for row in came.new],
        }
        if came
        else None,
        "missing": found.missing,
    }


def _changed(row: Vulnerability) -> dict[str, Any]:
    return {
        "id": row.name,
        "url": row.url,
        "severity": row.severity,
        "package": row.package,
        "installed": row.version,
        "fixed_in": row.fixed_in,
    }
