"""Principals: root, users and roles of an account."""

import re
import secrets
import string
from typing import Final

from django.db import IntegrityError, transaction

from accounts.errors import AlreadyExists, InvalidInput, NotFound
from accounts.models import Account, Principal

ID_ALPHABET: Final = string.ascii_uppercase + "234567"
ID_PREFIX: Final = {Principal.Kind.ROOT: "AIDA", Principal.Kind.USER: "AIDA", Principal.Kind.ROLE: "AROA"}


def random_id(prefix: str, length: int) -> str:
    """A prefix and random capital letters and digits, as IAM's unique ids."""
    return prefix + "".join(secrets.choice(ID_ALPHABET) for _ in range(length))


def create(account: Account, kind: Principal.Kind, name: str) -> Principal:
    """Make a principal; AlreadyExists if the account has one of this kind and name."""
    if not re.fullmatch(r"[\w+=,.@-]{1,64}", name, re.ASCII):
        raise InvalidInput("name", "takes 1 to 64 letters, digits and + = , . @ _ -")
    try:
        with transaction.atomic():
            return Principal.objects.create(
                account=account, kind=kind, name=name, unique_id=random_id(ID_PREFIX[kind], 17)
            )
    except IntegrityError as error:
        raise AlreadyExists(f"{kind} {name} of account {account.id}") from error


def create_user(account: Account, name: str) -> Principal:
    """Make a user."""
    return create(account, Principal.Kind.USER, name)


def get(account: Account, kind: Principal.Kind, name: str) -> Principal:
    """Return a principal; NotFound."""
    principal = Principal.objects.filter(account=account, kind=kind, name=name).select_related("account").first()
    if principal is None:
        raise NotFound(f"{kind} {name} of account {account.id}")
    return principal


def active(unique_id: str) -> Principal | None:
    """Return the principal with this id if it and its account are active, in one query."""
    return (
        Principal.objects.filter(unique_id=unique_id, is_active=True, account__is_active=True)
        .select_related("account")
        .first()
    )


def disable(principal: Principal) -> None:
    """End, within seconds, all that the principal's keys, passwords and tokens allow."""
    Principal.objects.filter(id=principal.id).update(is_active=False)


def enable(principal: Principal) -> None:
    """Let them count again."""
    Principal.objects.filter(id=principal.id).update(is_active=True)
