"""Takes replicas away where their originals are gone: only what came from that very registry, and nobody uses since.

The registry's policy at the destination has to let the source's account do `ecr:BatchDeleteImage`: who may bring images
may not remove them.
"""

from collections.abc import Callable, Iterable

from django.db import transaction

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import image_rows, images, naming, replicas, repositories
from registry.models import Image, ImageChild, ImageTag, Repository, TagEvent
from registry.values import Address, Digest, RegistryId
from registry.values import ImageTag as Tag

Gone = Callable[[set[str]], set[str]]
"""Which of some digests the source has no more."""


def untag(caller: Caller, source: Repository, destination: RegistryId, digest: str, tag: str) -> bool:
    """Take a tag away that came by replication, if the source has none of the name; whether there was one.

    Raises AccessDenied.
    """
    return take_tag(
        caller,
        Address(destination, source.address.name),
        digest,
        tag,
        is_gone=lambda: not ImageTag.objects.filter(repository=source, name=tag).exists(),
    )


def take_tag(caller: Caller, address: Address, digest: str, tag: str, *, is_gone: Callable[[], bool]) -> bool:
    """The same by address; `is_gone` is asked under the lock whether the source has no such tag. AccessDenied."""
    target = _target(caller, address)
    if target is None:
        return False
    with transaction.atomic():
        repositories.lock(target)
        row = ImageTag.objects.filter(repository=target, name=tag, image__digest=digest).first() if is_gone() else None
        if row is None or not _came_so(caller, target, [tag]):
            return False
        images.untag(caller, target.address, Tag.parse(tag))
    return True


def delete(caller: Caller, source: Repository, destination: RegistryId, digest: str) -> list[str]:
    """Delete the replica of an image that is gone, and of those that it named and that are gone; return which.

    One that another index names, or that has tags of the destination's own, stays. Raises AccessDenied.
    """
    address = Address(destination, source.address.name)
    return take_images(caller, source.address.registry, address, digest, lambda wanted: gone_from(source, wanted))


def gone_from(source: Repository, wanted: set[str]) -> set[str]:
    """Those of the digests that the source has no more."""
    return wanted - set(image_rows.live(source).filter(digest__in=wanted).values_list("digest", flat=True))


def take_images(caller: Caller, source: RegistryId, address: Address, digest: str, gone: Gone) -> list[str]:
    """The same by address; `gone` is asked under the lock which digests the source has no more. AccessDenied."""
    target = _target(caller, address)
    if target is None:
        return []
    with transaction.atomic():
        repositories.lock(target)
        return _delete(caller, replicas.origin_of(source), target, {digest}, gone)


def _target(caller: Caller, address: Address) -> Repository | None:
    """The destination's repository, if it is there and the caller may delete in it."""
    target = repositories.rows_at(address).first()
    replicas.require(caller, address, target, Action.BATCH_DELETE_IMAGE)
    return target


def _delete(caller: Caller, origin: str, target: Repository, digests: set[str], gone: Gone) -> list[str]:
    """Delete those of the replicas that may go, then those that they named."""
    found = list(image_rows.live(target).filter(digest__in=gone(digests), replicated_from=origin).order_by("digest"))
    going = [image for image in found if _is_free(caller, target, image)]
    if not going:
        return []
    below = set(ImageChild.objects.filter(parent__in=going).values_list("digest", flat=True))
    deleted = [image.digest for image in going]
    images.delete_many(caller, target.address, [Digest.parse(each) for each in deleted])
    return deleted + (_delete(caller, origin, target, below, gone) if below else [])


def _is_free(caller: Caller, target: Repository, image: Image) -> bool:
    """Whether no index names a replica, and it has no tags but those that came with it."""
    if naming.of(target, [image.digest]).exists():
        return False
    return _came_so(caller, target, list(image.tags.values_list("name", flat=True)))


def _came_so(caller: Caller, target: Repository, tags: Iterable[str]) -> bool:
    """Whether the source's account has put each of the tags where it is."""
    for tag in tags:
        last = TagEvent.objects.filter(repository=target, tag=tag).order_by("-at", "-id").first()
        if last is None or last.kind != TagEvent.Kind.REPLICATED or last.principal_arn != caller.principal_arn:
            return False
    return True
