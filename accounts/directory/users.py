"""Users of an account: made, listed, renamed, removed, tagged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import accounts as directory
from accounts.directory import asking, policies, principals, second_factors
from accounts.errors import AlreadyExists, DeleteConflict
from accounts.gate import Values
from accounts.iam.arn import Arn
from accounts.iam.arn import root as root_arn
from accounts.models import AccessKey, GroupMember, Person, Principal

LONGEST_NAME: Final = 64


def create(
    caller: Caller, account_id: str, name: str, *, path: str = "/", tags: Mapping[str, str] | None = None
) -> Principal:
    """Make a user, who has no rights yet. AlreadyExists."""
    resource = asking.arn_of(account_id, f"user{path}{name}")
    asking.allow(caller, Action.CREATE_USER, resource, asking.requested(tags or {}))
    asking.check_path(path)
    asking.check_tags(tags or {})
    with transaction.atomic():
        user = principals.create(directory.get(account_id), Principal.Kind.USER, name)
        user.path, user.tags = path, dict(tags or {})
        user.save(update_fields=["path", "tags"])
        asking.record(caller, Action.CREATE_USER, resource)
    return user


def get(caller: Caller, account_id: str, name: str) -> Principal:
    """Return a user. NotFound."""
    user, resource = _find(account_id, name)
    asking.allow(caller, Action.GET_USER, resource)
    return user or principals.get(directory.get(account_id), Principal.Kind.USER, name)


def root(caller: Caller, account_id: str) -> Principal:
    """Return the account's root. NotFound."""
    asking.allow(caller, Action.GET_USER, root_arn(account_id))
    return principals.get(directory.get(account_id), Principal.Kind.ROOT, "root")


def list_users(caller: Caller, account_id: str, *, path: str = "/") -> list[Principal]:
    """Return the account's users by name."""
    asking.allow(caller, Action.LIST_USERS, asking.arn_of(account_id, f"user{path}"))
    return list(
        Principal.objects.filter(account_id=account_id, kind=Principal.Kind.USER, path__startswith=path).order_by(
            "name"
        )
    )


def passwords_last_used(found: Iterable[Principal]) -> dict[int, datetime]:
    """Return when users, which the caller may see, signed in to the console last, by their row's id."""
    people = Person.objects.filter(principal__in=list(found)).exclude(last_login=None)
    return {person.principal_id: person.last_login for person in people if person.principal_id and person.last_login}


@dataclass(frozen=True, slots=True)
class Summary:
    """A user in a list: `last_active` is the latest use of a key, a session or the console.

    `oldest_key` is when its first key was made; `has_console` whether it may sign in there, and
    `has_second_factor` whether it has to type a code then.
    """

    user: Principal
    keys: int
    oldest_key: datetime | None
    groups: list[str]
    last_active: datetime | None
    has_console: bool
    has_second_factor: bool


def summaries(caller: Caller, account_id: str, *, contains: str = "") -> list[Summary]:
    """Return the account's users by name, with their keys, groups and console sign-in; five queries."""
    asking.allow(caller, Action.LIST_USERS, asking.arn_of(account_id, "user/"))
    own = Principal.objects.filter(account_id=account_id, kind=Principal.Kind.USER, name__icontains=contains)
    keys: dict[int, list[AccessKey]] = {}
    for key in AccessKey.objects.filter(principal__in=own).order_by("created_at"):
        keys.setdefault(key.principal_id, []).append(key)
    its_groups: dict[int, list[str]] = {}
    members = GroupMember.objects.filter(user__in=own).order_by("group__name")
    for user_id, name in members.values_list("user_id", "group__name"):
        its_groups.setdefault(user_id, []).append(name)
    at_console = {each.principal_id: each for each in Person.objects.filter(principal__in=own)}
    protected = second_factors.owners([each.pk for each in at_console.values()])
    found = []
    for user in own.order_by("name"):
        its = keys.get(user.id, [])
        console = at_console.get(user.id)
        signed_in = console.last_login if console else None
        uses = [at for at in (user.last_used_at, signed_in, *(key.last_used_at for key in its)) if at]
        found.append(
            Summary(
                user,
                keys=len(its),
                oldest_key=its[0].created_at if its else None,
                groups=its_groups.get(user.id, []),
                last_active=max(uses, default=None),
                has_console=console is not None,
                has_second_factor=console is not None and console.pk in protected,
            )
        )
    return found


