"""What pages read: images with their platforms. A page is one or a few queries.

Pages are keysets: `after` is where the page before ended, `before` where the one behind starts, so that a deep link
keeps working after inserts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from django.db.models import OuterRef, Q, QuerySet, Subquery

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import repositories
from registry.models import Image, ImageChild, ImageTag, Repository
from registry.values import Address

T = TypeVar("T")

PAGE: Final = 50
ATTACHED: Final = (Image.Kind.SIGNATURE, Image.Kind.ATTESTATION, Image.Kind.SBOM, Image.Kind.CACHE)
"""Kinds that a person who looks for something to pull does not look for."""
FALLBACK_TAG: Final = r"^sha(256-[0-9a-f]{64}|512-[0-9a-f]{128})"
"""Tags that clients make for referrers where a registry has no referrers API: signatures and the like."""

USUAL_PLATFORMS: Final = ("linux/amd64", "linux/arm64", "linux/arm/v7")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, where the next page starts, how many rows there are in all, and where the page before ends.

    A place that is empty is none.
    """

    rows: list[T]
    next: str
    total: int
    previous: str = ""


@dataclass(frozen=True, slots=True)
class PlatformRow:
    """One platform of an image: what to pull for it, and its size in bytes (compressed)."""

    platform: str
    digest: str
    size: int


def is_shown() -> Q:
    """What tags must be to be shown to a person who looks for something to pull."""
    is_fallback = Q(name__startswith="sha") & Q(name__regex=FALLBACK_TAG)
    return ~Q(image__kind__in=ATTACHED) & ~is_fallback


def shown_tags(repository: Repository) -> QuerySet[ImageTag]:
    """The tags of a repository without those of signatures and the like."""
    return ImageTag.objects.filter(is_shown(), repository=repository)


def tags_of_images(repository: Repository, image_ids: Iterable[int]) -> dict[int, list[str]]:
    """The tags of each image, by name."""
    tags: dict[int, list[str]] = defaultdict(list)
    found = ImageTag.objects.filter(repository=repository, image_id__in=image_ids).order_by("name")
    for image_id, name in found.values_list("image_id", "name"):
        tags[image_id].append(name)
    return tags


def platforms_of(images: Sequence[Image]) -> dict[int, list[PlatformRow]]:
    """The platforms of each image, the usual ones first: of an index those of its children, without attestations."""
    rows: dict[int, list[PlatformRow]] = defaultdict(list)
    for image in images:
        if image.platform:
            rows[image.id].append(PlatformRow(image.platform, image.digest, image.size))
    indexes = [image.id for image in images if image.kind == Image.Kind.INDEX]
    there = Image.objects.filter(repository=OuterRef("parent__repository"), deleted_at=None, digest=OuterRef("digest"))
    known_of = {f"there_{name}": Subquery(there.values(name)) for name in ("size", "os", "architecture", "variant")}
    children = ImageChild.objects.filter(parent_id__in=indexes, is_attestation=False).annotate(**known_of)
    entries: Iterable[Mapping[str, Any]] = children.order_by("position").values() if indexes else ()
    for child in entries:
        said, known = (
            "/".join(part for part in (child[f"{of}{name}"] for name in ("os", "architecture", "variant")) if part)
            for of in ("", "there_")
        )
        if child["there_size"] is not None and (said or known):
            rows[child["parent_id"]].append(PlatformRow(said or known, child["digest"], child["there_size"]))
    for found in rows.values():
        found.sort(key=lambda row: place_of(row.platform))
    return rows


def place_of(platform: str) -> tuple[int, str]:
    """Where a platform stands among others: those that most people have, then the rest by name."""
    for place, usual in enumerate(USUAL_PLATFORMS):
        if platform == usual or platform.startswith(f"{usual}/"):
            return place, platform
    return len(USUAL_PLATFORMS), platform


def facts_of_first(images: QuerySet[Image], platforms: list[PlatformRow]) -> dict[str, Any]:
    """What the first platform of an index says of itself, for an index that says nothing."""
    digests = [row.digest for row in platforms[:1]]
    return images.filter(digest__in=digests).values_list("facts", flat=True).first() or {}


def nearest_tags(caller: Caller, address: Address, name: str, limit: int = 5) -> list[str]:
    """Return tags that begin like a name that is not there, or else the newest ones."""
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    found = shown_tags(repository).order_by("-updated_at").values_list("name", flat=True)
    return list(found.filter(name__istartswith=name[:2])[:limit]) or list(found[:limit])
