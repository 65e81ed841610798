"""Accounts: made with their root principal and an Administrator role."""

import re
import secrets

from django.db import transaction

from accounts.directory import principals
from accounts.errors import AlreadyExists, InvalidInput, NotFound
from accounts.iam import managed
from accounts.models import Account, PolicyAttachment, Principal

ADMINISTRATOR = "Administrator"


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
