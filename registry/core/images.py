"""Images: put, get, head, delete, untag, referrers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry import events
from registry.core import (
    addresses,
    archive,
    image_rows,
    image_tags,
    naming,
    pulls,
    reading,
    removed,
    repositories,
    scan_conditions,
    tallies,
)
from registry.core.reading import FoundImage
from registry.errors import (
    CountLimitExceeded,
    ImageIsReferenced,
    ImageNotFound,
    InvalidDigest,
    InvalidImageTag,
    ManifestDigestMismatch,
    ManifestTooLarge,
)
from registry.manifests.parse import parse
from registry.models import Image, ImageTag, Repository
from registry.values import Address, Digest, Reference
from registry.values import ImageTag as Tag


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
    is_generated: bool = False,
) -> Put:
    """Store a manifest, and let the tag (if the reference is one) or, beside a digest, `tags` name it: all or none.

    Putting what is there already changes nothing, but brings it out of the archive. What `is_generated` was made here
    of its subject, which must be there (ImageNotFound): it is no push, and no image of those that may be there, until
    somebody pushes the same, or an index that names it. Raises
    ManifestInvalid, ManifestTooLarge, ManifestDigestMismatch, LayersNotFound, ReferencedImagesNotFound,
    ImageTagAlreadyExists, CountLimitExceeded, TakenDown.
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
    present = image_rows.require_blobs(repository, parsed)
    facts = image_rows.config_facts(parsed, present)
    subject = str(parsed.subject.digest) if parsed.subject else ""
    with transaction.atomic():
        repositories.lock(repository)
        removed.refuse_again(address, str(digest))  # staff may have taken it down since
        image_rows.lock_blobs(repository, present.values())
        image_rows.require_children(repository, parsed)
        live = image_rows.live(repository)
        if is_generated and not live.filter(digest=subject).exists():
            raise ImageNotFound(subject, repository.name, repository.account_id)
        image = live.filter(digest=str(digest)).first()
        is_new = image is None
        if image is None:
            if not is_generated:
                image_rows.require_room(repository)
            image = image_rows.create(
                caller, repository, parsed, str(digest), content, facts, is_generated=is_generated
            )
            image_rows.create_references(image, parsed, present)
            tallies.add(repository.id, [image])
        if not is_generated:
            is_new |= image_rows.adopt(image, parsed.children)
        is_back = archive.activate(caller, repository, [image])
        moved = [name for name in names if image_tags.move(caller, repository, name, image)]
        if moved and ImageTag.objects.filter(image=image).count() > settings.MAX_TAGS:
            raise CountLimitExceeded(f"An image may have {settings.MAX_TAGS} tags")
        if (is_new or moved) and not is_generated:
            image_tags.record_push(caller, repository, image, moved or [""])
    return Put(image, subject, changed=bool(is_new or moved or is_back))


def get(caller: Caller, address: Address, reference: Reference) -> Stored:
    """Return an image with its manifest, and record the pull."""
    stored = look(caller, address, reference)
    pulls.record(caller, pulls.Kind.PULL, address, stored.image, reference)
    return stored


def look(caller: Caller, address: Address, reference: Reference) -> Stored:
    """Return an image with its manifest; whoever hands it out records the pull."""
    image = reading.image(caller, address, reference)
    content = reading.manifest(image.digest)
    if content is None:
        raise ImageNotFound(str(reference), str(address.name), address.registry.account_id)
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


def delete_many(
    caller: Caller, address: Address, digests: Sequence[Digest], *, rules: Mapping[str, int] | None = None
) -> None:
    """Delete several images in one transaction, all or none. An index and its children may go together.

    `rules` has the rules of a lifecycle policy by the digests of what they let expire.
    """
    wanted = {str(digest) for digest in digests}
    repository = repositories.authorized_for_tags(
        caller, address, Action.BATCH_DELETE_IMAGE, lambda found: _tags_of(found, wanted)
    )
    with transaction.atomic():
        repositories.lock(repository)
        images = {image.digest: image for image in image_rows.live(repository).filter(digest__in=wanted)}
        for digest in sorted(wanted - images.keys()):
            raise ImageNotFound(digest, repository.name, repository.account_id)
        held = naming.of(repository, wanted).exclude(parent__in=images.values())
        for digest in held.values_list("digest", flat=True)[:1]:
            raise ImageIsReferenced(digest, repository.name, repository.account_id)
        tags = list(ImageTag.objects.select_related("image").filter(image__in=images.values()))
        deleted = [{"imageDigest": digest} for digest in sorted(wanted)]
        _untag(caller, repository, tags, rules)
        _record_deletion(caller, address, deleted)
        _mark_deleted(caller, repository, wanted, tags, rules)


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
        places = {digest: place for place, digest in enumerate(_top_down(repository, digests))}
        for digest, tag in sorted(found, key=lambda each: -1 if each[1] else places[each[0]]):
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


