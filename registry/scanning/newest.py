"""What scans say of the newest tag of each repository of a list, in as many queries for fifty as for one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import repositories
from registry.core.browsing import is_shown, platforms_of
from registry.models import ImageTag, Repository
from registry.scanning import summaries
from registry.scanning.summaries import Summary
from registry.values import Address, RegistryId, RepositoryName


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest tag of a repository, the image that it names, and its summary; None of what is not scanned."""

    tag: str
    digest: str
    summary: Summary | None


def of_repositories(caller: Caller, rows: Sequence[Repository]) -> dict[int, Newest]:
    """Return the newest tag of each by the id of its repository, without those of signatures and the like.

    There is none for who may not see what images are.
    """
    seen = [row.id for row in rows if repositories.may(caller, _address(row), row, Action.DESCRIBE_IMAGES)]
    tags = ImageTag.objects.filter(is_shown(), repository=OuterRef("id")).order_by("-updated_at", "-id")
    newest = Repository.objects.filter(id__in=seen).annotate(newest=Subquery(tags.values("id")[:1]))
    found = list(ImageTag.objects.filter(id__in=newest.values("newest")).select_related("image"))
    platforms = platforms_of([tag.image for tag in found])
    made = summaries.of_images([(tag.image, platforms[tag.image.id]) for tag in found])
    return {tag.repository_id: Newest(tag.name, tag.image.digest, made.get(tag.image.id)) for tag in found}


def _address(row: Repository) -> Address:
    return Address(RegistryId(row.account_id, row.region), RepositoryName(row.name))
