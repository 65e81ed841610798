"""Resource tags of repositories, which policies can ask for (aws:ResourceTag)."""

from collections.abc import Iterable, Mapping
from typing import Final

from django.db import transaction

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.iam.arn import Arn
from registry import events
from registry.core import addresses, permissions, repositories
from registry.core.permissions import Conditions
from registry.errors import InvalidResourceTag, InvalidValue, RepositoryNotFound, TooManyTags
from registry.models import Repository
from registry.values import PUBLIC, Address, RegistryId, RepositoryName

MOST: Final = 50
LONGEST_KEY: Final = 128
LONGEST_VALUE: Final = 256


def address_of(text: str) -> Address:
    """The repository that an ARN names. InvalidValue, InvalidRepositoryName."""
    try:
        parsed = Arn.parse(text)
    except ValueError as error:
        raise InvalidValue(text, "is not an ARN") from error
    kind, _, name = parsed.resource.partition("/")
    if (
        kind != "repository"
        or parsed.service not in {"ecr", "ecr-public"}
        or (parsed.service == "ecr") != bool(parsed.region)
    ):
        raise InvalidValue(text, "is not the ARN of a repository")
    if parsed.service == "ecr-public":
        return addresses.public(parsed.account_id, name)
    if parsed.region == PUBLIC:
        raise InvalidValue(text, "is not the ARN of a repository")
    return Address(RegistryId(parsed.account_id, parsed.region), RepositoryName.parse(name))


def of(caller: Caller, address: Address) -> dict[str, str]:
    """Return a repository's tags."""
    return dict(repositories.authorized(caller, address, Action.LIST_TAGS_FOR_RESOURCE).resource_tags)


def put(caller: Caller, address: Address, tags: Mapping[str, str]) -> None:
    """Set tags beside those that are there. InvalidResourceTag, TooManyTags."""
    repository = _allowed(caller, address, Action.TAG_RESOURCE, tags)
    check(tags)
    _change(caller, address, repository, Action.TAG_RESOURCE, add=tags)


def remove(caller: Caller, address: Address, keys: Iterable[str]) -> None:
    """Take tags away; what is not there is gone already. InvalidResourceTag, TooManyTags."""
    names = dict.fromkeys(keys, "")
    repository = _allowed(caller, address, Action.UNTAG_RESOURCE, names)
    check(names)
    _change(caller, address, repository, Action.UNTAG_RESOURCE, take=tuple(names))


def check(tags: Mapping[str, str]) -> None:
    """Return if tags may be set. InvalidResourceTag, TooManyTags."""
    for key, value in tags.items():
        if not 1 <= len(key) <= LONGEST_KEY or len(value) > LONGEST_VALUE:
            raise InvalidResourceTag(f"Keys have 1 to {LONGEST_KEY} characters, values up to {LONGEST_VALUE}")
        if key.lower().startswith("aws:"):
            raise InvalidResourceTag("Keys that begin with aws: are reserved")
        if "\x00" in key + value:
            raise InvalidResourceTag("Keys and values take printable characters")
    if len(tags) > MOST:
        raise TooManyTags(f"A repository may have {MOST} tags")


def _allowed(caller: Caller, address: Address, action: Action, tags: Mapping[str, str]) -> Repository:
    repository = repositories.find(address)
    more = {f"aws:RequestTag/{key}": value for key, value in tags.items()} if action is Action.TAG_RESOURCE else {}
    conditions = Conditions(repository.resource_tags if repository else None, more={**more, "aws:TagKeys": tuple(tags)})
    text = repository.policy_text if repository else ""
    permissions.require(caller, address, action, policy_text=text, conditions=conditions)
    if repository is None:
        raise RepositoryNotFound(str(address.name), address.registry.account_id)
    return repository


def _change(
    caller: Caller,
    address: Address,
    repository: Repository,
    action: Action,
    *,
    add: Mapping[str, str] | None = None,
    take: Iterable[str] = (),
) -> None:
    with transaction.atomic():
        row = Repository.objects.select_for_update(no_key=True).filter(id=repository.id, deleted_at=None).first()
        if row is None:
            raise RepositoryNotFound(repository.name, repository.account_id)
        tags = {key: value for key, value in row.resource_tags.items() if key not in set(take)} | dict(add or {})
        if len(tags) > MOST:
            raise TooManyTags(f"A repository may have {MOST} tags")
        row.resource_tags = tags
        row.save(update_fields=["resource_tags"])
        trail.record(caller, action, addresses.arn(address), details={"tags": dict(add or {}), "tagKeys": list(take)})
        if address.is_public:
            outbox.announce(events.RepositoryVisibilityChanged(row.id))
