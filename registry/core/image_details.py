"""One image as its pages show it: what it names, what names it, what is attached to it. A page is a few queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, Subquery

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.models.aggregates import Rows
from registry.core import permissions, reading, repositories
from registry.core.browsing import PAGE, PlatformRow, place_of
from registry.errors import ImageNotFound, ManifestInvalid
from registry.manifests.parse import ParsedManifest, parse
from registry.models import Image, ImageBlob, ImageChild, ImageTag, Repository, TagEvent
from registry.values import PUBLIC, Address, Digest, Reference

MOST_VERSIONS: Final = 100
PACKAGES: Final = "scan__sbom__content"
"""What only the page of an image's packages reads of its scan."""
FALLBACK_ENDINGS: Final = ("", ".sig", ".att", ".sbom")
"""Of tags that clients make of a subject's digest where they don't use the referrers API."""


@dataclass(frozen=True, slots=True)
class Child:
    """A manifest that an index names, and its image's size; None if the repository does not have it."""

    digest: str
    platform: str
    is_attestation: bool
    size: int | None


@dataclass(frozen=True, slots=True)
class Detail:
    """An image by tag or digest. `shown` is the image itself, or of an index the one for the chosen platform."""

    image: Image
    shown: Image
    tags: list[str]
    children: list[Child] = field(default_factory=list)

    @property
    def platforms(self) -> list[PlatformRow]:
        """What there is to pull, the usual platforms first."""
        rows = [
            PlatformRow(child.platform, child.digest, child.size)
            for child in self.children
            if child.size is not None and child.platform and not child.is_attestation
        ]
        if not self.children and self.image.platform:
            rows = [PlatformRow(self.image.platform, self.image.digest, self.image.size)]
        return sorted(rows, key=lambda row: place_of(row.platform))

    @property
    def facts(self) -> dict[str, Any]:
        """What the image says of itself; an index that says nothing leaves it to the platform that is shown."""
        facts: dict[str, Any] = self.image.facts or self.shown.facts
        return facts


