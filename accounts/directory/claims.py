"""What the claims of a company sign-in grant: memberships that come and go with them, at each sign-in."""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from django.db import transaction

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import service
from accounts.directory import members
from accounts.grants import Rule, granted
from accounts.models import Account, Membership, Person, Principal

log = structlog.get_logger(__name__)


def apply(person: Person, provider: str, rules: Iterable[Rule], claims: Mapping[str, Any]) -> None:
    """Give the memberships that the claims grant, and take those back that they granted before.

    Memberships that were given here by hand are left alone. Roles that do not exist grant nothing, with a log.
    """
    wanted = granted(rules, claims)
    with transaction.atomic():
        for membership in Membership.objects.filter(person=person, granted_by=provider).select_related(
            "person", "account"
        ):
            if membership.account_id not in wanted:
                members.end_sessions(membership)
                membership.delete()
                _record(Action.REMOVE_PERSON, membership.account_id, person, provider, "")
        for account_id, role_name in wanted.items():
            _grant(person, provider, account_id, role_name)


def _grant(person: Person, provider: str, account_id: str, role_name: str) -> None:
    account = Account.objects.filter(id=account_id).first()
    role = Principal.objects.filter(account=account, kind=Principal.Kind.ROLE, name=role_name).first()
    if account is None or role is None:
        log.warning("a claim grants a role that there is not", provider=provider, account=account_id, role=role_name)
        return
    present = Membership.objects.filter(person=person, account=account).first()
    if present is None:
        Membership.objects.create(person=person, account=account, role=role, granted_by=provider)
        _record(Action.ADD_PERSON, account_id, person, provider, role_name)
    elif present.granted_by == provider and present.role_id != role.id:
        members.end_sessions(present)
        present.role = role
        present.save(update_fields=["role"])
        _record(Action.UPDATE_PERSON, account_id, person, provider, role_name)


def _record(action: Action, account_id: str, person: Person, provider: str, role_name: str) -> None:
    details = {"provider": provider} | ({"roleName": role_name} if role_name else {})
    trail.record(
        service(account_id, "company-sign-in"), action, members.arn_of(account_id, person.mail), details=details
    )
