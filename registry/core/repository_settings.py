"""A repository's settings as one form: read together, and changed together or not at all."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from accounts.caller import Caller
from registry.core import repositories, resource_tags
from registry.models import Repository
from registry.values import Address


@dataclass(frozen=True, slots=True)
class RepositorySettings:
    """What can be changed about a repository."""

    image_tag_mutability: str
    exclusion_filters: list[str]
    scan_on_push: bool
    resource_tags: Mapping[str, str]
    deletion_protection: bool

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return asdict(self)


def of(repository: Repository) -> RepositorySettings:
    """A repository's present settings."""
    return RepositorySettings(
        image_tag_mutability=repository.image_tag_mutability,
        exclusion_filters=list(repository.image_tag_mutability_exclusion_filters),
        scan_on_push=repository.scan_on_push,
        resource_tags=dict(repository.resource_tags),
        deletion_protection=repository.deletion_protection,
    )


def change(caller: Caller, address: Address, wanted: RepositorySettings) -> None:
    """Let the settings be as wanted; only what differs has to be allowed. AccessDenied, InvalidValue, TooManyTags."""
    with transaction.atomic():
        now = of(repositories.get(caller, address))
        setting, filters = wanted.image_tag_mutability, list(wanted.exclusion_filters)
        if (setting, filters) != (now.image_tag_mutability, now.exclusion_filters):
            repositories.put_mutability(caller, address, setting, filters)
        if wanted.scan_on_push != now.scan_on_push:
            repositories.put_scan_on_push(caller, address, wanted.scan_on_push)
        gone = [key for key in now.resource_tags if key not in wanted.resource_tags]
        if gone:
            resource_tags.remove(caller, address, gone)
        new = {key: text for key, text in wanted.resource_tags.items() if now.resource_tags.get(key) != text}
        if new:
            resource_tags.put(caller, address, new)
        if wanted.deletion_protection != now.deletion_protection:
            repositories.put_deletion_protection(caller, address, wanted.deletion_protection)
