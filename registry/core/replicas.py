"""Copies of images in other registries of the deployment: rows and links are made, no byte is moved.

The registry's policy at the destination has to let the source's account in: `ecr:ReplicateImage`, and
`ecr:CreateRepository` where the repository is not there. In one's own account that is granted unless it is denied.
An image is there whole or not at all: blobs and children first, then the manifest, then its tag.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.errors import AccessDenied
from accounts.models import Account
from registry import events
from registry.core import addresses, archive, blobs, image_rows, image_tags, permissions, repositories, stored, tallies
from registry.core import templates as creation
from registry.core.permissions import NO_CONDITIONS, Conditions
from registry.errors import (
    ChildrenNotReplicated,
    CountLimitExceeded,
    ImageArchived,
    ImageNotFound,
    ImageTagAlreadyExists,
    InvalidValue,
    LayersNotFound,
    ReferencedImagesNotFound,
    RegistryError,
    RepositoryAlreadyExists,
)
from registry.models import Blob, BlobLink, Image, ImageBlob, ImageChild, ImageTag, Manifest, Repository, TagEvent
from registry.values import Address, RegistryId

COPIED = (
    *("digest", "media_type", "artifact_type", "subject_digest", "manifest_size", "size", "kind", "os"),
    *("architecture", "variant", "annotations", "facts", "manifest_id"),
)
"""What an image's row says of the image itself."""
MOST_TRIES = 3
"""How often the children of an index are brought, if they are deleted at the destination each time."""


class _ChildrenWent(Exception):
    """Somebody has deleted at the destination what an index names, just before that came."""

    def __init__(self, digests: list[str]) -> None:
        super().__init__(", ".join(digests))
        self.digests = digests


@dataclass(frozen=True, slots=True)
class _Way:
    """From where to where: the source's image row and repository, and the destination's repository."""

    caller: Caller
    source: Repository
    target: Repository

    @property
    def origin(self) -> str:
        """What the copy says of where it comes from."""
        return origin_of(self.source.address.registry)


def origin_of(source: RegistryId) -> str:
    """What copies of a registry's images have as `replicated_from`."""
    return f"{source.account_id}/{source.region}"


def put(caller: Caller, source: Image, destination: RegistryId, tag: str = "") -> bool:
    """Let another registry have an image, under a tag if that names the image at its source; False if it had.

    Raises AccessDenied, ImageNotFound, ImageArchived, ImageTagAlreadyExists (the image is there all the same),
    LayersNotFound, ReferencedImagesNotFound, ChildrenNotReplicated, CountLimitExceeded, QuotaExceeded, InvalidValue for
    a region that is not served. Doing it again changes nothing.
    """
    origin = source.repository
    require_there(source)
    address = Address(destination, origin.address.name)
    if destination.is_public or destination.region not in settings.REGIONS:
        raise InvalidValue(destination.region, "is not a region of this deployment")
    way = _Way(caller, origin, repository_for(caller, address))
    return _put(way, source, tag, frozenset())


def require_there(source: Image) -> None:
    """Return if an image can be pulled at its source. ImageNotFound, ImageArchived."""
    origin = source.repository
    if source.deleted_at or origin.deleted_at:
        raise ImageNotFound(source.digest, origin.name, origin.account_id)
    if source.image_status == Image.Status.ARCHIVED:
        raise ImageArchived(source.digest, origin.name, origin.account_id)


def may_replicate(caller: Caller, address: Address) -> bool:
    """Whether the destination lets the caller's account replicate to a name that may not be there yet."""
    repository = repositories.rows_at(address).first()
    try:
        require(caller, address, repository, Action.REPLICATE_IMAGE)
        if repository is None:
            require(caller, address, None, Action.CREATE_REPOSITORY)
    except AccessDenied:
        return False
    return True


