"""Images: put, get, head, delete, untag, referrers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import events
from registry.core import addresses, blobs, image_tags, pulls, reading, removed, repositories, tallies
from registry.core.reading import FoundImage
from registry.core.storable import storable
from registry.errors import (
    BlobNotFound,
    CountLimitExceeded,
    ImageIsReferenced,
    ImageNotFound,
    InvalidDigest,
    InvalidImageTag,
    LayersNotFound,
    ManifestDigestMismatch,
    ManifestTooLarge,
    ReferencedImagesNotFound,
)
from registry.manifests import describe
from registry.manifests.parse import Descriptor, ParsedManifest, parse
from registry.models import Blob, Image, ImageBlob, ImageChild, ImageTag, Manifest, Repository
from registry.values import Address, Digest, Reference
from registry.values import ImageTag as Tag

LARGEST_CONFIG = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Put:
    """What a put made or found: the image, the digest of its subject (empty if it has none), whether it changed any."""

    image: Image
    subject: str
    changed: bool = True


@dataclass(frozen=True, slots=True)
class Stored:
    """An image and the exact bytes of its manifest."""

    image: FoundImage
    content: bytes


def put(
    caller: Caller,
    address: Address,
    reference: Reference,
    media_type: str,
    content: bytes,
    *,
    tags: Sequence[Tag] = (),
) -> Put:
    """Store a manifest, and let the tag (if the reference is one) or, beside a digest, `tags` name it: all or none.

    Putting what is there already changes nothing. Raises ManifestInvalid, ManifestTooLarge, ManifestDigestMismatch,
    LayersNotFound, ReferencedImagesNotFound, ImageTagAlreadyExists, CountLimitExceeded, TakenDown.
    """
    names = list(dict.fromkeys(str(tag) for tag in ((reference,) if isinstance(reference, Tag) else tags)))
    repository = repositories.authorized_for_push(caller, address, Action.PUT_IMAGE, names)
    if len(content) > settings.MAX_MANIFEST_BYTES:
        raise ManifestTooLarge(settings.MAX_MANIFEST_BYTES)
    digest = Digest.of(content, reference.algorithm if isinstance(reference, Digest) else "sha256")
    removed.refuse_again(address, str(digest))
    if isinstance(reference, Digest) and digest != reference:
        raise ManifestDigestMismatch(str(reference), str(digest))
    parsed = parse(content, media_type)
    present = _require_blobs(repository, parsed)
    _require_children(repository, parsed)
    facts = _config_facts(parsed, present)
    subject = str(parsed.subject.digest) if parsed.subject else ""
    with transaction.atomic():
        repositories.lock(repository)
        _lock_blobs(present.values())
        image = _live(repository).filter(digest=str(digest)).first()
        is_new = image is None
        if image is None:
            if _live(repository).count() >= settings.MAX_IMAGES:
                raise CountLimitExceeded(f"A repository may have {settings.MAX_IMAGES} images")
            image = _create(caller, repository, parsed, str(digest), content, facts)
            _create_references(image, parsed, present)
            tallies.add(repository.id, [image])
        moved = [name for name in names if image_tags.move(caller, repository, name, image)]
        if moved and ImageTag.objects.filter(image=image).count() > settings.MAX_TAGS:
            raise CountLimitExceeded(f"An image may have {settings.MAX_TAGS} tags")
        if is_new or moved:
            image_tags.record_push(caller, repository, image, moved or [""])
    return Put(image, subject, changed=bool(is_new or moved))


def get(caller: Caller, address: Address, reference: Reference) -> Stored:
    """Return an image with its manifest, and record the pull."""
    image = reading.image(caller, address, reference)
    content = reading.manifest(image.digest)
    if content is None:
        raise ImageNotFound(str(reference), str(address.name), address.registry.account_id)
    pulls.record(caller, pulls.Kind.PULL, address, image, reference)
    return Stored(image, content)


def head(caller: Caller, address: Address, reference: Reference) -> FoundImage:
    """Return an image without its manifest; refreshes the last pull time, but is no pull."""
    image = reading.image(caller, address, reference)
    pulls.record(caller, pulls.Kind.HEAD, address, image, reference)
    return image


def untag(caller: Caller, address: Address, tag: Tag) -> None:
    """Take a tag away; the image stays, even if it was its last one. ImageNotFound."""
    repository = repositories.authorized_for_tags(caller, address, Action.BATCH_DELETE_IMAGE, lambda _: [str(tag)])
    with transaction.atomic():
        repositories.lock(repository)
        row = ImageTag.objects.select_related("image").filter(repository=repository, name=str(tag)).first()
        if row is None:
            raise ImageNotFound(str(tag), repository.name, repository.account_id)
        _untag(caller, repository, [row])
        _record_deletion(caller, address, [{"imageTag": row.name, "imageDigest": row.image.digest}])


def delete(caller: Caller, address: Address, digest: Digest) -> None:
    """Delete an image and all its tags. ImageNotFound; ImageIsReferenced while an index of the repository names it."""
    delete_many(caller, address, [digest])


def delete_many(caller: Caller, address: Address, digests: Sequence[Digest]) -> None:
    """Delete several images in one transaction, all or none. An index and its children may go together."""
    wanted = {str(digest) for digest in digests}
    repository = repositories.authorized_for_tags(
        caller, address, Action.BATCH_DELETE_IMAGE, lambda found: _tags_of(found, wanted)
    )
    with transaction.atomic():
        repositories.lock(repository)
        images = {image.digest: image for image in _live(repository).filter(digest__in=wanted)}
        for digest in sorted(wanted - images.keys()):
            raise ImageNotFound(digest, repository.name, repository.account_id)
        naming = ImageChild.objects.filter(
            parent__repository=repository, parent__deleted_at=None, digest__in=wanted
        ).exclude(parent__in=images.values())
        for digest in naming.values_list("digest", flat=True)[:1]:
            raise ImageIsReferenced(digest, repository.name, repository.account_id)
        tags = ImageTag.objects.select_related("image").filter(image__in=images.values())
        deleted = [{"imageDigest": digest} for digest in sorted(wanted)]
        _untag(caller, repository, list(tags))
        _record_deletion(caller, address, deleted)
        _mark_deleted(repository, wanted)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one of several images was not deleted; `code` is ECR's."""

    digest: str
    tag: str
    code: str
    reason: str