@dataclass(frozen=True, slots=True)
class Version:
    """A chart's version by the tag that names it."""

    tag: str
    pushed_at: datetime
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image stands: what is attached to it, the indexes that name it, what one of its tags named before.

    Of a chart also its versions.
    """

    attached: list[Image]
    parents: list[Image]
    versions: list[Version]
    replaces: str = ""
    replaced_tag: str = ""
    replaced_is_there: bool = False

    @property
    def is_signed(self) -> bool:
        """Whether a signature is there; nobody has checked it."""
        return any(each.kind == Image.Kind.SIGNATURE for each in self.attached)


def _allowed(caller: Caller, address: Address, reference: Reference) -> Repository:
    """The repository, if the caller may see an image of these tags there. AccessDenied, RepositoryNotFound."""
    digest, tag = (reference, None) if isinstance(reference, Digest) else (None, reference)
    return repositories.authorized(
        caller,
        address,
        Action.DESCRIBE_IMAGES,
        image_tags=lambda found: reading.tags_named(found, digest, tag),
    )


def get(caller: Caller, address: Address, reference: Reference, *, platform: str = "") -> Detail:
    """Return an image; this is not a pull. ImageNotFound, also for a platform that an index does not have."""
    return _detail(_allowed(caller, address, reference), reference, platform)


def get_pair(
    caller: Caller, address: Address, before: Reference, after: Reference, *, platform: str = ""
) -> tuple[Detail, Detail]:
    """Return two images to be compared, for one platform if both have one; without their tags. ImageNotFound."""
    repository = _allowed(caller, address, before)
    _allowed(caller, address, after)
    found = _find_all(repository, (before, after))
    children = _children(found)
    old, new = (Detail(image, image, [], children.get(image.id, [])) for image in found)
    there = {row.platform for row in new.platforms}
    wanted = platform or next((row.platform for row in old.platforms if row.platform in there), "")
    chosen = [_choice(each, wanted) for each in (old, new)]
    shown = _with_manifests(repository, chosen)
    old, new = (
        replace(each, shown=shown.get(digest, each.image)) for each, digest in zip((old, new), chosen, strict=True)
    )
    return old, new


def _detail(repository: Repository, reference: Reference, platform: str) -> Detail:
    """The image with its children and tags."""
    image = _find(repository, reference)
    children = _children([image]).get(image.id, [])
    tags = sorted(name for (name,) in getattr(image, "names", None) or ())
    detail = Detail(image, image, tags, children)
    digest = _choice(detail, platform)
    return replace(detail, shown=_with_manifests(repository, [digest]).get(digest, image))


def _find(repository: Repository, reference: Reference) -> Image:
    """The image, with the names of its tags beside it. ImageNotFound."""
    return _find_all(repository, [reference])[0]


def _find_all(repository: Repository, references: Sequence[Reference]) -> list[Image]:
    """The images in the order of their references, with the names of their tags beside them. ImageNotFound."""
    digests = [str(each) for each in references if isinstance(each, Digest)]
    named = ImageTag.objects.filter(repository=repository, name__in=[str(each) for each in references])
    tags = ImageTag.objects.filter(image=OuterRef("id")).order_by().values("image").annotate(all=Rows("name"))
    live = Image.objects.filter(repository=repository, deleted_at=None)
    # Not one condition or the other: an index answers each, and none the two of them together.
    wanted = live.filter(digest__in=digests).values("id").union(named.values("image_id"))
    found = live.filter(id__in=wanted)
    known: dict[str, Image] = {}
    with_scans = found.select_related("scan__sbom").defer(PACKAGES)
    for image in with_scans.annotate(names=Subquery(tags.values("all"))):
        known |= {image.digest: image} | {name: image for (name,) in getattr(image, "names", None) or ()}
    for each in references:
        if str(each) not in known:
            raise ImageNotFound(str(each), repository.name, repository.account_id)
    return [known[str(each)] for each in references]


def _choice(detail: Detail, platform: str) -> str:
    """The digest to show for a platform, by default of the first one; empty for the image itself. ImageNotFound."""
    image = detail.image
    choices = [(row.platform, row.digest) for row in detail.platforms] if detail.children else [(image.platform, "")]
    if platform:
        choices = [choice for choice in choices if choice[0] == platform]
        if not choices:
            raise ImageNotFound(platform, image.repository.name, image.repository.account_id)
    return choices[0][1] if choices else ""


def _with_manifests(repository: Repository, digests: Sequence[str]) -> dict[str, Image]:
    """The images with these digests; their manifests are remembered, for whoever shows an image reads it next."""
    wanted = [digest for digest in digests if digest]
    if not wanted:
        return {}
    live = Image.objects.filter(repository=repository, digest__in=wanted, deleted_at=None)
    found = {image.digest: image for image in live.select_related("manifest", "scan__sbom").defer(PACKAGES)}
    for image in found.values():
        reading.contents.keep(image.digest, bytes(image.manifest.content), image.manifest_size)
    return found


def _children(images: Sequence[Image]) -> dict[int, list[Child]]:
    """The manifests that each index names, in its order, and what the repository knows of them."""
    indexes = [image.id for image in images if image.kind == Image.Kind.INDEX]
    if not indexes:
        return {}
    there = Image.objects.filter(repository=OuterRef("parent__repository"), deleted_at=None, digest=OuterRef("digest"))
    known = {f"there_{name}": Subquery(there.values(name)[:1]) for name in ("size", "os", "architecture", "variant")}
    named = ImageChild.objects.filter(parent__in=indexes).annotate(**known).order_by("position")
    rows: Iterable[Mapping[str, Any]] = named.values()
    children: dict[int, list[Child]] = defaultdict(list)
    for row in rows:
        said, found = (
            "/".join(part for part in (row[f"{of}{name}"] for name in ("os", "architecture", "variant")) if part)
            for of in ("", "there_")
        )
        children[row["parent_id"]].append(Child(row["digest"], said or found, row["is_attestation"], row["there_size"]))
    return children


def _attached(repository: Repository, detail: Detail) -> list[Image]:
    """The images that name the image or what is shown of it, by subject or by a fallback tag, the newest first.

    An index under a fallback tag stands for those that it names.
    """
    subjects = {detail.image.digest, detail.shown.digest}
    names = [f"{subject.replace(':', '-')}{ending}" for subject in subjects for ending in FALLBACK_ENDINGS]
    live = Image.objects.filter(repository=repository, deleted_at=None)
    tagged = ImageTag.objects.filter(repository=repository, name__in=names).values("image_id")
    attached = live.filter(subject_digest__in=subjects).values("id").union(tagged)  # by an index each, as above
    live = live.order_by("-pushed_at", "-id")
    found = list(live.filter(id__in=attached)[:PAGE])
    indexes = [image for image in found if image.kind == Image.Kind.INDEX and image.subject_digest not in subjects]
    if not indexes:
        return found
    inside = live.filter(digest__in=ImageChild.objects.filter(parent__in=indexes).values("digest"))[:PAGE]
    known = {image.id: image for image in (*found, *inside) if image not in indexes}
    return sorted(known.values(), key=lambda image: (image.pushed_at, image.id), reverse=True)


def get_with_place(
    caller: Caller, address: Address, reference: Reference, *, platform: str = "", with_attached: bool = True
) -> tuple[Detail, Place]:
    """Return an image, what is attached, what names it, what it replaced; of a chart the highest versions beside it.

    Pages that don't tell of it do without what is attached. ImageNotFound.
    """
    repository = _allowed(caller, address, reference)
    detail = _detail(repository, reference, platform)
    is_chart = detail.image.kind == Image.Kind.CHART
    is_inside = not is_chart and detail.image.kind != Image.Kind.INDEX
    parents = _parents(repository, detail.image) if is_inside else []
    before = Image.objects.filter(repository=repository, digest=OuterRef("old_digest"), deleted_at=None)
    moves = TagEvent.objects.filter(repository=repository, tag__in=detail.tags, new_digest=detail.image.digest)
    moved = moves.exclude(old_digest="").annotate(is_there=Exists(before)).order_by("-id").first()
    versions = _versions(repository) if is_chart else []
    attached = _attached(repository, detail) if with_attached else []
    if moved is None:
        return detail, Place(attached, parents, versions)
    return detail, Place(attached, parents, versions, moved.old_digest, moved.tag, moved.is_there)


def _parents(repository: Repository, image: Image) -> list[Image]:
    """The indexes that name an image, the newest first."""
    naming = ImageChild.objects.filter(digest=image.digest, parent__repository=repository, parent__deleted_at=None)
    return [row.parent for row in naming.select_related("parent").order_by("-parent__pushed_at")[:PAGE]]


def _versions(repository: Repository) -> list[Version]:
    """A chart's versions, the highest first; of one version the release comes before what came before it."""
    rows = ImageTag.objects.filter(repository=repository, image__kind=Image.Kind.CHART, image__deleted_at=None)
    named = rows.order_by("-version_key", "-id").values_list("name", "updated_at", "image__facts")
    return [Version(*row) for row in named[:MOST_VERSIONS]]


def get_with_attached(
    caller: Caller, address: Address, reference: Reference, *, platform: str = ""
) -> tuple[Detail, list[Image]]:
    """Return an image and what is attached to it, or to what is shown of it: signatures and the like. ImageNotFound."""
    repository = _allowed(caller, address, reference)
    detail = _detail(repository, reference, platform)
    return detail, _attached(repository, detail)


def get_with_layers(
    caller: Caller, address: Address, reference: Reference, *, platform: str = ""
) -> tuple[Detail, ParsedManifest | None, dict[str, int]]:
    """Return an image, the manifest of what is shown, and in how many other repositories each layer is.

    Only repositories that the caller may see are counted. The manifest is None if it can't be read. ImageNotFound.
    """
    repository = _allowed(caller, address, reference)
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
    image = reading.image(caller, address, digest, also_archived=True)
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
