"""What pages read: tags, images with their platforms and layers, history. A page is one or a few queries.

Pages are keysets: `after` is where the last page ended, so that a deep link keeps working after inserts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from django.db.models import Q, QuerySet

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import repositories
from registry.errors import ImageNotFound
from registry.models import Image, ImageChild, ImageTag, Repository, TagEvent
from registry.values import Address, Digest, Reference

T = TypeVar("T")

PAGE: Final = 50
ATTACHED: Final = (Image.Kind.SIGNATURE, Image.Kind.ATTESTATION, Image.Kind.SBOM, Image.Kind.CACHE)
"""Kinds that a person who looks for something to pull does not look for."""
FALLBACK_TAG: Final = r"^sha(256-[0-9a-f]{64}|512-[0-9a-f]{128})"
"""Tags that clients make for referrers where a registry has no referrers API: signatures and the like."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, where the next page starts (empty at the end), and how many rows there are in all."""

    rows: list[T]
    next: str
    total: int


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """One platform of an image: what to pull for it, and its size in bytes (compressed)."""

    platform: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag, the image that it names, and the other tags of that image."""

    name: str
    image: Image
    platforms: list[PlatformRow]
    same_image: list[str]
    updated_at: datetime

    @property
    def sizes(self) -> tuple[int, int]:
        """The smallest and the largest platform in bytes."""
        sizes = [row.size for row in self.platforms] or [self.image.size]
        return min(sizes), max(sizes)


@dataclass(frozen=True, slots=True)
class Layer:
    """A blob that an image needs."""

    media_type: str
    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything about one image."""

    image: Image
    tags: list[str]
    platforms: list[PlatformRow]
    config: Layer | None
    layers: list[Layer]
    referrers: list[Image]
    facts: dict[str, Any]
    content: bytes = field(repr=False)


def tag_page(
    caller: Caller,
    address: Address,
    *,
    contains: str = "",
    sort: str = "pushed",
    show_attached: bool = False,
    after: str = "",
    limit: int = PAGE,
) -> Page[TagRow]:
    """Return a repository's tags, newest first or (`sort="name"`) by name; `after` is a tag's name.

    Signatures, attestations and fallback tags are left out unless `show_attached`.
    """
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    found = _tags(repository, show_attached=show_attached)
    if contains:
        found = found.filter(name__icontains=contains)
    total = found.count()
    if sort == "name":
        found = found.filter(name__gt=after).order_by("name")
    else:
        last = ImageTag.objects.filter(repository=repository, name=after).first() if after else None
        if last:
            found = found.filter(Q(updated_at__lt=last.updated_at) | Q(updated_at=last.updated_at, id__lt=last.id))
        found = found.order_by("-updated_at", "-id")
    rows = list(found.select_related("image")[: limit + 1])
    shown = rows[:limit]
    platforms = platforms_of(repository, [row.image for row in shown])
    same = tags_of(repository, {row.image_id for row in shown})
    return Page(
        [
            TagRow(
                row.name,
                row.image,
                platforms[row.image_id],
                [name for name in same[row.image_id] if name != row.name],
                row.updated_at,
            )
            for row in shown
        ],
        shown[-1].name if len(rows) > limit else "",
        total,
    )


def attached_tag_count(caller: Caller, address: Address) -> int:
    """Return how many tags `tag_page` leaves out."""
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    everything = ImageTag.objects.filter(repository=repository).count()
    return everything - _tags(repository, show_attached=False).count()


def newest_tag(caller: Caller, address: Address) -> str:
    """Return the tag to show in a pull line: `latest` if there is one, else the newest; empty if there is none."""
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    found = _tags(repository, show_attached=False)
    if found.filter(name="latest").exists():
        return "latest"
    return found.order_by("-updated_at", "-id").values_list("name", flat=True).first() or ""


def _tags(repository: Repository, *, show_attached: bool) -> QuerySet[ImageTag]:
    """The tags of a repository, with or without those of signatures and the like."""
    found = ImageTag.objects.filter(repository=repository)
    return found if show_attached else found.exclude(image__kind__in=ATTACHED).exclude(name__regex=FALLBACK_TAG)