def delete(caller: Caller, account_id: str, name: str) -> None:
    """Remove a user. DeleteConflict while it has keys, policies or groups."""
    user, resource = _find(account_id, name)
    asking.allow(caller, Action.DELETE_USER, resource)
    user = user or principals.get(directory.get(account_id), Principal.Kind.USER, name)
    with transaction.atomic():
        Principal.objects.select_for_update(no_key=True).get(id=user.id)
        if AccessKey.objects.filter(principal=user).exists():
            raise DeleteConflict("the user has access keys; delete them first")
        if policies.is_in_use(user):
            raise DeleteConflict("the user has policies; detach or delete them first")
        if Person.objects.filter(principal=user).exists():
            raise DeleteConflict("the user has a console password; remove it first")
        if GroupMember.objects.filter(user=user).exists():
            raise DeleteConflict("the user is in a group; remove it from there first")
        user.delete()
        asking.record(caller, Action.DELETE_USER, resource)


def update(caller: Caller, account_id: str, name: str, *, new_name: str = "", new_path: str = "") -> None:
    """Rename a user, or move it to another path; policies that name its old ARN no longer mean it.

    The caller has to be allowed to do it to the old ARN and to the new one. AlreadyExists, NotFound.
    """
    user, resource = _find(account_id, name)
    asking.allow(caller, Action.UPDATE_USER, resource)
    user = user or principals.get(directory.get(account_id), Principal.Kind.USER, name)
    path, called = new_path or user.path, new_name or user.name
    becomes = asking.arn_of(account_id, f"user{path}{called}")
    asking.allow(caller, Action.UPDATE_USER, becomes)
    asking.check_name(called, LONGEST_NAME)
    asking.check_path(path)
    try:
        with transaction.atomic():
            Principal.objects.filter(id=user.id).update(name=called, path=path)
            Person.objects.filter(principal=user).update(name=called)
            asking.record(caller, Action.UPDATE_USER, resource, newUserName=called, newPath=path)
    except IntegrityError as error:
        raise AlreadyExists(f"user {called} of account {account_id}") from error


def tag(caller: Caller, user: Principal, tags: Mapping[str, str]) -> None:
    """Set tags beside those that are there."""
    action = Action.TAG_USER if user.kind == Principal.Kind.USER else Action.TAG_ROLE
    _change_tags(caller, user, action, asking.with_tags(user.tags, tags), asking.requested(tags))


def untag(caller: Caller, user: Principal, keys: list[str]) -> None:
    """Take tags away."""
    action = Action.UNTAG_USER if user.kind == Principal.Kind.USER else Action.UNTAG_ROLE
    kept = {key: value for key, value in user.tags.items() if key not in keys}
    _change_tags(caller, user, action, kept, {"aws:TagKeys": tuple(keys)})


def _change_tags(
    caller: Caller, user: Principal, action: Action, tags: dict[str, str], context: dict[str, Values]
) -> None:
    resource = Arn.parse(user.arn)
    asking.allow(caller, action, resource, context)
    asking.check_tags(tags)
    with transaction.atomic():
        Principal.objects.filter(id=user.id).update(tags=tags)
        asking.record(caller, action, resource)
    user.tags = tags


def _find(account_id: str, name: str) -> tuple[Principal | None, Arn]:
    """The user, and the resource to ask about, whether there is one or not."""
    user = Principal.objects.filter(account_id=account_id, kind=Principal.Kind.USER, name=name).first()
    return user, Arn.parse(user.arn) if user else asking.arn_of(account_id, f"user/{name}")
