"""Rows of an image: what its manifest names, read and checked when it is put, then written."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import QuerySet

from accounts.caller import Caller
from registry.core import blobs
from registry.core.storable import storable
from registry.errors import BlobNotFound, CountLimitExceeded, LayersNotFound, ReferencedImagesNotFound
from registry.manifests import describe
from registry.manifests.parse import Descriptor, ParsedManifest
from registry.models import Blob, Image, ImageBlob, ImageChild, Manifest, Repository

LARGEST_CONFIG = 4 * 1024 * 1024


def live(repository: Repository) -> QuerySet[Image]:
    """The images of a repository that are not deleted."""
    return Image.objects.filter(repository=repository, deleted_at=None)


def require_room(repository: Repository, count: int = 1) -> None:
    """Return if so many images more may be there, what was made here not counted. CountLimitExceeded.

    They are counted one by one only where the repository's own number, which is never too low, does not tell.
    """
    if Repository.objects.filter(id=repository.id, image_count__lte=settings.MAX_IMAGES - count).exists():
        return
    if live(repository).filter(is_generated=False).count() + count > settings.MAX_IMAGES:
        raise CountLimitExceeded(f"A repository may have {settings.MAX_IMAGES} images")


def adopt(image: Image, children: Iterable[Descriptor] = ()) -> bool:
    """Let what was made here count as pushed, since somebody pushes it or an index that names it; whether `image` was.

    It stays when its subject goes. Inside the transaction that locked the repository. CountLimitExceeded.
    """
    names = {str(descriptor.digest) for descriptor in children}
    if was_generated := image.is_generated:
        names.add(image.digest)
    if not names:
        return False
    made = live(image.repository).filter(digest__in=names, is_generated=True)
    if count := made.count():
        require_room(image.repository, count)
        made.update(is_generated=False)
        image.is_generated = False
    return was_generated


def lock_blobs(repository: Repository, present: Iterable[Blob]) -> None:
    """Hold the blobs' rows, so that collection can't take them from here. LayersNotFound if it has meanwhile."""
    if missing := blobs.hold_linked(repository, present):
        raise LayersNotFound(missing)


def require_blobs(repository: Repository, parsed: ParsedManifest) -> dict[str, Blob]:
    """Return the blobs that the manifest names, by digest; LayersNotFound if any is absent that must be here.

    Layers that clients fetch from elsewhere may have been pushed all the same: then the image keeps them.
    """
    named = {str(descriptor.digest) for descriptor in parsed.blobs}
    present = blobs.present(repository, named) if named else {}
    if missing := {str(descriptor.digest) for descriptor in parsed.required_blobs} - present.keys():
        raise LayersNotFound(sorted(missing))
    return present


def require_children(repository: Repository, parsed: ParsedManifest) -> None:
    """ReferencedImagesNotFound names the manifests of an index that are absent.

    Inside the transaction that locked the repository: none of them goes before the index is there.
    """
    wanted = {str(descriptor.digest) for descriptor in parsed.children}
    if wanted:
        there = set(live(repository).filter(digest__in=wanted).values_list("digest", flat=True))
        if missing := wanted - there:
            raise ReferencedImagesNotFound(sorted(missing))


def config_facts(parsed: ParsedManifest, present: dict[str, Blob]) -> describe.ConfigFacts:
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


def create(
    caller: Caller,
    repository: Repository,
    parsed: ParsedManifest,
    digest: str,
    content: bytes,
    facts: describe.ConfigFacts,
    *,
    is_generated: bool = False,
) -> Image:
    """Write the rows of a manifest that the repository does not have."""
    return Image.objects.create(
        repository=repository,
        manifest=_manifest(digest, content),
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
        is_generated=is_generated,
    )


def _manifest(digest: str, content: bytes) -> Manifest:
    """The row of a manifest's bytes, held, so that collection can't take it before an image has it."""
    while True:
        manifest, is_new = Manifest.objects.get_or_create(digest=digest, defaults={"content": content})
        if is_new or Manifest.objects.select_for_update(no_key=True).filter(digest=digest).exists():
            return manifest


def _size(repository: Repository, parsed: ParsedManifest) -> int:
    """Bytes of the blobs that the manifest names; of an index those of its largest child, as ECR counts."""
    own = sum(descriptor.size for descriptor in parsed.blobs)
    digests = {str(descriptor.digest) for descriptor in parsed.children}
    if not digests:
        return own
    return own + max(live(repository).filter(digest__in=digests).values_list("size", flat=True), default=0)


def create_references(image: Image, parsed: ParsedManifest, present: dict[str, Blob]) -> None:
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
