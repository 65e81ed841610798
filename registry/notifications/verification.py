"""Publishers hear of the verified mark: when staff give it, and when they take it away."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts.audit.actions import Action
from accounts.authn import callers
from accounts.directory import people
from accounts.models import Account, Person
from registry.core import aliases, permissions
from registry.notifications import notices
from registry.notifications.kinds import Kind
from registry.values import PUBLIC, RegistryId

KINDS: Final = (
    Kind(
        key="publisher.verified",
        title=_("Your account is verified as a publisher"),
        subject=_("%(alias)s is a verified publisher"),
        text=_(
            "The staff have verified who is behind the account %(account)s. The gallery shows the verified mark beside "
            "%(alias)s and all its public repositories."
        ),
        link=_("Show the publisher's page"),
    ),
    Kind(
        key="publisher.unverified",
        title=_("Your account is not a verified publisher any more"),
        subject=_("%(alias)s is not a verified publisher any more"),
        text=_(
            "The staff have taken the verified mark from the account %(account)s. The gallery does not show it beside "
            "%(alias)s and its public repositories any more; they can be pulled as before. Ask the staff why."
        ),
        link=_("Show the publisher's page"),
    ),
)


def tell(payload: Mapping[str, Any]) -> None:
    """Tell the people of a publisher. Started by PublisherMarked."""
    account = Account.objects.filter(id=payload["account"]).first()
    if account is None:
        return
    alias = aliases.primary(account.id)
    kind = "publisher.verified" if payload["is_verified"] else "publisher.unverified"
    params = {"alias": alias or account.name, "account": f"{account.name} ({account.id})"}
    key = f"publisher-mark:{account.id}:{payload['at']}"
    notices.notify(publishers(account.id), kind, params, path=f"/{alias}", key=key)


def publishers(account_id: str) -> list[Person]:
    """Who hears of it: the members who may change what the publisher is shown as."""
    registry = RegistryId(account_id, PUBLIC)
    return [
        each.person
        for each in people.members_of(account_id)
        if permissions.may(callers.from_membership(each), registry, Action.PUT_REGISTRY_CATALOG_DATA)
    ]
