"""Keeps a public repository's listing fresh. Started by domain events; what it writes can be computed again."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils import timezone

from gallery.models import Listing
from gallery.search.folding import fold
from registry.core import aliases, statistics, tag_pages
from registry.core.browsing import shown_tags
from registry.models import CatalogData, Image, ImageChild, RegistryCatalogData, Repository
from registry.values import PUBLIC

KINDS: Final = {
    Image.Kind.IMAGE: Listing.Kind.IMAGE,
    Image.Kind.INDEX: Listing.Kind.IMAGE,
    Image.Kind.CHART: Listing.Kind.CHART,
}


def refresh(payload: Mapping[str, Any]) -> None:
    """Compute the listing of the event's repository anew, or remove it with the repository."""
    repository = Repository.objects.filter(id=payload["repository"]).select_related("account").first()
    if repository is None or repository.region != PUBLIC:
        return
    if repository.deleted_at is not None or not repository.account.is_active:
        Listing.objects.filter(repository=repository).delete()
        return
    Listing.objects.update_or_create(repository=repository, defaults=_fields(repository))


def rebuild() -> int:
    """Compute all listings anew; return how many there are."""
    for repository_id in Repository.objects.filter(region=PUBLIC).values_list("id", flat=True).iterator():
        refresh({"repository": repository_id})
    return Listing.objects.count()


def _fields(repository: Repository) -> dict[str, Any]:
    """What the listing says now."""
    alias = aliases.primary(repository.account_id)
    choices = tag_pages.choices(repository)
    newest = tag_pages.newest(choices) if choices else None
    image = newest.image if newest else None
    said = CatalogData.objects.filter(repository=repository).values_list("description", flat=True).first()
    described = said or _described(repository, image)
    names = RegistryCatalogData.objects.filter(account_id=repository.account_id)
    publisher = names.values_list("display_name", flat=True).first() or repository.account.name
    return {
        "alias": alias,
        "name": repository.name,
        "publisher": publisher,
        "description": described,
        "kind": KINDS.get(Image.Kind(image.kind), Listing.Kind.ARTIFACT) if image else Listing.Kind.IMAGE,
        "newest_tag": newest.name if newest else "",
        "platforms": _platforms(image) if image else [],
        "tag_count": shown_tags(repository).count(),
        "pull_count": repository.pull_count,
        "recent_pull_count": statistics.recent_pulls(repository.id),
        "pushed_at": repository.last_push_at,
        "search_text": fold(f"{alias}/{repository.name} {publisher} {described}"),
        "refreshed_at": timezone.now(),
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