def require(
    caller: Caller,
    address: Address,
    repository: Repository | None,
    action: Action,
    conditions: Conditions = NO_CONDITIONS,
) -> None:
    """Ask the policy of the destination's registry, and that of the repository, which can only refuse. AccessDenied.

    It is asked as it is now: a worker that has read it before a push must not refuse what is allowed since then.
    """
    registry, policies = address.registry, [""]
    permissions.forget(registry)
    if repository is not None:
        conditions = Conditions(repository.resource_tags)
        policies += [repository.policy_text] if repository.policy_text else []
    is_active = Account.objects.filter(id=registry.account_id, is_active=True).exists()
    for text in policies:
        decision = permissions.decide(caller, address, action, policy_text=text, conditions=conditions)
        if not decision.allowed or not is_active:
            arn = str(addresses.arn(address))
            raise AccessDenied(caller.principal_arn, f"ecr:{action}", arn, decision.reason, decision)


def repository_for(caller: Caller, address: Address) -> Repository:
    """The destination's repository, made if it is not there: by the template for replication, if there is one.

    Raises AccessDenied, CountLimitExceeded, TakenDown, InvalidValue.
    """
    found = repositories.rows_at(address).first()
    require(caller, address, found, Action.REPLICATE_IMAGE)
    if found is not None:
        return found
    registry = address.registry
    template = creation.match(registry.account_id, registry.region, str(address.name), creation.REPLICATION)
    tags = template.resource_tags if template else {}
    require(caller, address, None, Action.CREATE_REPOSITORY, repositories.requested(tags))
    try:
        if template is not None:
            return repositories.create_by(caller, address, template)
        return repositories.create(caller, address)
    except RepositoryAlreadyExists:  # another image made it meanwhile
        return repository_for(caller, address)


def _put(way: _Way, source: Image, tag: str, above: frozenset[str]) -> bool:
    """One image with all that it names; `above` are the indexes on the way to it.

    A child that somebody deletes at the destination before its index is there is brought again.
    """
    for left in reversed(range(MOST_TRIES)):
        try:
            return _put_once(way, source, tag, above)
        except _ChildrenWent as error:
            if not left:
                raise ReferencedImagesNotFound(error.digests) from error
    raise ValueError("no try")  # MOST_TRIES is one at least


def _put_once(way: _Way, source: Image, tag: str, above: frozenset[str]) -> bool:
    """The same; _ChildrenWent if one went meanwhile."""
    _put_children(way, source, above)
    has_it = image_rows.live(way.target).filter(digest=source.digest).exists()
    if not has_it:
        stored.require_quota(way.target.account_id)
    needed = _blobs(source)
    refused: ImageTagAlreadyExists | None = None
    with transaction.atomic():
        repositories.lock(way.target)
        # Asked again under the lock: a deletion that follows has looked before, or will look after this.
        if not image_rows.live(way.source).filter(id=source.id).exists():
            raise ImageNotFound(source.digest, way.source.name, way.source.account_id)
        _require_children(way, source, above)
        image, is_new = _image(way, source, needed)
        is_back = archive.activate(way.caller, way.target, [image])
        moved = False
        # Asked under the lock: of two that want the tag, the one that names the image at the source comes last.
        if tag and ImageTag.objects.filter(image=source, name=tag).exists():
            try:
                moved = name(way.caller, way.target, image, tag)
            except ImageTagAlreadyExists as error:
                refused = error
        if is_new or moved:
            record(way.caller, way.target, image, tag if moved else "", way.source.address.registry)
    if refused is not None:
        raise refused
    return is_new or moved or is_back


def _put_children(way: _Way, source: Image, above: frozenset[str]) -> None:
    """All that an index names; what hinders one does not hinder the others. ChildrenNotReplicated."""
    codes: set[str] = set()
    for child in _children(way, source, above):
        try:
            _put(way, child, "", above | {source.digest})
        except ChildrenNotReplicated as error:
            codes |= set(error.codes)
        except RegistryError as error:
            codes.add(type(error).__name__)
    if codes:
        raise ChildrenNotReplicated(sorted(codes))


def _children(way: _Way, source: Image, above: frozenset[str]) -> list[Image]:
    """The images that an index names, as its repository has them. ReferencedImagesNotFound."""
    names = _names(source, above)
    if not names:
        return []
    found = {image.digest: image for image in image_rows.live(way.source).filter(digest__in=names)}
    if missing := names - found.keys():
        raise ReferencedImagesNotFound(sorted(missing))
    return [found[digest] for digest in sorted(names)]


