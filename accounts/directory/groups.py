"""Groups of users: what is attached to a group counts for each of its users."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from django.db import IntegrityError, transaction

from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import accounts as directory
from accounts.directory import asking, policies, principals
from accounts.errors import AlreadyExists, DeleteConflict, LimitReached, NotFound
from accounts.iam.arn import Arn
from accounts.models import Group, GroupMember, InlinePolicy, PolicyAttachment, Principal

LONGEST_NAME: Final = 128
MOST_GROUPS: Final = 10


def create(caller: Caller, account_id: str, name: str, *, path: str = "/") -> Group:
    """Make a group. AlreadyExists."""
    resource = asking.arn_of(account_id, f"group{path}{name}")
    asking.allow(caller, Action.CREATE_GROUP, resource)
    asking.check_name(name, LONGEST_NAME)
    asking.check_path(path)
    try:
        with transaction.atomic():
            group = Group.objects.create(
                account_id=account_id, name=name, path=path, unique_id=principals.random_id("AGPA", 17)
            )
            asking.record(caller, Action.CREATE_GROUP, resource)
    except IntegrityError as error:
        raise AlreadyExists(f"group {name}") from error
    return group


def get(caller: Caller, account_id: str, name: str) -> Group:
    """Return a group. NotFound."""
    return _allowed(caller, account_id, name, Action.GET_GROUP)


def members(group: Group) -> list[Principal]:
    """Return a group's users by name."""
    return list(Principal.objects.filter(group_memberships__group=group).order_by("name"))


def list_groups(caller: Caller, account_id: str, *, path: str = "/") -> list[Group]:
    """Return the account's groups by name."""
    asking.allow(caller, Action.LIST_GROUPS, asking.arn_of(account_id, f"group{path}"))
    return list(Group.objects.filter(account_id=account_id, path__startswith=path).order_by("name"))


@dataclass(frozen=True, slots=True)
class Summary:
    """A group in a list, with how many users and policies it has."""

    group: Group
    users: int
    policies: int


def summaries(caller: Caller, account_id: str) -> list[Summary]:
    """Return the account's groups by name, with counts; three queries."""
    found = list_groups(caller, account_id)
    users = Counter(GroupMember.objects.filter(group__in=found).values_list("group_id", flat=True))
    its = Counter(PolicyAttachment.objects.filter(group__in=found).values_list("group_id", flat=True))
    its.update(InlinePolicy.objects.filter(group__in=found).values_list("group_id", flat=True))
    return [Summary(group, users[group.id], its[group.id]) for group in found]


def of_user(caller: Caller, user: Principal) -> list[Group]:
    """Return the groups of a user by name."""
    asking.allow(caller, Action.LIST_GROUPS_FOR_USER, Arn.parse(user.arn))
    return list(Group.objects.filter(memberships__user=user).order_by("name"))


def add_user(caller: Caller, account_id: str, name: str, user_name: str) -> None:
    """Put a user into a group; twice is once. LimitReached."""
    group = _allowed(caller, account_id, name, Action.ADD_USER_TO_GROUP)
    user = principals.get(directory.get(account_id), Principal.Kind.USER, user_name)
    with transaction.atomic():
        Principal.objects.select_for_update(no_key=True).get(id=user.id)
        if GroupMember.objects.filter(user=user).exclude(group=group).count() >= MOST_GROUPS:
            raise LimitReached(f"a user may be in {MOST_GROUPS} groups")
        GroupMember.objects.get_or_create(group=group, user=user)
        asking.record(caller, Action.ADD_USER_TO_GROUP, Arn.parse(group.arn), userName=user_name)


def remove_user(caller: Caller, account_id: str, name: str, user_name: str) -> None:
    """Take a user out of a group. NotFound."""
    group = _allowed(caller, account_id, name, Action.REMOVE_USER_FROM_GROUP)
    with transaction.atomic():
        if not GroupMember.objects.filter(group=group, user__name=user_name).delete()[0]:
            raise NotFound(f"user {user_name} in group {name}")
        asking.record(caller, Action.REMOVE_USER_FROM_GROUP, Arn.parse(group.arn), userName=user_name)


def update(caller: Caller, account_id: str, name: str, *, new_name: str = "", new_path: str = "") -> None:
    """Rename a group, or move it to another path; its users and policies stay. AlreadyExists, NotFound."""
    group = _allowed(caller, account_id, name, Action.UPDATE_GROUP)
    path, called = new_path or group.path, new_name or group.name
    asking.allow(caller, Action.UPDATE_GROUP, asking.arn_of(account_id, f"group{path}{called}"))
    asking.check_name(called, LONGEST_NAME)
    asking.check_path(path)
    try:
        with transaction.atomic():
            Group.objects.filter(id=group.id).update(name=called, path=path)
            asking.record(caller, Action.UPDATE_GROUP, Arn.parse(group.arn), newGroupName=called, newPath=path)
    except IntegrityError as error:
        raise AlreadyExists(f"group {called}") from error


def delete(caller: Caller, account_id: str, name: str) -> None:
    """Remove a group. DeleteConflict while it has users or policies."""
    group = _allowed(caller, account_id, name, Action.DELETE_GROUP)
    with transaction.atomic():
        Group.objects.select_for_update(no_key=True).get(id=group.id)
        if GroupMember.objects.filter(group=group).exists():
            raise DeleteConflict("the group has users; remove them first")
        if policies.is_in_use(group):
            raise DeleteConflict("the group has policies; detach or delete them first")
        resource = Arn.parse(group.arn)
        group.delete()
        asking.record(caller, Action.DELETE_GROUP, resource)


def _allowed(caller: Caller, account_id: str, name: str, action: Action) -> Group:
    """Find the group and ask the gate before its absence is told."""
    group = Group.objects.filter(account_id=account_id, name=name).first()
    resource = Arn.parse(group.arn) if group else asking.arn_of(account_id, f"group/{name}")
    asking.allow(caller, action, resource)
    if group is None:
        raise NotFound(f"group {name}")
    return group
