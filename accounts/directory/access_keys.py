"""Access keys: an id and a secret that is shown once."""

import re
import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import sealing
from accounts.audit import spool
from accounts.directory import principals
from accounts.errors import AlreadyExists, InvalidInput, LimitReached, NotFound
from accounts.models import AccessKey, Principal

PURPOSE: Final = "access key"
KEYS_PER_PRINCIPAL: Final = 2
RESERVED_ID: Final = "AWS"
"""Basic credentials of this user are registry passwords, so a key of this name could never be used."""
SECRET_ALPHABET: Final = string.ascii_letters + string.digits + "+/"


@dataclass(frozen=True, slots=True)
class NewAccessKey:
    """A key that was just made; the secret can't be had again."""

    id: str
    secret: str = field(repr=False)


def create(principal: Principal, *, key_id: str = "", secret: str = "") -> NewAccessKey:
    """Make a key; LimitReached if the principal has two already."""
    if key_id and not re.fullmatch(r"\w{3,128}", key_id, re.ASCII):
        raise InvalidInput("access key id", "takes 3 to 128 letters, digits and underscores")
    if key_id == RESERVED_ID:
        raise InvalidInput("access key id", f"can't be {RESERVED_ID}, the user name of registry passwords")
    if secret and not re.fullmatch(r"[!-~]{8,128}", secret):
        raise InvalidInput("secret access key", "takes 8 to 128 printable characters without spaces")
    key_id = key_id or principals.random_id("AKIA", 16)
    secret = secret or "".join(secrets.choice(SECRET_ALPHABET) for _ in range(40))
    try:
        with transaction.atomic():
            Principal.objects.select_for_update(no_key=True).get(id=principal.id)
            if AccessKey.objects.filter(principal=principal).count() >= KEYS_PER_PRINCIPAL:
                raise LimitReached(f"a principal may have {KEYS_PER_PRINCIPAL} access keys")
            AccessKey.objects.create(
                id=key_id, principal=principal, sealed_secret=sealing.seal(secret.encode(), PURPOSE)
            )
    except IntegrityError as error:
        raise AlreadyExists(f"access key {key_id}") from error
    return NewAccessKey(key_id, secret)


def get(key_id: str) -> AccessKey:
    """Return the key; NotFound."""
    key = AccessKey.objects.filter(id=key_id).select_related("principal__account").first()
    if key is None:
        raise NotFound(f"access key {key_id}")
    return key


def usable(key_id: str) -> AccessKey | None:
    """Return the key if it, its principal and their account are active, in one query."""
    return (
        AccessKey.objects.filter(
            id=key_id, status=AccessKey.Status.ACTIVE, principal__is_active=True, principal__account__is_active=True
        )
        .select_related("principal__account")
        .first()
    )


def of_account(account_id: str) -> list[AccessKey]:
    """Return the keys of an account's principals, by principal and age."""
    keys = AccessKey.objects.filter(principal__account_id=account_id).select_related("principal")
    return list(keys.order_by("principal__kind", "principal__name", "created_at"))


def made_before(account_id: str, at: datetime, *, limit: int) -> list[AccessKey]:
    """Return active keys of an account's active principals that were made before a time, the oldest first."""
    keys = AccessKey.objects.filter(
        principal__account_id=account_id, principal__is_active=True, status=AccessKey.Status.ACTIVE, created_at__lt=at
    )
    return list(keys.select_related("principal").order_by("created_at")[:limit])


def of_principal(principal: Principal) -> list[AccessKey]:
    """Return the keys of one principal by age."""
    return list(AccessKey.objects.filter(principal=principal).order_by("created_at"))


def secret_of(key: AccessKey | None) -> str:
    """Return the secret in clear, to compare or to sign with; never to show.

    Without a key the secret is one that nobody knows, at the same cost: the time tells nobody which keys exist.
    """
    sealed = bytes(key.sealed_secret) if key else _sealed_decoy(settings.MASTER_KEY)
    return sealing.unseal(sealed, PURPOSE).decode()


@lru_cache(maxsize=1)
def _sealed_decoy(master_key: str) -> bytes:
    """The secret of no key, sealed under the present master key; another for each process."""
    return sealing.seal(secrets.token_urlsafe(30).encode(), PURPOSE)


def set_status(key: AccessKey, status: AccessKey.Status) -> None:
    """Switch a key on or off."""
    AccessKey.objects.filter(id=key.id).update(status=status)


def delete(key: AccessKey) -> None:
    """Remove a key for good."""
    AccessKey.objects.filter(id=key.id).delete()


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """When a key was used, for which service, in which region."""

    at: datetime
    service: str = ""
    region: str = ""


def note_use(key_id: str, service: str, region: str) -> None:
    """Put down a use of the key; it is saved when the spool is drained."""
    now = timezone.now().isoformat()
    spool.write({"v": 1, "kind": "key", "at": now, "access_key_id": key_id, "service": service, "region": region})


def used(key_id: str, use: Use) -> None:
    """Save a use of the key, if it is the latest one known."""
    AccessKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=use.at), id=key_id).update(
        last_used_at=use.at, last_used_service=use.service, last_used_region=use.region
    )
