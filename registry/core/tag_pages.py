"""What pages read of a repository's tags: filtered, in five orders, with platforms, twins, what is attached, pulls."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import BigIntegerField, Exists, OuterRef, Q, QuerySet, Value

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.content.versions import NUMBERED, RELEASED
from registry.core import keyset, mutability, repositories, statistics
from registry.core.browsing import PAGE, Page, PlatformRow, is_shown, platforms_of, shown_tags
from registry.core.keyset import Order
from registry.errors import InvalidValue
from registry.models import Image, ImageChild, ImageTag, Repository
from registry.values import Address

SORTS: Final = {
    "pushed": Order("updated_at", datetime),
    "version": Order("version_key"),
    "name": Order("name_key"),
    "size": Order("image__size", int),
    "pulls": Order("pulls", int),
}
"""What a list may be sorted by; all but the name from the largest down."""
KINDS: Final = {
    "image": (Image.Kind.IMAGE, Image.Kind.INDEX),
    "chart": (Image.Kind.CHART,),
    "artifact": (Image.Kind.ARTIFACT,),
}
SUGGESTED: Final = 50
"""Tags that a form offers while one is typed."""
ATTACHMENTS: Final = {Image.Kind.SIGNATURE: ".sig", Image.Kind.SBOM: ".sbom", Image.Kind.ATTESTATION: ".att"}
"""Kinds of what may be attached to an image -> how the tag ends that stands for it in the old way."""


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag, the image that it names, and the other tags of that image.

    `attached` are the kinds of what says that it belongs to the image; nothing of it was checked. `pulls` are of the
    last 30 days.
    """

    name: str
    image: Image
    platforms: list[PlatformRow]
    same_image: list[str]
    updated_at: datetime
    created_at: datetime
    pulls: int = 0
    attached: tuple[str, ...] = ()
    is_immutable: bool = False

    @property
    def sizes(self) -> tuple[int, int]:
        """The smallest and the largest platform in bytes."""
        sizes = [row.size for row in self.platforms] or [self.image.size]
        return min(sizes), max(sizes)


def tag_page(
    caller: Caller,
    address: Address,
    *,
    contains: str = "",
    platform: str = "",
    kind: str = "",
    sort: str = "pushed",
    show_attached: bool = False,
    after: str = "",
    before: str = "",
    limit: int = PAGE,
) -> Page[TagRow]:
    """Return a repository's tags in one of SORTS, of one of KINDS if asked. InvalidValue.

    Signatures, attestations and fallback tags are left out unless `show_attached`.
    """
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    if sort not in SORTS:
        raise InvalidValue(sort, "is not one of " + ", ".join(SORTS))
    found = ImageTag.objects.filter(repository=repository) if show_attached else shown_tags(repository)
    found = _filtered(found, contains, platform, kind)
    listed = keyset.counted(found, _with_pulls(repository, found)).select_related("image")
    cut = keyset.cut(listed, SORTS[sort], descending=sort != "name", after=after, before=before, limit=limit)
    total = keyset.total(cut, found)
    return Page(_rows(repository, cut.rows), cut.next, total, cut.previous)


def attached_tag_count(caller: Caller, address: Address) -> int:
    """Return how many tags `tag_page` leaves out."""
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    return ImageTag.objects.filter(~is_shown(), repository=repository).count()


def newest_tag(caller: Caller, address: Address) -> str:
    """Return the tag to show in a pull line: the highest released version, else `latest`, else the newest push."""
    repository = repositories.authorized(caller, address, Action.LIST_IMAGES)
    found = choices(repository, limit=1)
    return newest(found).name if found else ""


def suggested(caller: Caller, address: Address, limit: int = SUGGESTED) -> list[str]:
    """Return the tags that were pushed last, for who types one; none for who may not list them."""
    repository = repositories.find(address)
    if repository is None or not repositories.may(caller, address, repository, Action.LIST_IMAGES):
        return []
    return list(shown_tags(repository).order_by("-updated_at", "-id").values_list("name", flat=True)[:limit])


