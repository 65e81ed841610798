"""What stands at the top of every page of a repository: what it is, who publishes it, the tag to pull, numbers."""

from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import repositories, seen, statistics, tag_pages
from registry.core.browsing import PlatformRow, facts_of_first, is_shown, platforms_of
from registry.errors import RepositoryNotFound
from registry.models import CatalogData, Image, ImageTag, RegistryCatalogData, Repository
from registry.values import Address

M = TypeVar("M", bound=Model)
SEEN_BY: Final = (Action.DESCRIBE_REPOSITORIES, Action.LIST_IMAGES, Action.DESCRIBE_IMAGES)
"""What a reader must be let do to see a repository's pages."""


@dataclass(frozen=True, slots=True)
class Showcase:
    """A repository with what its publisher says of it and of themselves, empty if nothing.

    `tag` is the one to pull, empty before the first push; `image` is what it names. `recent_pulls` are of 30 days.
    """

    repository: Repository
    catalog: CatalogData
    profile: RegistryCatalogData
    tag: str
    newest: str
    image: Image | None
    facts: dict[str, Any]
    tags: list[str]
    platforms: list[PlatformRow]
    tag_total: int
    hidden_total: int
    recent_pulls: int

    @property
    def publisher(self) -> str:
        """The name that the publisher goes by."""
        return self.profile.display_name or self.repository.account.name

    @property
    def description(self) -> str:
        """What the publisher says, or else the image itself."""
        return self.catalog.description or str(self.facts.get("description", ""))

    @property
    def licence(self) -> str:
        """The licence, as the publisher or else the image gives it."""
        return self.catalog.licence or str(self.facts.get("licenses", ""))

    @property
    def source(self) -> str:
        """Where the source is, as the publisher or else the image says: any text."""
        return self.catalog.source_url or str(self.facts.get("source", ""))


def of(caller: Caller, address: Address, *, tag: str = "", with_facts: bool = True) -> Showcase:
    """Return it, with `tag` to pull if there is such a tag; else the newest (see tag_pages.newest_tag).

    Pages that show facts of an image of their own do `with_facts=False`: what an index does not say is not looked for.
    """
    rows = repositories.rows_at(address).select_related("account__catalog_data", "catalog_data")
    repository = rows.annotate(
        recent_pulls=statistics.recent_pulls_of_repository(OuterRef("id")),
        tag_total=_count(ImageTag.objects.filter(is_shown())),
        every_tag=_count(ImageTag.objects.all()),
    ).first()
    seen.keep(address, repository)
    for action in SEEN_BY:
        repositories.allow(caller, address, repository, action)
    if repository is None:
        raise RepositoryNotFound(str(address.name), address.registry.account_id)
    choices = tag_pages.choices(repository, also=tag)
    newest = tag_pages.newest(choices) if choices else None
    chosen = next((row for row in choices if row.name == tag), newest)
    image = chosen.image if chosen else None
    platforms = platforms_of([image])[image.id] if image else []
    facts = image.facts if image else {}
    if with_facts and platforms and not facts:
        facts = facts_of_first(Image.objects.filter(repository=repository, deleted_at=None), platforms)
    return Showcase(
        repository=repository,
        catalog=_said(repository, "catalog_data", CatalogData(repository_id=repository.id)),
        profile=_said(repository.account, "catalog_data", RegistryCatalogData(account_id=repository.account_id)),
        tag=chosen.name if chosen else "",
        newest=newest.name if newest else "",
        image=image,
        facts=facts,
        tags=[row.name for row in choices],
        platforms=platforms,
        tag_total=repository.tag_total,
        hidden_total=repository.every_tag - repository.tag_total,
        recent_pulls=repository.recent_pulls,
    )


def _count(tags: QuerySet[ImageTag]) -> Combinable:
    """How many of the tags are the repository's, as a column."""
    found = tags.filter(repository=OuterRef("id")).order_by().values("repository")
    return Coalesce(Subquery(found.annotate(number=Count("id")).values("number")), 0)


def _said(row: Model, name: str, nothing: M) -> M:
    """What was said about a row; nothing, if it has never been."""
    try:
        said: M = getattr(row, name)
    except ObjectDoesNotExist:
        return nothing
    return said
