"""Keeps a public repository's listing fresh. Started by domain events; what it writes can be computed again."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.caller import Caller
from gallery.catalog import platforms as words
from gallery.models import FacetSet, Listing, SearchFigures, Term
from gallery.search import facets, matching
from gallery.search.folding import fold
from registry.core import aliases, repositories, showcase, statistics, tag_pages
from registry.core.browsing import ATTACHED, shown_tags
from registry.models import CatalogData, Image, ImageChild, RegistryCatalogData, Repository
from registry.values import PUBLIC

MOST_TEXT: Final = 4000
"""Characters of the about text that are searched."""
LONGEST_TERM: Final = 64
FOLDED: Final = 100
"""Letters of a publisher's name that suggestions compare."""
MOST_LISTINGS: Final = 2_000_000
KEPT: Final = 20
"""Values of publishers and licences that are counted beforehand."""
EXAMPLES: Final = 6
KINDS: Final = {
    Image.Kind.IMAGE: Listing.Kind.IMAGE,
    Image.Kind.INDEX: Listing.Kind.IMAGE,
    Image.Kind.CHART: Listing.Kind.CHART,
}


def refresh(payload: Mapping[str, Any]) -> None:
    """Compute the listing of the event's repository anew; remove it if that is gone, or not for everybody to see."""
    repository = Repository.objects.filter(id=payload["repository"]).select_related("account").first()
    if repository is None or repository.region != PUBLIC:
        return
    if repository.deleted_at is not None or not repository.account.is_active or _is_hidden(repository):
        _remove(repository)
        return
    fields = _fields(repository)
    with transaction.atomic():
        listing, _ = Listing.objects.update_or_create(repository=repository, defaults=fields)
        matching.keep(listing)
        FacetSet.objects.bulk_create([FacetSet(bits=listing.facet_bits)], ignore_conflicts=True)
        Term.objects.bulk_create([Term(word=word) for word in _words(listing)], ignore_conflicts=True)


def _is_hidden(repository: Repository) -> bool:
    """Whether a policy keeps its pages from a reader of whom nothing is known, not even the address."""
    reader = Caller(region=settings.HOME_REGION)
    return not all(repositories.may(reader, repository.address, repository, action) for action in showcase.SEEN_BY)


def _remove(repository: Repository) -> None:
    """Take a listing away."""
    with transaction.atomic():
        listing = Listing.objects.filter(repository=repository).first()
        if listing is not None:
            matching.forget(listing.id)
            listing.delete()


def _words(listing: Listing) -> list[str]:
    """The words of a repository's name and of its publisher's."""
    parts = re.split(r"[^a-z0-9]+", f"{listing.alias}/{listing.name}")
    return sorted({part for part in parts if 3 <= len(part) <= LONGEST_TERM and not part.isdecimal()})


def account_changed(payload: Mapping[str, Any]) -> None:
    """Follow an account that was suspended or resumed. Started by AccountChanged."""
    refresh_account(payload["account"])


def refresh_account(account_id: str) -> None:
    """Compute all listings of an account anew: it goes by another name, was verified, suspended, or is back."""
    for repository_id in Repository.objects.filter(account_id=account_id, region=PUBLIC).values_list("id", flat=True):
        refresh({"repository": repository_id})


def rebuild() -> int:
    """Compute all listings anew; return how many there are."""
    for repository_id in Repository.objects.filter(region=PUBLIC).values_list("id", flat=True).iterator():
        refresh({"repository": repository_id})
    count_all()
    return Listing.objects.count()


def recount_recent_pulls() -> int:
    """Compute the pulls of the last 30 days anew where there are any: they grow old by themselves. Return how many."""
    changed = 0
    for listing_id, repository_id, known in Listing.objects.exclude(recent_pull_count=0).values_list(
        "id", "repository_id", "recent_pull_count"
    ):
        now = statistics.recent_pulls(repository_id)
        if now != known:
            changed += Listing.objects.filter(id=listing_id).update(recent_pull_count=now)
    return changed