def tags_of(repository: Repository, image_ids: Iterable[int]) -> dict[int, list[str]]:
    """The tags of each image, by name."""
    tags: dict[int, list[str]] = defaultdict(list)
    found = ImageTag.objects.filter(repository=repository, image_id__in=image_ids).order_by("name")
    for image_id, name in found.values_list("image_id", "name"):
        tags[image_id].append(name)
    return tags


def platforms_of(repository: Repository, images: Sequence[Image]) -> dict[int, list[PlatformRow]]:
    """The platforms of each image: of an index those of its children, in the index's order, without attestations."""
    rows: dict[int, list[PlatformRow]] = defaultdict(list)
    for image in images:
        if image.platform:
            rows[image.id].append(PlatformRow(image.platform, image.digest, image.size))
    indexes = [image.id for image in images if image.kind == Image.Kind.INDEX]
    children = list(ImageChild.objects.filter(parent_id__in=indexes, is_attestation=False).order_by("position"))
    stored = {
        image.digest: image
        for image in Image.objects.filter(
            repository=repository, deleted_at=None, digest__in={child.digest for child in children}
        )
    }
    for child in children:
        there = stored.get(child.digest)
        platform = child.platform or (there.platform if there else "")
        if there and platform:
            rows[child.parent_id].append(PlatformRow(platform, child.digest, there.size))
    return rows


def image_detail(caller: Caller, address: Address, reference: Reference) -> Detail:
    """Return everything about one image. This is not a pull. ImageNotFound."""
    repository = repositories.authorized(caller, address, Action.DESCRIBE_IMAGES)
    images = Image.objects.filter(repository=repository, deleted_at=None)
    named = Q(digest=str(reference)) if isinstance(reference, Digest) else Q(tags__name=str(reference))
    image = images.filter(named).select_related("manifest").first()
    if image is None:
        raise ImageNotFound(str(reference), repository.name, repository.account_id)
    blobs = [
        (row.is_config, Layer(row.media_type, row.blob.digest, row.blob.size))
        for row in image.blobs.select_related("blob").order_by("position")
    ]
    platforms = platforms_of(repository, [image])[image.id]
    return Detail(
        image=image,
        tags=tags_of(repository, [image.id])[image.id],
        platforms=platforms,
        facts=image.facts or _facts_of_first(images, platforms),
        config=next((layer for is_config, layer in blobs if is_config), None),
        layers=[layer for is_config, layer in blobs if not is_config],
        referrers=list(images.filter(subject_digest=image.digest).order_by("-pushed_at")[:PAGE]),
        content=bytes(image.manifest.content),
    )


def _facts_of_first(images: QuerySet[Image], platforms: list[PlatformRow]) -> dict[str, Any]:
    """What the first platform of an index says of itself, for an index that says nothing."""
    digests = [row.digest for row in platforms[:1]]
    return images.filter(digest__in=digests).values_list("facts", flat=True).first() or {}


def nearest_tags(caller: Caller, address: Address, name: str, limit: int = 5) -> list[str]:
    """Return tags that begin like a name that is not there, or else the newest ones."""
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    found = _tags(repository, show_attached=False).order_by("-updated_at").values_list("name", flat=True)
    return list(found.filter(name__istartswith=name[:2])[:limit]) or list(found[:limit])


def tag_history(
    caller: Caller, address: Address, *, tag: str = "", after: str = "", limit: int = PAGE
) -> Page[TagEvent]:
    """Return what happened to a repository's tags, newest first; `after` is an event's number."""
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    found = TagEvent.objects.filter(repository=repository)
    if tag:
        found = found.filter(tag=tag)
    total = found.count()
    if after.isdecimal() and len(after) < 19:
        found = found.filter(id__lt=int(after))
    rows = list(found.order_by("-id")[: limit + 1])
    return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else "", total)
