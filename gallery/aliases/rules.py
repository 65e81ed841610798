"""Which names an account may ask for: legal, not reserved, free, and not to be taken for somebody else's."""

import re
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from gallery.aliases import likeness, reserved
from gallery.errors import NameHeld, NameMalformed, NameReserved, NameTaken, NameTooLike
from registry.core import aliases
from registry.models import Alias

FORM: Final = re.compile(r"[a-z][a-z0-9]+(?:[._-][a-z0-9]+)*")
LONGEST: Final = 50


def check(account_id: str, name: str) -> None:
    """Return if the account may ask for the name. NameRefused, as one of its leaves."""
    require_grantable(account_id, name)
    for other in _others(account_id):
        if likeness.alike(name, other):
            raise NameTooLike(name, other)


def require_grantable(account_id: str, name: str) -> None:
    """The same but for names that look alike, about which staff may decide otherwise."""
    if len(name) > LONGEST or not FORM.fullmatch(name):
        raise NameMalformed(name)
    match = reserved.find(name)
    if match is not None:
        raise NameReserved(name, match.pattern, match.why, match.note, is_alike=match.is_alike)
    row = Alias.objects.filter(name=name).first()
    if row is None:
        return
    is_own = row.account_id == account_id
    if row.released_at is None:
        raise NameTaken(name, is_own=is_own)
    until = held_until(row)
    if until is not None:
        raise NameHeld(name, until, is_own=is_own)


def held_until(row: Alias) -> datetime | None:
    """Return until when a released name is held for its former owner; None if it is not, or not any more."""
    if row.released_at is None:
        return None
    until = row.released_at + timedelta(days=settings.ALIAS_QUARANTINE_DAYS)
    return until if until > timezone.now() else None


def similar(account_id: str, name: str) -> list[str]:
    """Return the aliases of other accounts that a name is like, or a slip away from."""
    return [other for other in _others(account_id) if likeness.alike(name, other) or likeness.near(name, other)]


def _others(account_id: str) -> list[str]:
    """The names that staff gave to other accounts; default ones are random and like nothing."""
    rows = aliases.active().filter(is_default=False).exclude(account_id=account_id)
    return list(rows.order_by("name").values_list("name", flat=True))
