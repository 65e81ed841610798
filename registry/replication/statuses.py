"""How far the copies of an image are, at each destination."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import reading, repositories
from registry.errors import ImageNotFound
from registry.models import Image, ImageTag, Replication
from registry.values import Address, Digest, RegistryId
from registry.values import ImageTag as Tag

Status = Replication.Status


@dataclass(frozen=True, slots=True)
class At:
    """How an image does at one destination: all of its tags together, the worst of them."""

    destination: RegistryId
    status: str
    failure_code: str = ""
    since: datetime | None = None
    tags: tuple[str, ...] = ()


def of_image(caller: Caller, address: Address, digest: Digest | None, tag: Tag | None) -> tuple[str, list[At]]:
    """Return the digest of an image that is named by digest, tag or both, and its status at each destination.

    Raises ImageNotFound.
    """
    repository = repositories.authorized(
        caller,
        address,
        Action.DESCRIBE_IMAGE_REPLICATION_STATUS,
        image_tags=lambda found: reading.tags_named(found, digest, tag),
    )
    found = Image.objects.filter(repository=repository, deleted_at=None)
    if digest is not None:
        found = found.filter(digest=str(digest))
    if tag is not None:
        found = found.filter(tags__name=str(tag), tags__repository=repository)
    image = found.first() if digest or tag else None
    if image is None:
        raise ImageNotFound.named(digest, tag, repository.name, repository.account_id)
    return image.digest, of_row(image)


def of_row(image: Image) -> list[At]:
    """The same for an image whose row is known; whoever calls has asked the gate.

    What was copied under a tag that names another image by now counts only if nothing else was.
    """
    named = ImageTag.objects.filter(image=OuterRef("image"), name=OuterRef("tag"))
    found = Replication.objects.filter(image=image).annotate(is_named=Exists(named))
    rows: defaultdict[RegistryId, list[Replication]] = defaultdict(list)
    counting: defaultdict[RegistryId, list[Replication]] = defaultdict(list)
    for row in found.order_by("registry_id", "region", "tag"):
        where = RegistryId(row.registry_id, row.region)
        rows[where].append(row)
        if not row.tag or row.is_named:
            counting[where].append(row)
    return [_together(where, counting[where] or its) for where, its in rows.items()]


def _together(where: RegistryId, rows: list[Replication]) -> At:
    for status in (Status.IN_PROGRESS, Status.FAILED, Status.COMPLETE):
        its = [row for row in rows if row.status == status]
        if its:
            since = max(row.finished_at or row.started_at for row in its)
            return At(where, status, its[0].failure_code, since, tuple(row.tag for row in its if row.tag))
    raise ValueError("a destination without rows")
