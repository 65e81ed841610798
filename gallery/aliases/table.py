"""All names that an account has, had or asked for, one row each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from accounts.caller import Caller
from gallery.aliases import names, requests, rules
from gallery.errors import AliasNotFound
from gallery.models import AliasRequest
from gallery.models.alias_request import PENDING, State
from registry.core import aliases

ACTIVE: Final = "active"
HELD: Final = "held"
WORDS: Final[dict[str, str | Promise]] = {
    ACTIVE: pgettext_lazy("alias", "active"),
    HELD: pgettext_lazy("alias", "released, held for you"),
    **{str(each.value): each.label for each in State},
}
"""Status -> what people read."""


@dataclass(frozen=True, slots=True)
class Row:
    """A name with its status: `active`, `held`, or the state of its request."""

    name: str
    status: str
    request: AliasRequest | None
    is_default: bool = False
    is_primary: bool = False
    since: datetime | None = None
    held_until: datetime | None = None

    @property
    def word(self) -> str:
        """The status in words."""
        return str(WORDS[self.status])

    @property
    def is_active(self) -> bool:
        """Whether the name leads to the account."""
        return self.status == ACTIVE

    @property
    def is_held(self) -> bool:
        """Whether it was released and may be taken back."""
        return self.status == HELD

    @property
    def is_pending(self) -> bool:
        """Whether it is not decided yet."""
        return self.status in PENDING


def rows(caller: Caller, account_id: str) -> list[Row]:
    """Return an account's names: active ones first, the primary one before others, then held, then asked for."""
    asked = {each.alias: each for each in requests.listed(caller, account_id)}
    found = {
        each.name: Row(
            each.name,
            ACTIVE,
            asked.get(each.name),
            is_default=each.is_default,
            is_primary=each.is_primary,
            since=each.created_at,
        )
        for each in aliases.of_account(account_id)
    }
    for held in names.held(caller, account_id):
        until = rules.held_until(held)
        found[held.name] = Row(held.name, HELD, asked.get(held.name), since=held.created_at, held_until=until)
    for name, request in asked.items():
        found.setdefault(name, Row(name, str(request.state), request))
    return list(found.values())


def row(caller: Caller, account_id: str, name: str) -> Row:
    """Return one of them. AliasNotFound."""
    for each in rows(caller, account_id):
        if each.name == name:
            return each
    raise AliasNotFound(name)
