"""Repository policies: read, put, remove. What they allow is decided by the gate (permissions)."""

from typing import Final

from django.db import transaction

from accounts import gate, outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.iam import document
from accounts.iam.document import Kind, PolicyInvalid, Problem
from registry import events
from registry.core import addresses, permissions, repositories
from registry.errors import InvalidPolicy, PolicyLocksOut, RepositoryNotFound, RepositoryPolicyNotFound
from registry.models import Repository, RepositoryPolicyVersion
from registry.values import Address

KEPT_VERSIONS: Final = 20


def get(caller: Caller, address: Address) -> str:
    """Return the repository's policy as it was put. RepositoryPolicyNotFound if there is none."""
    repository = repositories.authorized(caller, address, Action.GET_REPOSITORY_POLICY)
    if not repository.policy_text:
        raise RepositoryPolicyNotFound(str(address.name), address.registry.account_id)
    return repository.policy_text


def put(caller: Caller, address: Address, text: str, *, force: bool = False) -> str:
    """Set the repository's policy and return it.

    Raises InvalidPolicy with the places of its errors, and PolicyLocksOut if the caller could not set another one
    afterwards, unless `force`.
    """
    repository = repositories.authorized(caller, address, Action.SET_REPOSITORY_POLICY)
    parse(text)
    if not force and not may_set_again(caller, address, repository, text):
        raise PolicyLocksOut(str(address.name))
    _write(caller, repository, text, Action.SET_REPOSITORY_POLICY)
    return text


def delete(caller: Caller, address: Address) -> str:
    """Remove the repository's policy and return it. RepositoryPolicyNotFound."""
    repository = repositories.authorized(caller, address, Action.DELETE_REPOSITORY_POLICY)
    if not repository.policy_text:
        raise RepositoryPolicyNotFound(str(address.name), address.registry.account_id)
    removed = repository.policy_text
    _write(caller, repository, "", Action.DELETE_REPOSITORY_POLICY)
    return removed


def versions(caller: Caller, address: Address) -> list[RepositoryPolicyVersion]:
    """Return the last texts that were put, newest first; an empty one is a removal."""
    repository = repositories.authorized(caller, address, Action.GET_REPOSITORY_POLICY)
    return list(RepositoryPolicyVersion.objects.filter(repository=repository)[:KEPT_VERSIONS])


def check(text: str) -> tuple[Problem, ...]:
    """Return what is wrong or risky in the text of a repository policy, with places."""
    return document.check(text, Kind.REPOSITORY)


def parse(text: str) -> None:
    """Return if the text is a repository policy; InvalidPolicy."""
    try:
        document.parse(text, Kind.REPOSITORY)
    except PolicyInvalid as error:
        raise InvalidPolicy(error.problems) from error


def may_set_again(caller: Caller, address: Address, repository: Repository, text: str) -> bool:
    """Whether the caller could set a policy once `text` is in force."""
    service = "ecr-public" if address.is_public else "ecr"
    action = f"{service}:{Action.SET_REPOSITORY_POLICY}"
    policies = permissions.in_force(address.registry, action, text)
    context = permissions.Conditions(repository.resource_tags).keys()
    return gate.decide(caller, action, addresses.arn(address), policies=policies, context=context).allowed


def allow(caller: Caller, address: Address) -> None:
    """Return if the caller may set a policy, whatever it says. AccessDenied, RepositoryNotFound."""
    repositories.authorized(caller, address, Action.SET_REPOSITORY_POLICY)


def locks_out(caller: Caller, address: Address, text: str) -> bool:
    """Whether the caller could not set another policy once `text` is in force."""
    repository = repositories.authorized(caller, address, Action.SET_REPOSITORY_POLICY)
    return not may_set_again(caller, address, repository, text)


def _write(caller: Caller, repository: Repository, text: str, action: Action) -> None:
    """Put the text in force, keep it in the list of earlier ones, and write it to the trail."""
    with transaction.atomic():
        if not Repository.objects.filter(id=repository.id, deleted_at=None).update(policy_text=text):
            raise RepositoryNotFound(repository.name, repository.account_id)
        RepositoryPolicyVersion.objects.create(repository=repository, text=text, created_by=caller.principal_arn)
        kept = RepositoryPolicyVersion.objects.filter(repository=repository).values_list("id", flat=True)
        RepositoryPolicyVersion.objects.filter(repository=repository).exclude(
            id__in=list(kept[:KEPT_VERSIONS])
        ).delete()
        trail.record(caller, action, addresses.arn(repository.address), details={"policyText": text})
        if repository.is_public:
            outbox.announce(events.RepositoryVisibilityChanged(repository.id))
