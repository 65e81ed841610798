"""From pushes to copies: which destinations an image goes to, and a row with its work for each of them.

Started by the outbox, in the queue of replication. What came by replication goes no further, so there are no loops.
"""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from accounts import outbox
from registry import events
from registry.core import archive, registries
from registry.models import Image, Replication, Repository, TagEvent
from registry.replication import rules
from registry.values import RegistryId

CAME_SO: Final = frozenset({TagEvent.Kind.REPLICATED, TagEvent.Kind.RESTORED})
"""The last event of a tag that was not pushed here."""


def image_pushed(payload: Mapping[str, Any]) -> None:
    """An image was put, or is back. Started by ImagePushed."""
    repository = private(payload["repository"])
    if repository is None:
        return
    found = rules.destinations(rules_of(repository), repository.name, payload["tag"])
    image = _live(repository, payload["digest"]) if found else None
    if image is not None and not is_replica(image, payload["tag"]):
        for destination in found:
            queue(image, payload["tag"], destination)


def storage_class_changed(payload: Mapping[str, Any]) -> None:
    """An image is back from the archive, with its tags. Started by ImageStorageClassChanged."""
    repository = private(payload["repository"]) if payload["storage_class"] == archive.STANDARD else None
    image = _live(repository, payload["digest"]) if repository else None
    if image is not None:
        for tag in list(image.tags.order_by("name").values_list("name", flat=True)) or [""]:
            image_pushed({"repository": payload["repository"], "digest": image.digest, "tag": tag})


def queue(image: Image, tag: str, destination: RegistryId) -> None:
    """Write that an image is to be copied, and the work that copies it; again, if it was written before."""
    repository = image.repository
    with transaction.atomic():
        row = start(image, tag, destination, repository)
        outbox.announce(events.ReplicationDue(row.id))


def start(image: Image, tag: str, destination: RegistryId, repository: Repository) -> Replication:
    """Write that an image is on its way."""
    row, _ = Replication.objects.update_or_create(
        image=image,
        tag=tag,
        region=destination.region,
        registry_id=destination.account_id,
        defaults={
            "account_id": repository.account_id,
            "source_region": repository.region,
            "status": Replication.Status.IN_PROGRESS,
            "failure_code": "",
            "started_at": timezone.now(),
            "finished_at": None,
        },
    )
    return row


def is_replica(image: Image, tag: str) -> bool:
    """Whether an image came here by replication, and under this tag (empty: at all) in no other way since."""
    if not image.replicated_from or not tag:
        return bool(image.replicated_from)
    last = TagEvent.objects.filter(repository_id=image.repository_id, tag=tag).order_by("-at", "-id").first()
    return last is not None and last.kind in CAME_SO


def private(repository_id: int) -> Repository | None:
    """The repository, if it is there and private: public ones are not replicated."""
    found = Repository.objects.filter(id=repository_id, deleted_at=None, account__is_active=True).first()
    return found if found and not found.is_public else None


def rules_of(repository: Repository) -> tuple[rules.Rule, ...]:
    """The rules of a repository's registry."""
    return rules.read(registries.of(repository.address.registry).replication_configuration)


def _live(repository: Repository, digest: str) -> Image | None:
    """The image, if it is there and was not made here."""
    found = Image.objects.filter(repository=repository, digest=digest, deleted_at=None, is_generated=False)
    return found.select_related("repository").first()
