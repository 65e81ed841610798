"""Repositories: create, find, delete; and the one check that every verb on a repository begins with."""

from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import gate, outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.errors import AccessDenied
from accounts.iam.arn import Arn
from accounts.iam.evaluate import Effect, Statement
from registry import events
from registry.core import addresses, aliases, templates
from registry.core.addresses import Host
from registry.errors import InvalidValue, RepositoryAlreadyExists, RepositoryNotEmpty, RepositoryNotFound
from registry.models import Image, Repository
from registry.values import PUBLIC, Address, RegistryId

PUBLIC_PULL: Final = Statement(
    effect=Effect.ALLOW,
    principals=frozenset({"*"}),
    actions=frozenset(
        {
            "ecr-public:BatchCheckLayerAvailability",
            "ecr-public:BatchGetImage",
            "ecr-public:DescribeImages",
            "ecr-public:DescribeRepositories",
            "ecr-public:GetDownloadUrlForLayer",
            "ecr-public:ListImages",
        }
    ),
    sid="PublicPull",
)
"""What anyone may do with a public repository."""

PUBLIC_POLICIES: tuple[Statement, ...] = (PUBLIC_PULL,)
"""The statements of every public repository."""

NOBODYS_ACCOUNT: Final = "0" * 12
"""Stands for the account of a caller who has not signed in."""


def authorized(caller: Caller, address: Address, *actions: Action) -> Repository:
    """Return the repository if the caller may do one of the actions on its name.

    The rows are read first and the gate is asked before their absence is told, so that who may not act learns nothing,
    at the same cost. Raises CredentialsMissing, AccessDenied, RepositoryNotFound.
    """
    repository = find(address)
    require(caller, address, *actions)
    if repository is None:
        raise RepositoryNotFound(str(address.name), address.registry.account_id)
    return repository


def require(caller: Caller, address: Address, *actions: Action) -> None:
    """Ask the gate whether the caller may do one of the actions on the address; the first one names the refusal."""
    service = "ecr-public" if address.is_public else "ecr"
    policies = PUBLIC_POLICIES if address.is_public else ()
    arn = addresses.arn(address)
    if any(gate.decide(caller, f"{service}:{other}", arn, policies=policies).allowed for other in actions[1:]):
        return
    gate.require(caller, f"{service}:{actions[0]}", arn, policies=policies)


def find(address: Address) -> Repository | None:
    """Return the live repository at the address, without asking anyone; None if there is none."""
    return Repository.objects.filter(
        account_id=address.registry.account_id,
        account__is_active=True,
        region=address.registry.region,
        name=str(address.name),
        deleted_at=None,
    ).first()


def was_ever(address: Address) -> bool:
    """Whether there is or was a repository of this name, deleted ones included."""
    registry = address.registry
    return Repository.objects.filter(
        account_id=registry.account_id, region=registry.region, name=str(address.name)
    ).exists()


def get(caller: Caller, address: Address) -> Repository:
    """Return the repository."""
    return authorized(caller, address, Action.DESCRIBE_REPOSITORIES)


def create(caller: Caller, address: Address, *, image_tag_mutability: str = "MUTABLE") -> Repository:
    """Create a repository; the first public one of an account brings its default alias.

    Raises RepositoryAlreadyExists, InvalidValue for a region that is not served.
    """
    require(caller, address, Action.CREATE_REPOSITORY)
    registry = address.registry
    if registry.region != PUBLIC and registry.region not in settings.REGIONS:
        raise InvalidValue(registry.region, "is not a region of this deployment")
    try:
        with transaction.atomic():
            repository = Repository.objects.create(
                account_id=registry.account_id,
                region=registry.region,
                name=str(address.name),
                image_tag_mutability=image_tag_mutability,
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


def authorized_for_push(caller: Caller, address: Address, action: Action) -> Repository:
    """Return the repository for a push, created by the account's creation template if there is none yet.

    Public repositories are never made by a push.
    """
    try:
        return authorized(caller, address, action)
    except RepositoryNotFound:
        registry = address.registry
        template = (
            None if registry.is_public else templates.match(registry.account_id, registry.region, str(address.name))
        )
        if template is None:
            raise
        try:
            return create(caller, address, image_tag_mutability=template.image_tag_mutability)
        except RepositoryAlreadyExists:  # another push made it meanwhile
            return authorized(caller, address, action)
        except AccessDenied as denied:
            raise RepositoryNotFound(str(address.name), registry.account_id) from denied


def delete(caller: Caller, address: Address, *, force: bool = False) -> None:
    """Delete a repository; its name is free at once. RepositoryNotEmpty if it has images, unless `force`."""
    repository = authorized(caller, address, Action.DELETE_REPOSITORY)
    with transaction.atomic():
        locked = Repository.objects.select_for_update(no_key=True).filter(id=repository.id, deleted_at=None).first()
        if locked is None:
            raise RepositoryNotFound(str(address.name), address.registry.account_id)
        if not force and Image.objects.filter(repository=locked, deleted_at=None).exists():
            raise RepositoryNotEmpty(str(address.name), address.registry.account_id)
        locked.deleted_at = timezone.now()
        locked.save(update_fields=["deleted_at"])
        trail.record(caller, Action.DELETE_REPOSITORY, addresses.arn(address), details={"force": force})
        outbox.announce(events.RepositoryDeleted(repository.id))


def catalog(caller: Caller, host: Host | None = None, *, last: str = "", limit: int = 1000) -> list[str]:
    """Return the paths of the repositories that the caller may list, after `last`, in byte order.

    They are paths on the host that was asked, or on the one host. Raises CredentialsMissing, AccessDenied if the caller
    may list no registry at all.
    """
    registries = addresses.listed(host or addresses.host_of(""), caller.account_id or NOBODYS_ACCOUNT)
    own = [(start, registry) for start, registry in registries if gate.decide(caller, *_listing(registry)).allowed]
    if not own:
        first = registries[0][1] if registries else RegistryId(caller.account_id or NOBODYS_ACCOUNT, PUBLIC)
        gate.require(caller, *_listing(first))
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


def _listing(registry: RegistryId) -> tuple[str, Arn]:
    """The action and the resource of listing a registry's repositories."""
    service = "ecr-public" if registry.is_public else "ecr"
    return f"{service}:{Action.DESCRIBE_REPOSITORIES}", addresses.registry_arn(registry)
