"""Repositories: create, find, delete; and the one check that every verb on a repository begins with."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.errors import AccessDenied
from accounts.gate import Values
from registry import events
from registry.core import addresses, aliases, mutability, permissions, removed, seen, templates
from registry.core.addresses import Host
from registry.core.permissions import Conditions
from registry.core.scan_conditions import Asked, ScanState
from registry.errors import (
    CountLimitExceeded,
    DeletionProtected,
    InvalidValue,
    RepositoryAlreadyExists,
    RepositoryNotEmpty,
    RepositoryNotFound,
)
from registry.models import CreationTemplate, Image, Repository
from registry.values import PUBLIC, Address, RegistryId, RepositoryName

TagsOf = Callable[[Repository | None], Iterable[str]]
"""Finds the image tags that a request is about, in the repository that it names, if there is one."""

ScansOf = Callable[[Repository], Sequence[ScanState]]
"""Finds what the scans of the images that a request is about have come to, one of which has to be let through."""

NOBODYS_ACCOUNT: Final = "0" * 12
"""Stands for the account of a caller who has not signed in."""


def authorized(
    caller: Caller,
    address: Address,
    *actions: Action,
    image_tags: TagsOf | None = None,
    scans_of: ScansOf | None = None,
) -> Repository:
    """Return the repository if the caller may do one of the actions on its name.

    The rows are read first and the gate is asked before their absence is told, so that who may not act learns nothing,
    at the same cost. `image_tags` and `scans_of` tell, if a policy asks, which images the request is about.
    Raises CredentialsMissing, AccessDenied, RepositoryNotFound.
    """
    repository = find(address)
    allow(caller, address, repository, *actions, image_tags=image_tags, scans_of=scans_of)
    if repository is None:
        raise RepositoryNotFound(str(address.name), address.registry.account_id)
    return repository


def allow(
    caller: Caller,
    address: Address,
    repository: Repository | None,
    *actions: Action,
    image_tags: TagsOf | None = None,
    scans_of: ScansOf | None = None,
) -> None:
    """Ask the gate, with the policies of the repository that was found at the address."""
    tags = (lambda: image_tags(repository)) if image_tags else ()
    if repository is None:
        permissions.require(caller, address, *actions, conditions=Conditions(None, tags))
        return
    scans = Asked(lambda: scans_of(repository)) if scans_of else None
    conditions = Conditions(repository.resource_tags, tags, scans=scans)
    permissions.require(caller, address, *actions, policy_text=repository.policy_text, conditions=conditions)


def may(caller: Caller, address: Address, repository: Repository | None, action: Action) -> bool:
    """Whether the gate would let the caller do the action, for pages that show or hide a button."""
    conditions = Conditions(repository.resource_tags) if repository else permissions.NO_CONDITIONS
    text = repository.policy_text if repository else ""
    return permissions.decide(caller, address, action, policy_text=text, conditions=conditions).allowed


def authorized_for_tags(caller: Caller, address: Address, action: Action, tags_of: TagsOf) -> Repository:
    """Return the repository if the caller may do the action to every one of the image tags, not just to some.

    They are looked at one by one only if a policy tells them apart.
    """
    return _for_each(caller, address, action, tags_of, authorized)


def _for_each(
    caller: Caller, address: Address, action: Action, tags_of: TagsOf, find_authorized: Callable[..., Repository]
) -> Repository:
    """Ask about all tags at once; if a policy wanted to know them, ask about each of them."""
    asked: list[str] = []

    def remember(repository: Repository | None) -> list[str]:
        asked[:] = tags_of(repository)
        return asked

    repository = find_authorized(caller, address, action, image_tags=remember)
    for tag in tuple(asked) if len(asked) > 1 else ():
        allow(caller, address, repository, action, image_tags=partial(_only, tag))
    return repository


def _only(tag: str, repository: Repository | None) -> list[str]:
    return [tag]


def find(address: Address) -> Repository | None:
    """Return the live repository at the address, without asking anyone; None if there is none."""
    return seen.once(address, lambda: rows_at(address).first())


def rows_at(address: Address) -> QuerySet[Repository]:
    """The live repository at the address, or none, without asking anyone."""
    return Repository.objects.filter(
        account_id=address.registry.account_id,
        account__is_active=True,
        region=address.registry.region,
        name=str(address.name),
        deleted_at=None,
    )


def lock(repository: Repository) -> None:
    """Hold the repository's row, so that pushes and deletions of it come one after the other. RepositoryNotFound."""
    if not Repository.objects.select_for_update(no_key=True).filter(id=repository.id, deleted_at=None).exists():
        raise RepositoryNotFound(repository.name, repository.account_id)


def was_ever(address: Address) -> bool:
    """Whether there is or was a repository of this name, deleted ones included."""
    registry = address.registry
    return Repository.objects.filter(
        account_id=registry.account_id, region=registry.region, name=str(address.name)
    ).exists()


