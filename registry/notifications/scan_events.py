"""Tells webhooks that a scan has ended, or that new advisories have changed what it found. Started by ImageScanned."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from registry.core import addresses
from registry.models import ImageScan, Webhook
from registry.models.scan import UNDER_WAY
from registry.notifications import event_types, eventbridge, routing
from registry.notifications.eventbridge import Envelope, ScanFacts
from registry.values import PUBLIC

MOST_TAGS: Final = 1000


def image_scanned(payload: Mapping[str, Any]) -> None:
    """Write a delivery for each webhook that wants to know."""
    scan = ImageScan.objects.select_related("image__repository").filter(id=payload["scan"]).first()
    if scan is None or scan.status in UNDER_WAY or scan.image.deleted_at is not None:
        return
    repository = scan.image.repository
    if not Webhook.objects.filter(account_id=repository.account_id, is_enabled=True).exists():
        return
    tags = tuple(scan.image.tags.order_by("name").values_list("name", flat=True)[:MOST_TAGS])
    counts = scan.counts if scan.is_complete else {}
    facts = ScanFacts(_status(scan), counts, tags, is_enhanced=scan.scan_type == "ENHANCED")
    arn = str(addresses.arn(repository.address))
    detail_type, detail = eventbridge.image_scan(repository.name, arn, scan.image.digest, facts)
    envelope = Envelope(
        id=payload["event_id"],
        time=datetime.fromisoformat(payload["happened_at"]),
        source="aws.inspector2" if facts.is_enhanced else "aws.ecr",
        account=repository.account_id,
        region=settings.HOME_REGION if repository.region == PUBLIC else repository.region,
        detail_type=detail_type,
        detail=detail,
    )
    _write(envelope, repository.name, tags)


def _status(scan: ImageScan) -> str:
    """Status as the event has it: complete is complete, kept up to date or not."""
    return ImageScan.Status.COMPLETE.value if scan.is_complete else scan.status


def _write(envelope: Envelope, name: str, tags: tuple[str, ...]) -> None:
    with transaction.atomic():
        # Locked: whoever resumes a webhook meanwhile finds what is held back here.
        found = Webhook.objects.select_for_update(no_key=True).filter(account_id=envelope.account, is_enabled=True)
        for webhook in found.order_by("id"):
            is_wanted = event_types.is_wanted(event_types.IMAGE_SCAN, webhook.event_types)
            is_wanted = is_wanted and event_types.matches(webhook.repository_filter, name)
            if is_wanted and any(event_types.matches(webhook.tag_filter, tag) for tag in tags or ("",)):
                routing.write(webhook, envelope, eventbridge.SCAN, subject=name)
