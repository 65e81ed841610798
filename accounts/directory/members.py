"""Members of an account: the people who act there with which role. The last one who administers it stays.

Names of actions, for policies: `kho:ListPeople`, `kho:UpdatePerson`, `kho:RemovePerson`. To give a role to somebody
needs `iam:PassRole` on it, too, so that nobody hands out more than they were given.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import gate
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.directory import policies, second_factors
from accounts.errors import DeleteConflict, NotFound
from accounts.iam.arn import Arn
from accounts.models import Account, Membership, Principal, Session


@dataclass(frozen=True, slots=True)
class Member:
    """One row of the list."""

    membership: Membership
    has_second_factor: bool
    last_sign_in: datetime | None


def arn_of(account_id: str, email: str) -> Arn:
    """How policies and the trail name a person in an account."""
    return Arn("kho", "", account_id, f"person/{email}")


def allow(caller: Caller, action: Action, account_id: str, email: str) -> None:
    """Ask the gate. CredentialsMissing, AccessDenied."""
    gate.require(caller, f"kho:{action}", arn_of(account_id, email))


def list_members(caller: Caller, account_id: str, *, contains: str = "") -> list[Member]:
    """Return the account's members by mail address, in two queries."""
    allow(caller, Action.LIST_PEOPLE, account_id, "*")
    found = Membership.objects.filter(account_id=account_id, person__principal=None).select_related("person", "role")
    if contains:
        found = found.filter(person__email__icontains=contains) | found.filter(person__name__icontains=contains)
    memberships = list(found.order_by("person__email"))
    protected = second_factors.owners(each.person_id for each in memberships)
    return [Member(each, each.person_id in protected, each.person.last_login) for each in memberships]


def get(caller: Caller, account_id: str, email: str) -> Membership:
    """Return a member. NotFound."""
    allow(caller, Action.LIST_PEOPLE, account_id, "*")
    return _find(account_id, email)


def role_to_give(caller: Caller, account_id: str, name: str) -> Principal:
    """Return a role that the caller may give to somebody. NotFound, AccessDenied."""
    role = Principal.objects.filter(account_id=account_id, kind=Principal.Kind.ROLE, name=name).first()
    gate.require(caller, f"iam:{Action.PASS_ROLE}", Arn.parse(role.arn) if role else _role_arn(account_id, name))
    if role is None:
        raise NotFound(f"role {name} of account {account_id}")
    return role


def _role_arn(account_id: str, name: str) -> Arn:
    return Arn("iam", "", account_id, f"role/{name}")


def roles_to_give(caller: Caller, account_id: str) -> list[Principal]:
    """Return the roles that the caller may give to somebody, by name."""
    roles = Principal.objects.filter(account_id=account_id, kind=Principal.Kind.ROLE, is_active=True).order_by("name")
    return [each for each in roles if gate.decide(caller, "iam:PassRole", Arn.parse(each.arn)).allowed]


def change_role(caller: Caller, account_id: str, email: str, role_name: str) -> Membership:
    """Give a member another role. NotFound; DeleteConflict for the last who administers the account."""
    allow(caller, Action.UPDATE_PERSON, account_id, email)
    role = role_to_give(caller, account_id, role_name)
    with transaction.atomic():
        _lock(account_id)
        membership = _find(account_id, email)
        if not _administers(role):
            _keep_an_administrator(membership)
        end_sessions(membership)
        membership.role, membership.granted_by = role, ""
        membership.save(update_fields=["role", "granted_by"])
        trail.record(caller, Action.UPDATE_PERSON, arn_of(account_id, email), details={"roleName": role.name})
    return membership


def remove(caller: Caller, account_id: str, email: str) -> None:
    """End a membership, at once. NotFound; DeleteConflict for the last who administers the account."""
    allow(caller, Action.REMOVE_PERSON, account_id, email)
    _end(caller, Action.REMOVE_PERSON, account_id, email)


def leave(caller: Caller, membership: Membership) -> None:
    """End a membership of one's own, which needs no right. DeleteConflict."""
    _end(caller, Action.LEAVE_ACCOUNT, membership.account_id, membership.person.mail)


def _end(caller: Caller, action: Action, account_id: str, email: str) -> None:
    with transaction.atomic():
        _lock(account_id)
        membership = _find(account_id, email)
        _keep_an_administrator(membership)
        end_sessions(membership)
        membership.delete()
        trail.record(caller, action, arn_of(account_id, membership.person.mail))


def end_sessions(membership: Membership) -> None:
    """End the registry passwords that a member has made in the console: they are sessions in the member's name."""
    name = membership.person.mail[:64]
    Session.objects.filter(principal_id=membership.role_id, kind=Session.Kind.ASSUMED, name=name).delete()


def _find(account_id: str, email: str) -> Membership:
    found = Membership.objects.filter(account_id=account_id, person__email=email).select_related("person", "role")
    membership = found.first()
    if membership is None:
        raise NotFound(f"member {email} of account {account_id}")
    return membership


def _lock(account_id: str) -> None:
    """Let one change of memberships at a time look who is left."""
    Account.objects.select_for_update(no_key=True).get(id=account_id)


def _administers(role: Principal) -> bool:
    return role.is_active and role.attachments.filter(policy_arn=policies.ADMINISTRATOR_ACCESS).exists()


def is_last_administrator(membership: Membership) -> bool:
    """Whether nobody else who may sign in administers the account."""
    others = Membership.objects.filter(
        account_id=membership.account_id,
        person__is_active=True,
        person__principal=None,
        role__is_active=True,
        role__attachments__policy_arn=policies.ADMINISTRATOR_ACCESS,
    )
    return _administers(membership.role) and not others.exclude(id=membership.id).exists()


def _keep_an_administrator(membership: Membership) -> None:
    if is_last_administrator(membership):
        raise DeleteConflict("nobody else administers the account")
