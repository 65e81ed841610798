"""Names of public registries: which account has a name, and which name an account goes by."""

import secrets
import string
from collections.abc import Iterable
from time import monotonic
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.recent import Recent
from registry.core import seen
from registry.models import Alias

RESERVED: Final = frozenset(
    """
    about account accounts admin api categories console en favicon.ico feeds health healthz help
    kho login logout marketplace media metrics new privacy public publishers readyz robots.txt search security settings
    sign-in sign-out sign-up sitemap.xml staff static status terms test token v2 vi
    """.split()  # noqa: SIM905 - a list of forty quoted words is harder to read
)
"""First path segments of this deployment's own pages, and words that may become some: no account can have them."""
RESERVED_PREFIXES: Final = ("sitemap-",)
"""Beginnings of such segments."""


_found: Final[Recent[str, str]] = Recent()
"""Alias -> account id, for pulls."""


def is_reserved(name: str) -> bool:
    """Whether the name is kept for the deployment's own addresses."""
    return name in RESERVED or name.startswith(RESERVED_PREFIXES)


def active() -> QuerySet[Alias]:
    """The names that lead somewhere: not released, and of accounts that are not suspended."""
    return Alias.objects.filter(released_at=None, account__is_active=True)


def find(name: str) -> str | None:
    """Return the id of the active account that has this alias."""
    rows = active().filter(name=name).values_list("account_id", flat=True)
    return seen.once(("alias", name), rows.first)


def find_with_primary(name: str) -> tuple[str, str] | None:
    """Return the id of the active account that has this alias, and the alias that it goes by; one query."""
    owner = active().filter(name=name).values("account_id")
    found = _in_order(Alias.objects.filter(account_id__in=owner)).values_list("account_id", "name")
    return seen.once(("alias and primary", name), found.first)


def find_recent(name: str) -> str | None:
    """The same, for pulls: an alias that was found is not looked up again for EARLY_SECONDS."""
    account_id = _found.get(name, settings.EARLY_SECONDS)
    if account_id is None:
        read_at = monotonic()
        account_id = find(name)
        if account_id is not None:
            _found.keep(name, account_id, read_at)
    return account_id


def of_account(account_id: str) -> list[Alias]:
    """Return the account's aliases, the primary one first."""
    return list(_in_order(Alias.objects.filter(account_id=account_id)))


def primary(account_id: str) -> str:
    """Return the name that the account's public repositories are shown under; empty before the first one."""
    found = _in_order(Alias.objects.filter(account_id=account_id)).values_list("name", flat=True)
    return seen.once(("primary", account_id), found.first) or ""


def primaries(account_ids: Iterable[str]) -> dict[str, str]:
    """Return the same for several accounts, by account; those that have none are left out."""
    found: dict[str, str] = {}
    rows = _in_order(Alias.objects.filter(account_id__in=list(account_ids)))
    for name, account_id in rows.values_list("name", "account_id"):
        found.setdefault(account_id, name)
    return found


def _in_order(rows: QuerySet[Alias]) -> QuerySet[Alias]:
    """Aliases that were not released, the one that an account goes by first."""
    return rows.filter(released_at=None).order_by("-is_primary", "-is_default", "name")


def default_for(account_id: str) -> Alias:
    """Return the account's default alias, made at the first call.

    It is a letter, a digit, then six letters or digits: no word of any language, so none that is reserved.
    """
    while True:
        existing = Alias.objects.filter(account_id=account_id, is_default=True).first()
        if existing:
            return existing
        rest = (secrets.choice(string.ascii_lowercase + string.digits) for _ in range(6))
        name = secrets.choice(string.ascii_lowercase) + secrets.choice(string.digits) + "".join(rest)
        has_primary = Alias.objects.filter(account_id=account_id, is_primary=True).exists()
        try:
            with transaction.atomic():
                return Alias.objects.create(
                    name=name, account_id=account_id, is_default=True, is_primary=not has_primary
                )
        except IntegrityError:  # another request made it, or the name is taken: look again
            continue