def _top_down(repository: Repository, digests: set[str]) -> list[str]:
    """The digests, each behind those of the indexes among them that name it."""
    order: list[str] = []
    left = sorted(digests)
    while left:
        named = set(naming.of(repository, left, digest__in=left).values_list("digest", flat=True))
        order += [digest for digest in left if digest not in named]
        left = [digest for digest in left if digest in named]
    return order


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
        _mark_deleted(caller, repository, [image.digest], [row])
    return None


def _delete_image(caller: Caller, repository: Repository, digest: str, gone: list[tuple[str, str]]) -> Failure | None:
    """Delete an image with all its tags."""
    image = image_rows.live(repository).filter(digest=digest).first()
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
    _mark_deleted(caller, repository, [digest], rows)
    return None


def _is_named(repository: Repository, digest: str) -> bool:
    """Whether a live index of the repository names the image."""
    return naming.of(repository, [digest]).exists()


def _mark_deleted(
    caller: Caller,
    repository: Repository,
    digests: Iterable[str],
    tags: Iterable[ImageTag],
    rules: Mapping[str, int] | None = None,
) -> None:
    """Let images be gone, with the tags that went with them, and announce it; inside the repository's transaction.

    What was made of them here goes with them.
    """
    wanted = sorted(digests)
    live = image_rows.live(repository).only("digest", "kind", "size", "is_generated")
    going = list(live.filter(digest__in=wanted))
    # A query of its own: an index answers each, and none the two of them together.
    going += live.filter(subject_digest__in=wanted, is_generated=True).exclude(id__in=[image.id for image in going])
    tallies.take(repository.id, going)
    now = timezone.now()
    for image in going:
        image.deleted_at, image.deleted_by = now, caller.principal_arn
        image.deleted_tags = sorted(row.name for row in tags if row.image_id == image.id)
        image.deleted_by_rule = (rules or {}).get(image.digest)
    Image.objects.bulk_update(going, ["deleted_at", "deleted_by", "deleted_tags", "deleted_by_rule"], batch_size=100)
    unheard = {image.digest for image in going if image.is_generated}  # nobody was told that they came
    gone = (digest for digest in wanted if digest not in unheard)
    outbox.announce(*(events.ImageDeleted(repository.id, digest) for digest in gone))


def referrers(
    caller: Caller,
    address: Address,
    digest: Digest,
    *,
    artifact_types: Sequence[str] = (),
    status: str = "",
    last: str = "",
    limit: int = 100,
) -> tuple[list[Image], bool]:
    """Return the images whose subject is `digest`, by digest after `last`, and whether more follow.

    `status` is that of the images, by itself ACTIVE; ANY for all. Who may not pull the subject sees none of them.
    """
    repository = repositories.authorized(
        caller,
        address,
        Action.BATCH_GET_IMAGE,
        image_tags=lambda found: _tags_of(found, {str(digest)}),
        scans_of=lambda found: scan_conditions.of_digest(found.id, str(digest)),
    )
    found = image_rows.live(repository).filter(subject_digest=str(digest), digest__gt=last).order_by("digest")
    if status != "ANY":
        found = found.filter(image_status=status or Image.Status.ACTIVE)
    if artifact_types:
        found = found.filter(artifact_type__in=artifact_types)
    images = list(found[: limit + 1])
    return images[:limit], len(images) > limit


def _tags_of(repository: Repository | None, digests: Iterable[str]) -> list[str]:
    """The tags by which images are reached, for policies that ask."""
    if repository is None:
        return []
    return sorted({tag for digest in digests for tag in reading.tags_of_image(repository.id, digest)})


def _untag(
    caller: Caller, repository: Repository, rows: list[ImageTag], rules: Mapping[str, int] | None = None
) -> None:
    """Remove tags, with their history and events, inside the transaction that locked the repository."""
    for row in rows:
        image_tags.remove(caller, repository, row, rule=(rules or {}).get(row.image.digest))
    outbox.announce(*(events.ImageUntagged(repository.id, row.image.digest, row.name) for row in rows))


def _record_deletion(caller: Caller, address: Address, image_ids: list[dict[str, str]]) -> None:
    """Write one audit row for what was taken away."""
    trail.record(caller, Action.BATCH_DELETE_IMAGE, addresses.arn(address), details={"imageIds": image_ids})