def _require_children(way: _Way, source: Image, above: frozenset[str]) -> None:
    """Return if the destination has what an index names; inside the transaction that locked it. _ChildrenWent."""
    names = _names(source, above)
    there = image_rows.live(way.target).filter(digest__in=names).values_list("digest", flat=True)
    if missing := names - set(there):
        raise _ChildrenWent(sorted(missing))


def _names(source: Image, above: frozenset[str]) -> set[str]:
    """The digests that an index names."""
    return set(ImageChild.objects.filter(parent=source).values_list("digest", flat=True)) - above


def _blobs(source: Image) -> list[Blob]:
    """The blobs that an image needs. LayersNotFound if one of them is damaged."""
    found = list(Blob.objects.filter(images__image=source).distinct())
    if missing := [blob.digest for blob in found if blob.state != Blob.State.LIVE]:
        raise LayersNotFound(sorted(missing))
    return found


def _image(way: _Way, source: Image, needed: Iterable[Blob]) -> tuple[Image, bool]:
    """The destination's image, made if it is not there; inside the transaction that locked the repository."""
    image = image_rows.live(way.target).filter(digest=source.digest).first()
    if image is not None:
        was_generated = image_rows.adopt(image)
        if was_generated:
            image.replicated_from = way.origin
            image.save(update_fields=["replicated_from"])
        return image, was_generated
    image_rows.require_room(way.target)
    _link(way.target, needed)
    if not Manifest.objects.select_for_update(no_key=True).filter(digest=source.digest).exists():
        raise ImageNotFound(source.digest, way.source.name, way.source.account_id)
    facts = {name: getattr(source, name) for name in COPIED}
    by = way.caller.principal_arn
    made = Image.objects.create(repository=way.target, **facts, pushed_by=by, replicated_from=way.origin)
    _copy_references(source, made)
    tallies.add(way.target.id, [made])
    return made, True


def _link(target: Repository, needed: Iterable[Blob]) -> None:
    """Let the destination see the blobs, held, so that collection leaves them alone. LayersNotFound."""
    digests = {blob.id: blob.digest for blob in needed}
    held = Blob.objects.select_for_update(no_key=True).filter(id__in=digests, state=Blob.State.LIVE).order_by("id")
    if missing := digests.keys() - set(held.values_list("id", flat=True)):
        raise LayersNotFound(sorted(digests[blob_id] for blob_id in missing))
    end = blobs.grace_end()
    links = (BlobLink(repository=target, blob_id=blob_id, keep_until=end) for blob_id in digests)
    BlobLink.objects.bulk_create(links, ignore_conflicts=True)


def _copy_references(source: Image, made: Image) -> None:
    """Write which blobs and children the copy has: the same as at its source."""
    blob_rows = source.blobs.values("blob_id", "position", "is_config", "media_type")
    ImageBlob.objects.bulk_create(ImageBlob(image=made, **row) for row in blob_rows)
    child_rows = source.children.values("digest", "position", "os", "architecture", "variant", "is_attestation")
    ImageChild.objects.bulk_create(ImageChild(parent=made, **row) for row in child_rows)


def name(caller: Caller, target: Repository, image: Image, tag: str) -> bool:
    """Let the tag name the image, inside the transaction that locked the repository; False if it did.

    ImageTagAlreadyExists if it may not move, CountLimitExceeded.
    """
    moved = image_tags.move(caller, target, tag, image, because=TagEvent.Kind.REPLICATED)
    if moved and ImageTag.objects.filter(image=image).count() > settings.MAX_TAGS:
        raise CountLimitExceeded(f"An image may have {settings.MAX_TAGS} tags")
    return moved


def record(caller: Caller, target: Repository, image: Image, tag: str, source: RegistryId) -> None:
    """Write to the destination's trail that an image came, and announce it."""
    Repository.objects.filter(id=target.id).update(last_push_at=timezone.now())
    details = {
        "imageDigest": image.digest,
        "imageTag": tag,
        "sourceRegistryId": source.account_id,
        "sourceRegion": source.region,
    }
    trail.record(caller, Action.REPLICATE_IMAGE, addresses.arn(target.address), details=details)
    outbox.announce(events.ImageReplicated(target.id, image.digest, tag, source.account_id, source.region))
