"""Creating a repository by hand: what a name would get, and everything about a new repository in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import catalog, permissions, repositories, templates
from registry.models import CreationTemplate, Repository
from registry.values import Address


@dataclass(frozen=True, slots=True)
class Preview:
    """Whether a name is taken, and the template by which a push would create it."""

    is_taken: bool
    template: CreationTemplate | None


def preview(caller: Caller, address: Address) -> Preview:
    """Look at a name, for who may create a repository of it. AccessDenied."""
    permissions.require(caller, address, Action.CREATE_REPOSITORY)
    registry = address.registry
    template = None if registry.is_public else templates.match(registry.account_id, registry.region, str(address.name))
    return Preview(repositories.find(address) is not None, template)


def create(
    caller: Caller,
    address: Address,
    *,
    image_tag_mutability: str,
    exclusion_filters: Sequence[str] = (),
    scan_on_push: bool = False,
    resource_tags: Mapping[str, str] | None = None,
    description: str = "",
) -> Repository:
    """Create a repository; a public one with its short description. Raises what `repositories.create` does."""
    with transaction.atomic():
        made = repositories.create(
            caller,
            address,
            image_tag_mutability=image_tag_mutability,
            exclusion_filters=exclusion_filters,
            scan_on_push=scan_on_push,
            resource_tags=resource_tags,
        )
        if description and address.is_public:
            catalog.write(caller, made, {"description": description})
    return made
