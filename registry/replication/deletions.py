"""From deletions to deletions, where a rule says so (`deleteReplication`): images and tags that are gone go there, too.

Started by the outbox, in the queue of replication. The deletion of a whole repository is not followed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.errors import AccessDenied
from registry import events
from registry.core import addresses, peers, replica_removal
from registry.errors import PeerUnavailable, RegistryError
from registry.models import Image, ImageTag, Repository
from registry.replication import routing, rules, sending
from registry.replication.copying import caller_of, next_try
from registry.replication.sending import code_of
from registry.values import RegistryId

log = structlog.get_logger(__name__)

Removal = Callable[[Repository, RegistryId], object]


def image_deleted(payload: Mapping[str, Any]) -> None:
    """An image is gone. Started by ImageDeleted."""
    digest = payload["digest"]

    def remove(source: Repository, destination: RegistryId) -> None:
        peer = peers.serving(destination.region)
        if peer is None:
            replica_removal.delete(caller_of(source), source, destination, digest)
            return
        sending.delete(peer, source, destination, digest)
        back = Image.objects.filter(repository=source, digest=digest, deleted_at=None).first()
        if back is not None:
            for tag in list(back.tags.order_by("name").values_list("name", flat=True)) or [""]:
                _bring_back(back, tag, destination)

    _follow(payload, {"imageDigest": digest}, remove)


def image_untagged(payload: Mapping[str, Any]) -> None:
    """A tag is gone. Started by ImageUntagged."""
    digest, tag = payload["digest"], payload["tag"]

    def remove(source: Repository, destination: RegistryId) -> None:
        peer = peers.serving(destination.region)
        if peer is None:
            replica_removal.untag(caller_of(source), source, destination, digest, tag)
            return
        sending.untag(peer, source, destination, digest, tag)
        back = ImageTag.objects.select_related("image__repository").filter(repository=source, name=tag).first()
        if back is not None:
            _bring_back(back.image, tag, destination)

    _follow(payload, {"imageDigest": digest, "imageTag": tag}, remove)


def left(payload: Mapping[str, Any]) -> None:
    """The same at one destination, or after an image or its tag went while it was on its way to a peer.

    Started by ReplicaLeft.
    """
    (image_untagged if payload["tag"] else image_deleted)(payload)


def _bring_back(image: Image, tag: str, destination: RegistryId) -> None:
    """Send what came back here while its deletion was on its way to a peer, where no lock keeps it."""
    repository = image.repository
    is_led = destination in rules.destinations(routing.rules_of(repository), repository.name, tag)
    if is_led and not routing.is_replica(image, tag):
        routing.queue(image, tag, destination)


def _follow(payload: Mapping[str, Any], image_id: Mapping[str, str], remove: Removal) -> None:
    """Remove at the destinations, each by work of its own: however often one is asked, others are asked once."""
    source = routing.private(payload["repository"])
    if source is None:
        return
    found = rules.destinations_of_deletions(routing.rules_of(source), source.name)
    if only := payload.get("destination"):
        found = tuple(each for each in found if _named(each) == only)
    if len(found) == 1:
        _follow_at(source, found[0], payload, image_id, remove)
        return
    digest, tag = image_id["imageDigest"], image_id.get("imageTag", "")
    with transaction.atomic():
        outbox.announce(*(events.ReplicaLeft(source.id, digest, tag, _named(each)) for each in found))


def _named(destination: RegistryId) -> str:
    """How an event names a destination."""
    return f"{destination.account_id}/{destination.region}"


def _follow_at(
    source: Repository,
    destination: RegistryId,
    payload: Mapping[str, Any],
    image_id: Mapping[str, str],
    remove: Removal,
) -> None:
    """Remove at one; what it refuses is written to the source's trail. outbox.Later while a peer is away, for a day."""
    try:
        remove(source, destination)
    except (RegistryError, AccessDenied) as error:
        if isinstance(error, PeerUnavailable):
            again_at = next_try(datetime.fromisoformat(payload["happened_at"]))
            if again_at is not None:
                raise outbox.Later(again_at) from error
        code = code_of(error)
        log.info("a deletion could not be replicated", repository=source.id, code=code)
        to = {"region": destination.region, "registryId": destination.account_id}
        trail.record(
            caller_of(source),
            Action.BATCH_DELETE_IMAGE,
            addresses.arn(source.address),
            error_code=code,
            details={"imageIds": [dict(image_id)], "destination": to},
        )
