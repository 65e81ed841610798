"""Takedowns: staff remove a public repository, or one image of it, with its bytes, and nobody pushes it again."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller, Staff
from registry import events
from registry.core import addresses, image_tags, repositories, tallies
from registry.core.collecting import removal
from registry.errors import ImageNotFound, InvalidValue, RepositoryNotFound
from registry.models import BlobLink, Image, ImageBlob, ImageChild, ImageTag, Repository, Takedown
from registry.values import PUBLIC, Address, Digest, RegistryId, RepositoryName

LONGEST_REASON: Final = 500


def take_down(staff: Staff, address: Address, reason: str, *, digest: Digest | None = None) -> Takedown:
    """Take a public repository or one image of it down, now; the bytes follow within moments.

    Pulls fail from the commit on, pages say so with the reason. Raises
    RepositoryNotFound, ImageNotFound, InvalidValue.
    """
    if not address.is_public:
        raise InvalidValue(str(address.name), "is not a public repository")
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or "\x00" in reason:
        raise InvalidValue("reason", f"takes 1 to {LONGEST_REASON} characters")
    caller = staff.on(address.registry.account_id)
    with transaction.atomic():
        repository = _locked(address)
        links = BlobLink.objects.filter(repository=repository)
        if digest is None:
            _withdraw_all(repository)
            repository.deleted_at = timezone.now()
            repository.save(update_fields=["deleted_at"])
            outbox.announce(events.RepositoryDeleted(repository.id))
            action = Action.DELETE_REPOSITORY
        else:
            links = links.filter(blob_id__in=_withdraw_one(caller, repository, digest))
            action = Action.BATCH_DELETE_IMAGE
        row = Takedown.objects.create(
            account_id=repository.account_id,
            name=repository.name,
            digest=str(digest or ""),
            reason=reason,
            by=staff.email,
            blob_ids=[str(blob_id) for blob_id in links.values_list("blob_id", flat=True)],
        )
        links.delete()
        details = {"takedown": reason} | ({"imageDigest": str(digest)} if digest else {})
        trail.record(caller, action, addresses.arn(address), details=details)
        outbox.announce(events.TakenDown(row.id))
    return row


def _locked(address: Address) -> Repository:
    """The live repository, held until the transaction ends."""
    found = repositories.find(address)
    locked = found and Repository.objects.select_for_update(no_key=True).filter(id=found.id, deleted_at=None).first()
    if not locked:
        raise RepositoryNotFound(str(address.name), address.registry.account_id)
    return locked


def _withdraw_all(repository: Repository) -> None:
    """Take all images and tags of a repository away, whatever names them; inside a transaction that holds its row."""
    ImageTag.objects.filter(repository=repository).delete()
    going = Image.objects.filter(repository=repository, deleted_at=None)
    tallies.take(repository.id, list(going.only("kind", "size")))
    going.update(deleted_at=timezone.now())


def _withdraw_one(caller: Caller, repository: Repository, digest: Digest) -> set[UUID]:
    """The same for one image with what only it names; return the ids of blobs that no image there names any more.

    What was made of them here goes with them. ImageNotFound.
    """
    live = Image.objects.filter(repository=repository, deleted_at=None)
    image = live.filter(digest=str(digest)).first()
    if image is None:
        raise ImageNotFound(str(digest), repository.name, repository.account_id)
    named = ImageChild.objects.filter(parent__repository=repository, parent__deleted_at=None)
    children = set(named.filter(parent=image).values_list("digest", flat=True))
    children -= set(named.exclude(parent=image).filter(digest__in=children).values_list("digest", flat=True))
    wanted = {image.digest, *children}
    going = list(live.filter(Q(digest__in=wanted) | Q(subject_digest__in=wanted, is_generated=True)))
    blobs = set(ImageBlob.objects.filter(image__in=going).values_list("blob_id", flat=True))
    tags = ImageTag.objects.select_related("image").filter(image__in=going)
    for tag in tags:
        image_tags.remove(caller, repository, tag)
    tallies.take(repository.id, going)
    live.filter(id__in=[each.id for each in going]).update(deleted_at=timezone.now())
    outbox.announce(events.ImageDeleted(repository.id, image.digest))
    kept = ImageBlob.objects.filter(image__in=live, blob_id__in=blobs)
    return blobs - set(kept.values_list("blob_id", flat=True))


def purge(payload: Mapping[str, Any]) -> None:
    """Remove the bytes of what was taken down, unless another repository has them too. Started by TakenDown."""
    row = Takedown.objects.filter(id=payload["takedown"], purged_at=None).first()
    if row is None:
        return
    blob_ids = [UUID(blob_id) for blob_id in row.blob_ids]
    for repository in Repository.objects.filter(account_id=row.account_id, region=PUBLIC, name=row.name):
        removal.forget_deleted(repository, row.digest, blob_ids)
    removal.remove_unneeded(blob_ids)
    Takedown.objects.filter(id=row.id).update(purged_at=timezone.now(), blob_ids=[])


def recent(limit: int = 50) -> list[Takedown]:
    """The newest takedowns, for staff."""
    return list(Takedown.objects.select_related("account").order_by("-at", "-id")[:limit])


def lift(staff: Staff, takedown_id: int) -> Takedown:
    """Let the name or image be pushed again; what was removed does not come back. RepositoryNotFound."""
    changed = Takedown.objects.filter(id=takedown_id, lifted_at=None).update(
        lifted_at=timezone.now(), lifted_by=staff.email
    )
    row = Takedown.objects.filter(id=takedown_id).first()
    if row is None or not changed:
        raise RepositoryNotFound(row.name if row else str(takedown_id), row.account_id if row else "")
    address = Address(RegistryId(row.account_id, PUBLIC), RepositoryName(row.name))
    caller = staff.on(row.account_id)
    trail.record(caller, Action.CREATE_REPOSITORY, addresses.arn(address), details={"takedownLifted": row.reason})
    return row
