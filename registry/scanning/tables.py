"""Findings as rows of a table, and as objects of JSON, one by one."""

import json
from collections.abc import Iterable, Iterator
from itertools import chain

from registry.content import spreadsheets
from registry.models import Finding

Value = str | float | list[str] | None


def as_csv(findings: Iterable[Finding]) -> Iterator[str]:
    """The lines of a CSV file, the names of the columns first."""
    rows = (map(_cell, described(each).values()) for each in findings)
    return spreadsheets.lines(chain([COLUMNS], rows))


def as_json(findings: Iterable[Finding]) -> Iterator[str]:
    """A list of objects, piece by piece."""
    start = "[\n"
    for each in findings:
        yield start + json.dumps(described(each), ensure_ascii=False)
        start = ",\n"
    yield "\n]\n" if start != "[\n" else "[]\n"


def _cell(value: Value) -> str:
    if value is None:
        return ""
    return " ".join(value) if isinstance(value, list) else str(value)


def described(row: Finding) -> dict[str, Value]:
    """A finding by the names of the columns; what is not known is None."""
    image, advisory, suppression = row.scan.image, row.advisory, row.suppression
    return {
        "repository": image.repository.name,
        "imageDigest": image.digest,
        "imageTags": sorted(tag.name for tag in image.tags.all()),
        "severity": row.severity,
        "vulnerability": row.name,
        "advisory": row.advisory_id,
        "package": row.package,
        "packageType": row.package_type,
        "installedAs": row.installed_as or None,
        "installedVersion": row.version,
        "fixedInVersion": row.fixed_in or None,
        "score": row.score,
        "vector": advisory.vectors[0][2] if advisory.vectors else None,
        "layer": row.layer or None,
        "path": row.path or None,
        "publishedAt": advisory.published_at.isoformat() if advisory.published_at else None,
        "firstSeenAt": row.first_seen_at.isoformat(),
        "summary": advisory.summary or None,
        "url": advisory.url or None,
        "status": "SUPPRESSED" if suppression else "ACTIVE",
        "justification": suppression.justification if suppression else None,
        "reason": (suppression.reason or None) if suppression else None,
        "ignoredUntil": suppression.until.isoformat() if suppression and suppression.until else None,
        "attachedVex": suppression.attached.referrer.digest if suppression and suppression.attached else None,
    }


COLUMNS = (
    *("repository", "imageDigest", "imageTags", "severity", "vulnerability", "advisory", "package", "packageType"),
    *("installedAs", "installedVersion", "fixedInVersion", "score", "vector", "layer", "path", "publishedAt"),
    *("firstSeenAt", "summary", "url", "status", "justification", "reason", "ignoredUntil"),
    "attachedVex",
)
