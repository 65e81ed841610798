"""From domain events to deliveries: which webhooks of the account want an event, and what they are sent.

Started by the outbox. A delivery and the work that sends it are written together, once for each event and webhook.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from accounts import outbox
from registry import events
from registry.core import addresses
from registry.models import Image, Replication, Repository, Webhook, WebhookDelivery
from registry.notifications import event_types, eventbridge
from registry.notifications.eventbridge import Envelope, ImageFacts
from registry.values import PUBLIC, Address, RegistryId

log = structlog.get_logger(__name__)


def image_pushed(payload: Mapping[str, Any]) -> None:
    """An image was put, under a tag or by digest alone. Started by ImagePushed."""
    _route(payload, eventbridge.PUSH, payload["tag"])


def image_deleted(payload: Mapping[str, Any]) -> None:
    """An image is gone: the event names no tag. Started by ImageDeleted."""
    _route(payload, eventbridge.DELETE)


def image_untagged(payload: Mapping[str, Any]) -> None:
    """A tag is gone: the event names it. Started by ImageUntagged."""
    _route(payload, eventbridge.DELETE, payload["tag"])


def storage_class_changed(payload: Mapping[str, Any]) -> None:
    """An image was archived or restored. Started by ImageStorageClassChanged."""
    _route(payload, eventbridge.UPDATE_STORAGE_CLASS, storage_class=payload["storage_class"])


def image_replicated(payload: Mapping[str, Any]) -> None:
    """An image came from another registry: told at the destination. Started by ImageReplicated."""
    repository = Repository.objects.filter(id=payload["repository"]).first()
    if repository is None:
        return
    source = payload["source_account"], payload["source_region"]
    said = eventbridge.replication_action(repository.name, payload["digest"], payload["tag"], *source)
    arn = str(addresses.arn(repository.address))
    _replication(payload, repository.account_id, repository.region, arn, said)


def replication_failed(payload: Mapping[str, Any]) -> None:
    """An image could not be replicated: told at the source, whose rules they are. Started by ReplicationFailed."""
    row = Replication.objects.select_related("image__repository").filter(id=payload["replication"]).first()
    if row is None:
        return
    repository = row.image.repository
    source = repository.account_id, repository.region
    said = eventbridge.replication_action(repository.name, row.image.digest, row.tag, *source, failed=True)
    target = Address(RegistryId(row.registry_id, row.region), repository.address.name)
    _replication(payload, *source, str(addresses.arn(target)), said)


def _replication(
    payload: Mapping[str, Any], account_id: str, region: str, arn: str, said: tuple[str, dict[str, str]]
) -> None:
    """Write the deliveries of an event of replication to an account's webhooks."""
    detail_type, detail = said
    envelope = Envelope(
        id=payload["event_id"],
        time=datetime.fromisoformat(payload["happened_at"]),
        source="aws.ecr",
        account=account_id,
        region=region,
        detail_type=detail_type,
        detail=detail,
        resources=(arn,),
    )
    _write(envelope, eventbridge.REPLICATE, detail["repository-name"], detail.get("image-tag", ""))


def _route(payload: Mapping[str, Any], action: str, tag: str = "", *, storage_class: str = "") -> None:
    """Write a delivery for each webhook that wants the event."""
    repository = Repository.objects.filter(id=payload["repository"]).first()
    if repository is None:
        log.warning("an event of a repository that is gone is told to nobody", repository=payload["repository"])
        return
    if not Webhook.objects.filter(account_id=repository.account_id, is_enabled=True).exists():
        return
    image = _facts(repository, payload["digest"])
    detail_type, detail = eventbridge.image_action(action, repository.name, image, tag, storage_class=storage_class)
    envelope = Envelope(
        id=payload["event_id"],
        time=datetime.fromisoformat(payload["happened_at"]),
        source="aws.ecr-public" if repository.region == PUBLIC else "aws.ecr",
        account=repository.account_id,
        region=settings.HOME_REGION if repository.region == PUBLIC else repository.region,
        detail_type=detail_type,
        detail=detail,
    )
    _write(envelope, action, repository.name, tag)


def _facts(repository: Repository, digest: str) -> ImageFacts:
    """What rows say of an image, of one that is deleted too."""
    row = Image.objects.filter(repository=repository, digest=digest).order_by("-id").first()
    if row is None:
        return ImageFacts(digest)
    return ImageFacts(digest, row.media_type, row.artifact_type, row.subject_digest, row.last_activated_at)


def _write(envelope: Envelope, action: str, name: str, tag: str) -> None:
    kind = event_types.kind_of(envelope.detail_type, action)
    with transaction.atomic():
        # Locked: whoever resumes a webhook meanwhile finds what is held back here.
        found = Webhook.objects.select_for_update(no_key=True).filter(account_id=envelope.account, is_enabled=True)
        for webhook in found.order_by("id"):
            is_wanted = event_types.is_wanted(kind, webhook.event_types)
            is_wanted = is_wanted and event_types.matches(webhook.repository_filter, name)
            if is_wanted and event_types.matches(webhook.tag_filter, tag):
                write(webhook, envelope, action, subject=name)


def write(webhook: Webhook, envelope: Envelope, action: str, *, subject: str = "") -> WebhookDelivery:
    """Write a delivery and the work that sends it, inside a transaction; once for each event."""
    state = WebhookDelivery.State
    is_held = webhook.paused_at is not None and action != eventbridge.TEST
    delivery, is_new = WebhookDelivery.objects.get_or_create(
        webhook=webhook,
        event_id=UUID(envelope.id),
        defaults={
            "detail_type": envelope.detail_type,
            "action": action,
            "subject": subject,
            "body": envelope.as_json(),
            "state": state.HELD if is_held else state.PENDING,
        },
    )
    if is_new and not is_held:
        outbox.announce(events.WebhookDeliveryDue(str(delivery.id)))
    return delivery