def delete_ids(
    caller: Caller, address: Address, wanted: Sequence[tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[Failure]]:
    """Delete images by (digest, tag), as BatchDeleteImage does; return what went, and what did not and why.

    By tag, with or without its digest, the tag goes, and with its last tag the image, unless an index names it. By
    digest alone the image goes with all its tags. An index goes before the images that it names.
    """
    failures = []
    found: list[tuple[str, str]] = []
    for digest, tag in dict.fromkeys(wanted):
        wrong = _wrong_id(digest, tag)
        if wrong:
            failures.append(Failure(digest, tag, *wrong))
        else:
            found.append((digest, tag))
    names = [tag for _, tag in found if tag]
    digests = {digest for digest, tag in found if not tag}
    repository = repositories.authorized_for_tags(
        caller, address, Action.BATCH_DELETE_IMAGE, lambda row: [*names, *_tags_of(row, digests)]
    )
    gone: list[tuple[str, str]] = []
    with transaction.atomic():
        repositories.lock(repository)
        indexes = set(
            _live(repository).filter(digest__in=digests, kind=Image.Kind.INDEX).values_list("digest", flat=True)
        )
        for digest, tag in sorted(found, key=lambda each: not each[1] and each[0] not in indexes):
            if tag:
                failure = _delete_tag(caller, repository, digest, tag, gone)
            else:
                failure = _delete_image(caller, repository, digest, gone)
            if failure:
                failures.append(failure)
        if gone:
            named = [{"imageDigest": digest} | ({"imageTag": tag} if tag else {}) for digest, tag in gone]
            _record_deletion(caller, address, named)
    return gone, failures


def _wrong_id(digest: str, tag: str) -> tuple[str, str] | None:
    """Code and reason of an image id that can't name any image."""
    if not digest and not tag:
        return "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"
    try:
        if digest:
            Digest.parse(digest)
    except InvalidDigest:
        return "InvalidImageDigest", "Invalid request parameters: the image digest is not one"
    try:
        if tag:
            Tag.parse(tag)
    except InvalidImageTag:
        return "InvalidImageTag", "Invalid request parameters: the image tag is not one"
    return None


def _delete_tag(
    caller: Caller, repository: Repository, digest: str, tag: str, gone: list[tuple[str, str]]
) -> Failure | None:
    """Take a tag away, and its image if that was the last one."""
    row = ImageTag.objects.select_related("image").filter(repository=repository, name=tag).first()
    if row is None:
        return Failure(digest, tag, "ImageNotFound", "Requested image not found")
    image = row.image
    if digest and digest != image.digest:
        reason = "Requested image tag does not match the image digest"
        return Failure(digest, tag, "ImageTagDoesNotMatchDigest", reason)
    _untag(caller, repository, [row])
    gone.append((image.digest, tag))
    if not ImageTag.objects.filter(image=image).exists() and not _is_named(repository, image.digest):
        _mark_deleted(repository, [image.digest])
    return None


def _delete_image(caller: Caller, repository: Repository, digest: str, gone: list[tuple[str, str]]) -> Failure | None:
    """Delete an image with all its tags."""
    image = _live(repository).filter(digest=digest).first()
    if image is None:
        return Failure(digest, "", "ImageNotFound", "Requested image not found")
    if _is_named(repository, digest):
        reason = "Requested image referenced by manifest list"
        return Failure(digest, "", "ImageReferencedByManifestList", reason)
    rows = list(ImageTag.objects.select_related("image").filter(image=image).order_by("name"))
    _untag(caller, repository, rows)
    gone.extend((digest, row.name) for row in rows)
    if not rows:
        gone.append((digest, ""))
    _mark_deleted(repository, [digest])
    return None


def _is_named(repository: Repository, digest: str) -> bool:
    """Whether a live index of the repository names the image."""
    return ImageChild.objects.filter(parent__repository=repository, parent__deleted_at=None, digest=digest).exists()


def _mark_deleted(repository: Repository, digests: Iterable[str]) -> None:
    """Let images be gone, and announce it, inside the transaction that locked the repository."""
    wanted = sorted(digests)
    going = _live(repository).filter(digest__in=wanted)
    tallies.take(repository.id, list(going.only("kind", "size")))
    going.update(deleted_at=timezone.now())
    for digest in wanted:
        outbox.announce(events.ImageDeleted(repository.id, digest))


def referrers(
    caller: Caller,
    address: Address,
    digest: Digest,
    *,
    artifact_types: Sequence[str] = (),
    last: str = "",
    limit: int = 100,
) -> tuple[list[Image], bool]:
    """Return the images whose subject is `digest`, by digest after `last`, and whether more follow."""
    repository = repositories.authorized(
        caller, address, Action.BATCH_GET_IMAGE, image_tags=lambda found: _tags_of(found, {str(digest)})
    )
    found = _live(repository).filter(subject_digest=str(digest), digest__gt=last).order_by("digest")
    if artifact_types:
        found = found.filter(artifact_type__in=artifact_types)
    images = list(found[: limit + 1])
    return images[:limit], len(images) > limit


def _tags_of(repository: Repository | None, digests: Iterable[str]) -> list[str]:
    """The tags by which images are reached, for policies that ask."""
    if repository is None:
        return []
    return sorted({tag for digest in digests for tag in reading.tags_of_image(repository.id, digest)})


def _live(repository: Repository) -> QuerySet[Image]:
    """The images of a repository that are not deleted."""
    return Image.objects.filter(repository=repository, deleted_at=None)


def _lock_blobs(present: Iterable[Blob]) -> None:
    """Hold the blobs' rows; LayersNotFound if collection has taken one since it was looked up."""
    wanted = {blob.id: blob.digest for blob in present}
    locked = Blob.objects.select_for_update(no_key=True).filter(id__in=wanted, state=Blob.State.LIVE).order_by("id")
    if missing := wanted.keys() - set(locked.values_list("id", flat=True)):
        raise LayersNotFound(sorted(wanted[blob_id] for blob_id in missing))


def _require_blobs(repository: Repository, parsed: ParsedManifest) -> dict[str, Blob]:
    """Return the blobs that the manifest names, by digest; LayersNotFound if any is absent that must be here.

    Layers that clients fetch from elsewhere may have been pushed all the same: then the image keeps them.
    """
    named = {str(descriptor.digest) for descriptor in parsed.blobs}
    present = blobs.present(repository, named) if named else {}
    if missing := {str(descriptor.digest) for descriptor in parsed.required_blobs} - present.keys():
        raise LayersNotFound(sorted(missing))
    return present


def _require_children(repository: Repository, parsed: ParsedManifest) -> None:
    """ReferencedImagesNotFound names the manifests of an index that are absent."""
    wanted = {str(descriptor.digest) for descriptor in parsed.children}
    if wanted:
        there = set(_live(repository).filter(digest__in=wanted).values_list("digest", flat=True))
        if missing := wanted - there:
            raise ReferencedImagesNotFound(sorted(missing))


def _config_facts(parsed: ParsedManifest, present: dict[str, Blob]) -> describe.ConfigFacts:
    """Read what the config says of the image; a config that is large or strange says nothing."""
    blob = present.get(str(parsed.config.digest)) if parsed.config else None
    content = b""
    if blob is not None and blob.size <= LARGEST_CONFIG:
        try:
            with blobs.read(blob).file as file:
                content = file.read()
        except BlobNotFound as error:  # found damaged just now: the client must push it again
            raise LayersNotFound([blob.digest]) from error
    return describe.config_facts(parsed, content)


def _create(
    caller: Caller,
    repository: Repository,
    parsed: ParsedManifest,
    digest: str,
    content: bytes,
    facts: describe.ConfigFacts,
) -> Image:
    """Write the rows of a manifest that the repository does not have."""
    manifest, _ = Manifest.objects.get_or_create(digest=digest, defaults={"content": content})
    return Image.objects.create(
        repository=repository,
        manifest=manifest,
        digest=digest,
        media_type=parsed.media_type,
        artifact_type=parsed.artifact_type,
        subject_digest=str(parsed.subject.digest) if parsed.subject else "",
        manifest_size=len(content),
        size=_size(repository, parsed),
        kind=describe.kind(parsed),
        os=storable(facts.os)[:64],
        architecture=storable(facts.architecture)[:64],
        variant=storable(facts.variant)[:64],
        annotations=storable(dict(parsed.annotations)),
        facts=storable(facts.as_json()),
        pushed_by=caller.principal_arn,
    )


def _size(repository: Repository, parsed: ParsedManifest) -> int:
    """Bytes of the blobs that the manifest names; of an index those of its largest child, as ECR counts."""
    own = sum(descriptor.size for descriptor in parsed.blobs)
    digests = {str(descriptor.digest) for descriptor in parsed.children}
    if not digests:
        return own
    return own + max(_live(repository).filter(digest__in=digests).values_list("size", flat=True), default=0)


def _create_references(image: Image, parsed: ParsedManifest, present: dict[str, Blob]) -> None:
    """Write which blobs and children the manifest names, in its order."""
    ImageBlob.objects.bulk_create(
        ImageBlob(
            image=image,
            blob=present[str(descriptor.digest)],
            position=position,
            is_config=descriptor is parsed.config,
            media_type=descriptor.media_type[:255],
        )
        for position, descriptor in enumerate(parsed.blobs)
        if str(descriptor.digest) in present
    )
    ImageChild.objects.bulk_create(
        _child(image, position, descriptor) for position, descriptor in enumerate(parsed.children)
    )


def _child(image: Image, position: int, descriptor: Descriptor) -> ImageChild:
    """One entry of an index."""
    platform = descriptor.platform
    return ImageChild(
        parent=image,
        digest=str(descriptor.digest),
        position=position,
        os=storable(platform.os)[:64] if platform else "",
        architecture=storable(platform.architecture)[:64] if platform else "",
        variant=storable(platform.variant)[:64] if platform else "",
        is_attestation="vnd.docker.reference.type" in descriptor.annotations,
    )


def _untag(caller: Caller, repository: Repository, rows: list[ImageTag]) -> None:
    """Remove tags, with their history and events, inside the transaction that locked the repository."""
    for row in rows:
        image_tags.remove(caller, repository, row)
        outbox.announce(events.ImageUntagged(repository.id, row.image.digest, row.name))


def _record_deletion(caller: Caller, address: Address, image_ids: list[dict[str, str]]) -> None:
    """Write one audit row for what was taken away."""
    trail.record(caller, Action.BATCH_DELETE_IMAGE, addresses.arn(address), details={"imageIds": image_ids})
