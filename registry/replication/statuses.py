"""How far the copies of an image are, at each destination."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import reading, repositories
from registry.errors import ImageNotFound
from registry.models import Image, ImageTag, Replication, Repository
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
    return _of([image]).get(image.id, [])


@dataclass(frozen=True, slots=True)
class Reached:
    """At how many destinations an image is, of how many; `status` is the worst."""

    there: int
    of: int
    status: str


def of_list(caller: Caller, repository: Repository | None, images: Sequence[Image]) -> dict[str, Reached]:
    """Where the images of a list are, by digest, in one query; nothing of those that lead nowhere.

    There is nothing for who may not see the status.
    """
    if repository is None or not images:
        return {}
    action = Action.DESCRIBE_IMAGE_REPLICATION_STATUS
    if not repositories.may(caller, repository.address, repository, action):
        return {}
    found = _of(images)
    return {image.digest: _reached(found[image.id]) for image in images if image.id in found}


def _reached(places: list[At]) -> Reached:
    known = {each.status for each in places}
    worst = next(status for status in (Status.FAILED, Status.IN_PROGRESS, Status.COMPLETE) if status in known)
    return Reached(sum(each.status == Status.COMPLETE for each in places), len(places), worst)


def _of(images: Sequence[Image]) -> dict[int, list[At]]:
    """How each image does at its destinations, by its id."""
    named = ImageTag.objects.filter(image=OuterRef("image"), name=OuterRef("tag"))
    found = Replication.objects.filter(image__in=images).annotate(is_named=Exists(named))
    rows: dict[int, dict[RegistryId, list[Replication]]] = {}
    for row in found.order_by("image_id", "registry_id", "region", "tag"):
        rows.setdefault(row.image_id, {}).setdefault(RegistryId(row.registry_id, row.region), []).append(row)
    return {image_id: [_together(*each) for each in its.items()] for image_id, its in rows.items()}


def _together(where: RegistryId, all_rows: list[Replication]) -> At:
    counting = [row for row in all_rows if not row.tag or getattr(row, "is_named")]  # noqa: B009 - annotated
    rows = counting or all_rows
    for status in (Status.IN_PROGRESS, Status.FAILED, Status.COMPLETE):
        its = [row for row in rows if row.status == status]
        if its:
            since = max(row.finished_at or row.started_at for row in its)
            return At(where, status, its[0].failure_code, since, tuple(row.tag for row in its if row.tag))
    raise ValueError("a destination without rows")