def choices(repository: Repository, *, also: str = "", limit: int = 15) -> list[ImageTag]:
    """Tags worth pulling, the highest version first: released versions, the newest pushes, `latest`, and `also`."""
    found = shown_tags(repository)
    releases = found.filter(is_release()).order_by("-version_key", "-id").values("id")[:limit]
    pushes = found.order_by("-updated_at", "-id").values("id")[:limit]
    named = Q(name__in=[name for name in ("latest", also) if name])
    rows = found.filter(Q(id__in=releases) | Q(id__in=pushes) | named).select_related("image")
    return sorted(rows, key=lambda row: (row.version_key, row.id), reverse=True)


def newest(found: Sequence[ImageTag]) -> ImageTag:
    """The one of the choices that most people want."""
    release = next(
        (row for row in found if row.version_key[0] == NUMBERED and row.version_key.endswith(RELEASED)), None
    )
    latest = next((row for row in found if row.name == "latest"), None)
    return release or latest or max(found, key=lambda row: (row.updated_at, row.id))


def is_release() -> Q:
    """What tags of released versions are."""
    return Q(version_key__startswith=NUMBERED, version_key__endswith=RELEASED)


def _filtered(found: QuerySet[ImageTag], contains: str, platform: str, kind: str) -> QuerySet[ImageTag]:
    """The tags that fit."""
    if contains:
        found = found.filter(name__icontains=contains)
    if kind:
        if kind not in KINDS:
            raise InvalidValue(kind, "is not one of " + ", ".join(KINDS))
        found = found.filter(image__kind__in=KINDS[kind])
    if platform:
        parts: list[str] = [*platform.split("/", 2), "", ""]
        wanted = {"os": parts[0], "architecture": parts[1], "variant": parts[2]}
        children = ImageChild.objects.filter(parent=OuterRef("image"), is_attestation=False, **wanted)
        own = Q(**{f"image__{name}": value for name, value in wanted.items()})
        found = found.filter(own | Exists(children))
    return found


def _with_pulls(repository: Repository, found: QuerySet[ImageTag]) -> QuerySet[ImageTag]:
    return found.annotate(pulls=statistics.recent_pulls_of_tag(repository.id, OuterRef("name")))


def _rows(repository: Repository, shown: Sequence[ImageTag]) -> list[TagRow]:
    """The tags with all that a list says of them."""
    found = platforms_of([row.image for row in shown])
    old = {
        f"{row.image.digest.replace(':', '-')}{ending}": (row.image.digest, kind.value)
        for row in shown
        for kind, ending in ATTACHMENTS.items()
    }
    same, attached = _twins_and_attached(repository, shown, old)
    return [
        TagRow(
            row.name,
            row.image,
            found[row.image_id],
            [name for name in same[row.image_id] if name != row.name],
            row.updated_at,
            row.created_at,
            getattr(row, "pulls"),  # noqa: B009 - annotated
            tuple(sorted(attached[row.image.digest])),
            not mutability.may_move(repository, row.name),
        )
        for row in shown
    ]


def _twins_and_attached(
    repository: Repository, shown: Sequence[ImageTag], old: Mapping[str, tuple[str, str]]
) -> tuple[dict[int, list[str]], dict[str, set[str]]]:
    """All tags of each image, and the kinds of what is attached to each digest.

    It is attached by its subject, or in the old way by a tag that is made of the image's digest.
    """
    attached: dict[str, set[str]] = defaultdict(set)
    live = Image.objects.filter(repository=repository, deleted_at=None, kind__in=ATTACHMENTS)
    subjects = live.filter(subject_digest__in={row.image.digest for row in shown}).order_by().distinct()
    same: dict[int, list[str]] = defaultdict(list)
    images = {row.image_id for row in shown}
    tags = ImageTag.objects.filter(Q(image_id__in=images) | Q(name__in=old), repository=repository)
    found = tags.order_by().values_list("image_id", "name_key", "id", "name")
    nothing = Value(0, BigIntegerField())
    both = found.union(subjects.values_list(nothing, "kind", nothing, "subject_digest"), all=True)
    for image_id, key, _, name in sorted(both, key=lambda row: (row[1], row[2])):
        if not image_id:
            attached[name].add(key)
        if image_id in images:
            same[image_id].append(name)
        if image_id and name in old:
            digest, kind = old[name]
            attached[digest].add(kind)
    return same, attached