def get(caller: Caller, address: Address) -> Repository:
    """Return the repository."""
    return authorized(caller, address, Action.DESCRIBE_REPOSITORIES)


def create(
    caller: Caller,
    address: Address,
    *,
    image_tag_mutability: str = "MUTABLE",
    exclusion_filters: Sequence[str] = (),
    scan_on_push: bool = False,
    resource_tags: Mapping[str, str] | None = None,
    policy_text: str = "",
    lifecycle_policy_text: str = "",
) -> Repository:
    """Create a repository; the first public one of an account brings its default alias.

    Raises RepositoryAlreadyExists, CountLimitExceeded, TakenDown; InvalidValue for a region that is not served, and for
    settings that contradict each other.
    """
    tags = dict(resource_tags or {})
    permissions.require(caller, address, Action.CREATE_REPOSITORY, conditions=requested(tags))
    mutability.check(image_tag_mutability, exclusion_filters)
    removed.refuse_again(address)
    registry = address.registry
    if registry.region != PUBLIC and registry.region not in settings.REGIONS:
        raise InvalidValue(registry.region, "is not a region of this deployment")
    place = {"account_id": registry.account_id, "region": registry.region, "deleted_at": None}
    if Repository.objects.filter(**place).count() >= settings.MAX_REPOSITORIES:
        raise CountLimitExceeded(f"A registry may have {settings.MAX_REPOSITORIES} repositories")
    try:
        with transaction.atomic():
            repository = Repository.objects.create(
                account_id=registry.account_id,
                region=registry.region,
                name=str(address.name),
                image_tag_mutability=image_tag_mutability,
                image_tag_mutability_exclusion_filters=list(exclusion_filters),
                scan_on_push=scan_on_push,
                resource_tags=tags,
                policy_text=policy_text,
                lifecycle_policy_text=lifecycle_policy_text,
                created_by=caller.principal_arn,
            )
            if registry.is_public:
                aliases.default_for(registry.account_id)
            trail.record(caller, Action.CREATE_REPOSITORY, addresses.arn(address))
            outbox.announce(events.RepositoryCreated(repository.id))
    except IntegrityError as error:
        if find(address) is None:
            raise
        raise RepositoryAlreadyExists(str(address.name), registry.account_id) from error
    return repository


def create_by(caller: Caller, address: Address, template: CreationTemplate) -> Repository:
    """Create a repository as a template says. Raises what `create` does."""
    return create(
        caller,
        address,
        image_tag_mutability=template.image_tag_mutability,
        exclusion_filters=template.image_tag_mutability_exclusion_filters,
        resource_tags=template.resource_tags,
        policy_text=template.repository_policy,
        lifecycle_policy_text=template.lifecycle_policy,
    )


def put_mutability(caller: Caller, address: Address, setting: str, filters: Sequence[str] = ()) -> Repository:
    """Say which tags of a repository may move. InvalidValue."""
    repository = authorized(caller, address, Action.PUT_IMAGE_TAG_MUTABILITY)
    mutability.check(setting, filters)
    fields = {"image_tag_mutability": setting, "image_tag_mutability_exclusion_filters": list(filters)}
    with transaction.atomic():
        if not Repository.objects.filter(id=repository.id, deleted_at=None).update(**fields):
            raise RepositoryNotFound(repository.name, repository.account_id)
        details = {"imageTagMutability": setting, "imageTagMutabilityExclusionFilters": list(filters)}
        trail.record(caller, Action.PUT_IMAGE_TAG_MUTABILITY, addresses.arn(address), details=details)
    repository.refresh_from_db()
    return repository


def put_scan_on_push(caller: Caller, address: Address, scan_on_push: bool) -> Repository:
    """Say whether images are scanned when they are pushed (where the registry's own configuration says nothing)."""
    repository = authorized(caller, address, Action.PUT_IMAGE_SCANNING_CONFIGURATION)
    with transaction.atomic():
        if not Repository.objects.filter(id=repository.id, deleted_at=None).update(scan_on_push=scan_on_push):
            raise RepositoryNotFound(repository.name, repository.account_id)
        details = {"scanOnPush": scan_on_push}
        trail.record(caller, Action.PUT_IMAGE_SCANNING_CONFIGURATION, addresses.arn(address), details=details)
    repository.scan_on_push = scan_on_push
    return repository


def put_deletion_protection(caller: Caller, address: Address, is_on: bool) -> Repository:
    """Protect a repository from being deleted by anybody and by any API, or no more. Not of ECR."""
    repository = authorized(caller, address, Action.PUT_DELETION_PROTECTION)
    with transaction.atomic():
        if not Repository.objects.filter(id=repository.id, deleted_at=None).update(deletion_protection=is_on):
            raise RepositoryNotFound(repository.name, repository.account_id)
        details = {"deletionProtection": is_on}
        trail.record(caller, Action.PUT_DELETION_PROTECTION, addresses.arn(address), details=details)
    repository.deletion_protection = is_on
    return repository


