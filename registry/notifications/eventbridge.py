"""Amazon EventBridge's shapes of ECR's events, from facts to JSON; pure.

See "Amazon ECR events and EventBridge" in the ECR User Guide. Public repositories have no events there: here they have
the same ones, with the source `aws.ecr-public`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

PUSH, DELETE, UPDATE_STORAGE_CLASS = "PUSH", "DELETE", "UPDATE_STORAGE_CLASS"
SCAN, REPLICATE, TEST = "SCAN", "REPLICATE", "TEST"
IMAGE_ACTION: Final = "ECR Image Action"
REFERRER_ACTION: Final = "ECR Referrer Action"
REPLICATION_ACTION: Final = "ECR Replication Action"
TEST_ACTION: Final = "Kho Webhook Test"
IMAGE_SCAN: Final = "ECR Image Scan"
ENHANCED_SCAN: Final = "Inspector2 Scan"
OF_ENHANCED: Final = {"FAILED": "SCAN_FAILED", "UNSUPPORTED_IMAGE": "UNSUPPORTED_IMAGE"}


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What is known of the image that an event is about; `subject_digest` is what it is attached to, if anything."""

    digest: str
    manifest_media_type: str = ""
    artifact_media_type: str = ""
    subject_digest: str = ""
    last_activated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event as EventBridge hands it on: `detail` inside of what all events have; `resources` are ARNs."""

    id: str
    time: datetime
    source: str
    account: str
    region: str
    detail_type: str
    detail: Mapping[str, Any]
    resources: tuple[str, ...] = ()

    def as_json(self) -> str:
        """The bytes to be sent, as text."""
        return json.dumps(
            {
                "version": "0",
                "id": self.id,
                "detail-type": self.detail_type,
                "source": self.source,
                "account": self.account,
                "time": self.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "region": self.region,
                "resources": list(self.resources),
                "detail": self.detail,
            },
            ensure_ascii=False,
        )


def image_action(
    action: str,
    repository_name: str,
    image: ImageFacts,
    tag: str = "",
    *,
    storage_class: str = "",
) -> tuple[str, dict[str, str]]:
    """Return detail-type and detail of what happened to an image; what is not known is left out."""
    activated_at = image.last_activated_at if storage_class else None
    detail = {
        "result": "SUCCESS",
        "repository-name": repository_name,
        "image-digest": image.digest,
        "action-type": action,
        "image-tag": tag,
        "manifest-media-type": image.manifest_media_type,
        "artifact-media-type": image.artifact_media_type,
        "target-storage-class": storage_class,
        "last-activated-at": activated_at.astimezone(UTC).isoformat() if activated_at else "",
    }
    detail_type = REFERRER_ACTION if image.subject_digest else IMAGE_ACTION
    return detail_type, {name: value for name, value in detail.items() if value}


@dataclass(frozen=True, slots=True)
class ScanFacts:
    """How a scan ended: ECR's status, numbers of findings by severity, tags of the image."""

    status: str
    counts: Mapping[str, int]
    tags: tuple[str, ...]
    is_enhanced: bool = False


def image_scan(repository_name: str, repository_arn: str, digest: str, facts: ScanFacts) -> tuple[str, dict[str, Any]]:
    """Return detail-type and detail of a scan: ECR's own of basic scans, Amazon Inspector's of enhanced ones."""
    counts = {level: count for level, count in facts.counts.items() if count}
    if not facts.is_enhanced:
        return IMAGE_SCAN, {
            "scan-status": facts.status,
            "repository-name": repository_name,
            "finding-severity-counts": counts,
            "image-digest": digest,
            "image-tags": list(facts.tags),
        }
    untriaged = counts.pop("UNDEFINED", 0)
    counts |= {"UNTRIAGED": untriaged} if untriaged else {}
    return ENHANCED_SCAN, {
        "scan-status": OF_ENHANCED.get(facts.status, "INITIAL_SCAN_COMPLETE"),
        "repository-name": repository_arn,
        "finding-severity-counts": {**counts, "TOTAL": sum(counts.values())},
        "image-digest": digest,
        "image-tags": list(facts.tags),
    }


def replication_action(
    repository_name: str, digest: str, tag: str, source_account: str, source_region: str, *, failed: bool = False
) -> tuple[str, dict[str, str]]:
    """Return detail-type and detail of an image that came from another registry, or could not."""
    detail = {
        "result": "FAILED" if failed else "SUCCESS",
        "repository-name": repository_name,
        "image-digest": digest,
        "source-account": source_account,
        "action-type": REPLICATE,
        "source-region": source_region,
        "image-tag": tag,
    }
    return REPLICATION_ACTION, {name: value for name, value in detail.items() if value}
