"""A repository's lifecycle policy: put, read, removed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import addresses, repositories, repository_pages
from registry.errors import LifecyclePolicyInvalid, LifecyclePolicyNotFound, RepositoryNotFound
from registry.lifecycle import grammar, runs
from registry.models import Repository, WorkItem
from registry.values import Address, RegistryId, RepositoryName


@dataclass(frozen=True, slots=True)
class Kept:
    """The text as it was put, and when it was acted on last."""

    text: str
    evaluated_at: datetime | None


def put(caller: Caller, address: Address, text: str) -> str:
    """Set the policy and return it. LifecyclePolicyInvalid."""
    repository = repositories.authorized(caller, address, Action.PUT_LIFECYCLE_POLICY)
    check(text)
    _write(caller, repository, text, Action.PUT_LIFECYCLE_POLICY)
    return text


def check(text: str) -> None:
    """Return if the text is a policy. LifecyclePolicyInvalid."""
    try:
        grammar.parse(text)
    except grammar.LifecyclePolicyInvalid as error:
        raise LifecyclePolicyInvalid(error.problems) from error


def get(caller: Caller, address: Address) -> Kept:
    """Return the policy. LifecyclePolicyNotFound."""
    return _kept(repositories.authorized(caller, address, Action.GET_LIFECYCLE_POLICY))


def delete(caller: Caller, address: Address) -> Kept:
    """Remove the policy and return it. LifecyclePolicyNotFound."""
    repository = repositories.authorized(caller, address, Action.DELETE_LIFECYCLE_POLICY)
    removed = _kept(repository)
    _write(caller, repository, "", Action.DELETE_LIFECYCLE_POLICY)
    return removed


@dataclass(frozen=True, slots=True)
class Standing:
    """What one of several repositories has now: None of who may not read it; and whether the caller may put another."""

    name: str
    text: str | None
    may_put: bool


def standing(caller: Caller, registry: RegistryId, names: Collection[str]) -> list[Standing]:
    """Return what the repositories of these names have now, in order."""
    found = []
    place = {"account_id": registry.account_id, "region": registry.region, "deleted_at": None}
    for some in repository_pages.batched(sorted(names)):
        for row in Repository.objects.filter(name__in=some, **place).order_by("name"):
            may_read, may_put = (
                repositories.may(caller, row.address, row, action)
                for action in (Action.GET_LIFECYCLE_POLICY, Action.PUT_LIFECYCLE_POLICY)
            )
            found.append(Standing(row.name, row.lifecycle_policy_text if may_read else None, may_put))
    return found


def put_by_work(caller: Caller, item: WorkItem, name: str) -> None:
    """Give a repository the policy of a work item; may be repeated. RepositoryNotFound."""
    put(caller, Address(RegistryId(item.account_id, item.region), RepositoryName(name)), item.params["text"])


def _kept(repository: Repository) -> Kept:
    if not repository.lifecycle_policy_text:
        raise LifecyclePolicyNotFound(repository.name, repository.account_id)
    return Kept(repository.lifecycle_policy_text, repository.lifecycle_evaluated_at)


def _write(caller: Caller, repository: Repository, text: str, action: Action) -> None:
    with transaction.atomic():
        due_at = timezone.now() + runs.FIRST_AFTER if text else None
        fields = {"lifecycle_policy_text": text, "lifecycle_evaluated_at": None, "lifecycle_due_at": due_at}
        if not Repository.objects.filter(id=repository.id, deleted_at=None).update(**fields):
            raise RepositoryNotFound(repository.name, repository.account_id)
        details = {"lifecyclePolicyText": text}
        trail.record(caller, action, addresses.arn(repository.address), details=details)
