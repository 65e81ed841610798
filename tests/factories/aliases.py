"""Makes requests for aliases, as publishers do."""

from typing import Any

from django.utils.module_loading import import_string

from accounts.caller import Caller, Staff
from accounts.models import OutboxRow
from gallery.aliases import decisions, requests
from gallery.models import AliasRequest

REASON = "We are Acme and have been known by this name since 1998."
WEBSITE = "https://acme.example/registry"
STAFF = Staff("staff@example.com")


def ask_for(caller: Caller, alias: str = "acme", **fields: Any) -> AliasRequest:
    """A request that waits."""
    given: dict[str, Any] = {"reason": REASON, "website": WEBSITE, "agreed": True} | fields
    return requests.create(caller, caller.account_id, alias=alias, **given)


def give(caller: Caller, alias: str = "acme") -> AliasRequest:
    """A name that was asked for and approved."""
    return decisions.approve(STAFF, ask_for(caller, alias).id)


def run_outbox() -> None:
    """Do the work that was announced, and what that announces."""
    while row := OutboxRow.objects.order_by("id").first():
        import_string(row.task)(row.payload)
        row.delete()
