"""One image as its pages show it: what it names, what names it, what is attached to it. A page is a few queries."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import permissions, reading, repositories
from registry.core.browsing import PAGE, PlatformRow
from registry.errors import ImageNotFound, ManifestInvalid
from registry.manifests.parse import ParsedManifest, parse
from registry.models import Image, ImageBlob, ImageChild, ImageTag, Repository, TagEvent
from registry.values import PUBLIC, Address, Digest, Reference

USUAL_PLATFORMS: Final = ("linux/amd64", "linux/arm64", "linux/arm/v7")
MOST_VERSIONS: Final = 100
FALLBACK_ENDINGS: Final = ("", ".sig", ".att", ".sbom")
"""Of tags that clients make of a subject's digest where they don't use the referrers API."""


@dataclass(frozen=True, slots=True)
class Child:
    """A manifest that an index names; `image` is None if the repository does not have it."""

    digest: str
    platform: str
    is_attestation: bool
    image: Image | None


@dataclass(frozen=True, slots=True)
class Detail:
    """An image by tag or digest. `shown` is the image itself, or of an index the one for the chosen platform.

    `attached` are signatures and the like that name either of them, by subject or by a fallback tag, newest first.
    """

    image: Image
    shown: Image
    tags: list[str]
    children: list[Child] = field(default_factory=list)
    attached: list[Image] = field(default_factory=list)

    @property
    def platforms(self) -> list[PlatformRow]:
        """What there is to pull, the usual platforms first."""
        rows = [
            PlatformRow(child.platform, child.digest, child.image.size)
            for child in self.children
            if child.image and child.platform and not child.is_attestation
        ]
        if not self.children and self.image.platform:
            rows = [PlatformRow(self.image.platform, self.image.digest, self.image.size)]
        return sorted(rows, key=_by_platform)

    @property
    def facts(self) -> dict[str, Any]:
        """What the image says of itself; an index that says nothing leaves it to the platform that is shown."""
        facts: dict[str, Any] = self.image.facts or self.shown.facts
        return facts

    @property
    def is_signed(self) -> bool:
        """Whether a signature is there; nobody has checked it."""
        return any(each.kind == Image.Kind.SIGNATURE for each in self.attached)


@dataclass(frozen=True, slots=True)
class Version:
    """A chart's version by the tag that names it."""

    tag: str
    pushed_at: datetime
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image stands: the indexes that name it, what one of its tags named before, of a chart its versions."""

    parents: list[Image]
    versions: list[Version]
    replaces: str = ""
    replaced_tag: str = ""
    replaced_is_there: bool = False


def get(caller: Caller, address: Address, reference: Reference, *, platform: str = "") -> Detail:
    """Return an image; this is not a pull. ImageNotFound, also for a platform that an index does not have."""
    return _detail(repositories.authorized(caller, address, Action.DESCRIBE_IMAGES), reference, platform)


def get_pair(
    caller: Caller, address: Address, before: Reference, after: Reference, *, platform: str = ""
) -> tuple[Detail, Detail]:
    """Return two images to be compared, for one platform if both have one; without tags and what is attached.

    ImageNotFound.
    """
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGES)
    images = [_find(repository, reference) for reference in (before, after)]
    children = _children(repository, images)
    old, new = (Detail(image, image, [], children.get(image.id, [])) for image in images)
    there = {row.platform for row in new.platforms}
    wanted = platform or next((row.platform for row in old.platforms if row.platform in there), "")
    old, new = (replace(each, shown=_shown(each.image, each.children, wanted)) for each in (old, new))
    return old, new


def _detail(repository: Repository, reference: Reference, platform: str) -> Detail:
    """The image with its children, tags and attachments."""
    image = _find(repository, reference)
    children = _children(repository, [image]).get(image.id, [])
    shown = _shown(image, children, platform)
    tags, fallbacks = _tags(repository, image, shown)
    return Detail(image, shown, tags, children, _attached(repository, {image.digest, shown.digest}, fallbacks))


def _shown(image: Image, children: Sequence[Child], platform: str) -> Image:
    """The image for a platform, by default the first of an index that there is. ImageNotFound."""
    choices = sorted(
        ((child.platform, child.image) for child in children if child.image and not child.is_attestation),
        key=lambda choice: _by_name(choice[0]),
    )
    if not platform:
        return choices[0][1] if choices else image
    for name, child in choices or [(image.platform, image)]:
        if name == platform:
            return child
    raise ImageNotFound(platform, image.repository.name, image.repository.account_id)


def _find(repository: Repository, reference: Reference) -> Image:
    named = Q(digest=str(reference)) if isinstance(reference, Digest) else Q(tags__name=str(reference))
    image = Image.objects.filter(named, repository=repository, deleted_at=None).first()
    if image is None:
        raise ImageNotFound(str(reference), repository.name, repository.account_id)
    return image


def _by_name(platform: str) -> tuple[int, str]:
    usual = platform.removesuffix("/v8") if platform.startswith("linux/arm64") else platform
    place = USUAL_PLATFORMS.index(usual) if usual in USUAL_PLATFORMS else len(USUAL_PLATFORMS)
    return place, platform


def _by_platform(row: PlatformRow) -> tuple[int, str]:
    return _by_name(row.platform)


def _children(repository: Repository, images: Sequence[Image]) -> dict[int, list[Child]]:
    """The manifests that each index names, in its order."""
    indexes = [image.id for image in images if image.kind == Image.Kind.INDEX]
    rows = list(ImageChild.objects.filter(parent__in=indexes).order_by("position")) if indexes else []
    there = _by_digest(repository, [row.digest for row in rows]) if rows else {}
    children: dict[int, list[Child]] = defaultdict(list)
    for row in rows:
        image = there.get(row.digest)
        platform = row.platform or (image.platform if image else "")
        children[row.parent_id].append(Child(row.digest, platform, row.is_attestation, image))
    return children


def _by_digest(repository: Repository, digests: Sequence[str]) -> dict[str, Image]:
    found = Image.objects.filter(repository=repository, deleted_at=None, digest__in=digests)
    return {image.digest: image for image in found}


def _tags(repository: Repository, image: Image, shown: Image) -> tuple[list[str], list[Image]]:
    """The tags of the image by name, and what fallback tags of it or of what is shown name."""
    stems = {each.digest.replace(":", "-") for each in (image, shown)}
    fallback = {f"{stem}{ending}" for stem in stems for ending in FALLBACK_ENDINGS}
    rows = ImageTag.objects.filter(Q(image=image) | Q(name__in=fallback), repository=repository).select_related("image")
    named = list(rows.order_by("name"))
    return [row.name for row in named if row.image_id == image.id], [row.image for row in named if row.name in fallback]


def _attached(repository: Repository, subjects: set[str], fallbacks: list[Image]) -> list[Image]:
    """The images that name one of the subjects; an index under a fallback tag stands for those that it names."""
    named = Image.objects.filter(repository=repository, deleted_at=None, subject_digest__in=subjects)
    found = {image.id: image for image in named.order_by("-pushed_at", "-id")[:PAGE]}
    indexes = [image for image in fallbacks if image.kind == Image.Kind.INDEX]
    if indexes:
        digests = ImageChild.objects.filter(parent__in=indexes).values("digest")
        inside = Image.objects.filter(repository=repository, deleted_at=None, digest__in=digests)
        found |= {image.id: image for image in inside[:PAGE]}
    found |= {image.id: image for image in fallbacks if image.kind != Image.Kind.INDEX}
    return sorted(found.values(), key=lambda image: (image.pushed_at, image.id), reverse=True)


def get_with_place(
    caller: Caller, address: Address, reference: Reference, *, platform: str = ""
) -> tuple[Detail, Place]:
    """Return an image, what names it and what it replaced; of a chart the newest MOST_VERSIONS versions beside it.

    ImageNotFound.
    """
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGES)
    detail = _detail(repository, reference, platform)
    is_chart = detail.image.kind == Image.Kind.CHART
    is_inside = not is_chart and detail.image.kind != Image.Kind.INDEX
    parents = _parents(repository, detail.image) if is_inside else []
    before = Image.objects.filter(repository=repository, digest=OuterRef("old_digest"), deleted_at=None)
    moves = TagEvent.objects.filter(repository=repository, tag__in=detail.tags, new_digest=detail.image.digest)
    moved = moves.exclude(old_digest="").annotate(is_there=Exists(before)).order_by("-id").first()
    versions = _versions(repository) if is_chart else []
    if moved is None:
        return detail, Place(parents, versions)
    return detail, Place(parents, versions, moved.old_digest, moved.tag, moved.is_there)


def _parents(repository: Repository, image: Image) -> list[Image]:
    """The indexes that name an image, the newest first."""
    naming = ImageChild.objects.filter(digest=image.digest, parent__repository=repository, parent__deleted_at=None)
    return [row.parent for row in naming.select_related("parent").order_by("-parent__pushed_at")[:PAGE]]


def _versions(repository: Repository) -> list[Version]:
    rows = ImageTag.objects.filter(repository=repository, image__kind=Image.Kind.CHART, image__deleted_at=None)
    named = rows.order_by("-updated_at", "-id").values_list("name", "updated_at", "image__facts")
    return [Version(*row) for row in named[:MOST_VERSIONS]]


def get_with_layers(
    caller: Caller, address: Address, reference: Reference, *, platform: str = ""
) -> tuple[Detail, ParsedManifest | None, dict[str, int]]:
    """Return an image, the manifest of what is shown, and in how many other repositories each layer is.

    Only repositories that the caller may see are counted. The manifest is None if it can't be read. ImageNotFound.
    """
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGES)
    detail = _detail(repository, reference, platform)
    parsed = manifest_of(detail.shown)
    digests = {str(layer.digest) for layer in parsed.layers} if parsed else set()
    return detail, parsed, _sharing(caller, repository, digests)


def manifest_of(image: Image) -> ParsedManifest | None:
    """Return what an image's manifest says, None if it is gone or can't be read any more."""
    content = reading.manifest(image.digest)
    try:
        return parse(content, image.media_type) if content is not None else None
    except ManifestInvalid:
        return None


def manifest(caller: Caller, address: Address, digest: Digest) -> bytes:
    """Return the exact bytes of an image's manifest; this is not a pull. ImageNotFound."""
    image = reading.image(caller, address, digest)
    content = reading.manifest(image.digest)
    if content is None:
        raise ImageNotFound(str(digest), str(address.name), address.registry.account_id)
    return content


def _sharing(caller: Caller, repository: Repository, digests: set[str]) -> dict[str, int]:
    """In how many other repositories each blob is: public ones that anybody may see, and those of the same registry.

    A public repository with a policy of its own may be hidden from the caller, and is not counted.
    """
    registry = repository.address.registry
    seen = Q(image__repository__region=PUBLIC, image__repository__policy_text="")
    if permissions.may(caller, registry, Action.DESCRIBE_REPOSITORIES):
        seen |= Q(image__repository__account=registry.account_id, image__repository__region=registry.region)
    used = ImageBlob.objects.filter(
        seen,
        blob__digest__in=digests,
        image__deleted_at=None,
        image__repository__deleted_at=None,
        image__repository__account__is_active=True,
    ).exclude(image__repository=repository)
    counted = used.values_list("blob__digest").annotate(count=Count("image__repository", distinct=True))
    return dict(counted)
