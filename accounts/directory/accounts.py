"""Accounts: made with their root principal and an Administrator role."""

import re
import secrets
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from accounts import outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Staff
from accounts.directory import principals
from accounts.errors import AlreadyExists, InvalidInput, NotFound
from accounts.iam import arn, managed
from accounts.models import Account, AuditEvent, PolicyAttachment, Principal

ADMINISTRATOR = "Administrator"
LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """An account was suspended or resumed."""

    account: str


def create(name: str, account_id: str = "") -> Account:
    """Make an account, under the 12 digits given or random ones."""
    if not name.strip() or len(name) > 100:
        raise InvalidInput("name", "takes 1 to 100 characters")
    if account_id and not re.fullmatch(r"[0-9]{12}", account_id):
        raise InvalidInput("account id", "takes 12 digits")
    with transaction.atomic():
        account_id = account_id or _free_id()
        account, is_new = Account.objects.get_or_create(id=account_id, defaults={"name": name})
        if not is_new:
            raise AlreadyExists(f"account {account_id}")
        principals.create(account, Principal.Kind.ROOT, "root")
        role = principals.create(account, Principal.Kind.ROLE, ADMINISTRATOR)
        PolicyAttachment.objects.create(principal=role, policy_arn=f"{managed.PREFIX}AdministratorAccess")
    return account


def _free_id() -> str:
    """Twelve random digits that no account has, not starting with 0."""
    while True:
        account_id = str(10**11 + secrets.randbelow(9 * 10**11))
        if not Account.objects.filter(id=account_id).exists():
            return account_id


def get(account_id: str) -> Account:
    """Return the account; NotFound."""
    account = Account.objects.filter(id=account_id).first()
    if account is None:
        raise NotFound(f"account {account_id}")
    return account


def list_all() -> list[Account]:
    """Return all accounts by name."""
    return list(Account.objects.order_by("name", "id"))


def page(
    *, contains: str = "", suspended: bool | None = None, number: int = 1, size: int = 50
) -> tuple[list[Account], int]:
    """Return some accounts, the newest first, and how many match; `contains` is of the name, or the id."""
    found = Account.objects.order_by("-created_at", "id")
    if contains:
        found = found.filter(Q(name__icontains=contains) | Q(id=contains))
    if suspended is not None:
        found = found.filter(is_active=not suspended)
    return list(found[(number - 1) * size : number * size]), found.count()


def suspend(staff: Staff, account_id: str, because: str) -> None:
    """Stop an account: nobody acts on it, and its public repositories are gone until it is resumed. NotFound."""
    _set_active(staff, account_id, False, Action.SUSPEND_ACCOUNT, because)


def resume(staff: Staff, account_id: str, because: str) -> None:
    """Let a suspended account go on. NotFound."""
    _set_active(staff, account_id, True, Action.RESUME_ACCOUNT, because)


def _set_active(staff: Staff, account_id: str, is_active: bool, action: Action, because: str) -> None:
    if not because.strip() or len(because) > LONGEST_REASON:
        raise InvalidInput("because", f"takes 1 to {LONGEST_REASON} characters")
    with transaction.atomic():
        if not Account.objects.filter(id=account_id).exclude(is_active=is_active).update(is_active=is_active):
            raise NotFound(f"account {account_id}")
        trail.record(staff.on(account_id), action, arn.root(account_id), details={"because": because})
        outbox.announce(AccountChanged(account_id))


def history(account_id: str) -> list[AuditEvent]:
    """Who suspended and resumed an account, and because of what; the newest first."""
    actions = (Action.SUSPEND_ACCOUNT, Action.RESUME_ACCOUNT)
    found = AuditEvent.objects.filter(account_id=account_id, event_name__in=[action.value for action in actions])
    return list(found.order_by("-event_time")[:20])