def requested(tags: Mapping[str, str]) -> Conditions:
    """The condition keys of resource tags that a request brings."""
    keys: dict[str, Values] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return Conditions(more=keys | ({"aws:TagKeys": tuple(tags)} if tags else {}))


def describe(
    caller: Caller, registry: RegistryId, *, names: Sequence[str] = (), after: str = "", limit: int = 100
) -> tuple[list[Repository], bool]:
    """Return a registry's repositories by name after `after`, and whether more follow; or those that are named.

    Raises RepositoryNotFound for the first name that there is none of.
    """
    if names:
        return [get(caller, Address(registry, RepositoryName.parse(name))) for name in dict.fromkeys(names)], False
    permissions.require_in_registry(caller, registry, Action.DESCRIBE_REPOSITORIES)
    rows = Repository.objects.filter(
        account_id=registry.account_id, region=registry.region, deleted_at=None, name__gt=after
    ).order_by("name")[: limit + 1]
    found = list(rows)
    return found[:limit], len(found) > limit


def authorized_for_push(caller: Caller, address: Address, action: Action, tags: Sequence[str] = ()) -> Repository:
    """Return the repository for a push under image tags, created by the account's template if there is none yet.

    Public repositories are never made by a push.
    """
    return _for_each(caller, address, action, lambda _: tags, _found_or_created)


def _found_or_created(
    caller: Caller, address: Address, action: Action, *, image_tags: TagsOf | None = None
) -> Repository:
    """Return the repository, or make it."""
    try:
        return authorized(caller, address, action, image_tags=image_tags)
    except RepositoryNotFound:
        registry = address.registry
        template = (
            None if registry.is_public else templates.match(registry.account_id, registry.region, str(address.name))
        )
        if template is None:
            raise
        try:
            return create_by(caller, address, template)
        except RepositoryAlreadyExists:  # another push made it meanwhile
            return authorized(caller, address, action, image_tags=image_tags)
        except AccessDenied as denied:
            raise RepositoryNotFound(str(address.name), registry.account_id) from denied


def get_for_pull(caller: Caller, address: Address) -> Repository:
    """Return the repository if the caller may pull from it; for requests that name no image to ask about."""
    return authorized(caller, address, Action.BATCH_GET_IMAGE)


def delete(caller: Caller, address: Address, *, force: bool = False) -> Repository:
    """Delete a repository and return it; its name is free at once.

    RepositoryNotEmpty if it has images, unless `force`; DeletionProtected, which nothing overrides.
    """
    repository = authorized(caller, address, Action.DELETE_REPOSITORY)
    with transaction.atomic():
        locked = Repository.objects.select_for_update(no_key=True).filter(id=repository.id, deleted_at=None).first()
        if locked is None:
            raise RepositoryNotFound(str(address.name), address.registry.account_id)
        if locked.deletion_protection:
            raise DeletionProtected(str(address.name), address.registry.account_id)
        if not force and Image.objects.filter(repository=locked, deleted_at=None).exists():
            raise RepositoryNotEmpty(str(address.name), address.registry.account_id)
        locked.deleted_at = timezone.now()
        locked.save(update_fields=["deleted_at"])
        trail.record(caller, Action.DELETE_REPOSITORY, addresses.arn(address), details={"force": force})
        outbox.announce(events.RepositoryDeleted(repository.id))
    return locked


def catalog(caller: Caller, host: Host | None = None, *, last: str = "", limit: int = 1000) -> list[str]:
    """Return the paths of the repositories that the caller may list, after `last`, in byte order.

    They are paths on the host that was asked, or on the one host. Raises CredentialsMissing, AccessDenied if the caller
    may list no registry at all.
    """
    registries = addresses.listed(host or addresses.host_of(""), caller.account_id or NOBODYS_ACCOUNT)
    listing = Action.DESCRIBE_REPOSITORIES
    own = [(start, registry) for start, registry in registries if permissions.may(caller, registry, listing)]
    if not own:
        first = registries[0][1] if registries else RegistryId(caller.account_id or NOBODYS_ACCOUNT, PUBLIC)
        permissions.require_in_registry(caller, first, listing)
    found: list[str] = []
    for start, registry in own:
        if len(found) >= limit or (last > start and not last.startswith(start)):
            continue
        after = last.removeprefix(start) if last.startswith(start) else ""
        names = (
            Repository.objects.filter(
                account_id=registry.account_id, region=registry.region, deleted_at=None, name__gt=after
            )
            .order_by("name")
            .values_list("name", flat=True)
        )
        found += [f"{start}{name}" for name in names[: limit - len(found)]]
    return found