def count_all() -> None:
    """Count the values of all facets over all listings, and choose words to try."""
    shown = Listing.objects.filter(is_deprecated=False)
    rows = facets.rows(shown, MOST_LISTINGS)
    counts = facets.counted(rows, facets.BY_NAME)
    kept = {
        name: found if facets.BY_NAME[name].known else dict(Counter(found).most_common(KEPT))
        for name, found in counts.items()
    }
    names = (
        shown.exclude(newest_tag="").order_by("-recent_pull_count", "-pull_count", "id").values_list("name", flat=True)
    )
    examples = list(dict.fromkeys(name.rpartition("/")[2] for name in names[:50]))[:EXAMPLES]
    SearchFigures.objects.update_or_create(
        id=1, defaults={"total": len(rows), "counts": kept, "examples": examples, "computed_at": timezone.now()}
    )


def _fields(repository: Repository) -> dict[str, Any]:
    """What the listing says now."""
    alias = aliases.primary(repository.account_id)
    choices = tag_pages.choices(repository)
    newest = tag_pages.newest(choices) if choices else None
    image = newest.image if newest else None
    said = CatalogData.objects.filter(repository=repository).first() or CatalogData()
    profile = RegistryCatalogData.objects.filter(account_id=repository.account_id).first() or RegistryCatalogData()
    described = said.description or _described(repository, image)
    publisher = profile.display_name or repository.account.name
    live = Image.objects.filter(repository=repository, deleted_at=None)
    kinds = set(live.filter(kind__in=ATTACHED).values_list("kind", flat=True).distinct())
    about = said.about_text[:MOST_TEXT]
    fields = {
        "alias": alias,
        "name": repository.name,
        "publisher": publisher,
        "publisher_folded": fold(publisher)[:FOLDED],
        "description": described,
        "logo": said.logo_id or profile.logo_id or "",
        "kind": KINDS.get(Image.Kind(image.kind), Listing.Kind.ARTIFACT) if image else Listing.Kind.IMAGE,
        "newest_tag": newest.name if newest else "",
        "licence": said.licence or str((image.facts if image else {}).get("licenses", ""))[:100],
        "is_verified": profile.verified_at is not None,
        "is_signed": Image.Kind.SIGNATURE in kinds,
        "has_sbom": Image.Kind.SBOM in kinds,
        "is_deprecated": said.is_deprecated,
        "tag_count": shown_tags(repository).count(),
        "pull_count": repository.pull_count,
        "recent_pull_count": statistics.recent_pulls(repository.id),
        "pushed_at": repository.last_push_at,
        "updated_at": repository.last_push_at or repository.created_at,
        "search_text": fold(f"{alias}/{repository.name} {publisher} {described} {about}"),
        "refreshed_at": timezone.now(),
    } | _platform_fields(said, _platforms(image) if image else [])
    return fields | {"facet_bits": facets.bits(fields)}


def _platform_fields(said: CatalogData, platforms: list[str]) -> dict[str, Any]:
    """Platforms and categories; what the image is beats what the publisher says."""
    return {
        "platforms": platforms,
        "operating_systems": words.operating_systems(platforms) or said.operating_systems,
        "architectures": words.architectures(platforms) or said.architectures,
        "categories": said.categories,
    }


def _described(repository: Repository, image: Image | None) -> str:
    """What the newest image says of itself; of an index without words, its first child that has some."""
    if image is None:
        return ""
    own = image.facts.get("description", "")
    if own or image.kind != Image.Kind.INDEX:
        return str(own)
    digests = ImageChild.objects.filter(parent=image).order_by("position").values_list("digest", flat=True)
    children = Image.objects.filter(repository=repository, deleted_at=None, digest__in=list(digests))
    return next((child.facts["description"] for child in children if child.facts.get("description")), "")


def _platforms(image: Image) -> list[str]:
    """The image's platform, or those of an index."""
    if image.kind != Image.Kind.INDEX:
        return [image.platform] if image.platform else []
    children = ImageChild.objects.filter(parent=image, is_attestation=False).order_by("position")
    return list(dict.fromkeys(child.platform for child in children if child.platform))
