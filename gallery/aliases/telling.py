"""Who is told what when a request takes a step: staff of what publishers write, publishers of what staff decide."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts.audit.actions import Action
from accounts.authn import callers
from accounts.directory import people
from accounts.models import Person
from gallery.models import AliasRequest, AliasRequestEvent
from gallery.models.alias_request import State
from registry.core import permissions
from registry.notifications import notices
from registry.notifications.kinds import Kind
from registry.values import PUBLIC, RegistryId

KINDS: Final = (
    Kind(
        key="alias.approved",
        title=_("An alias that your account asked for is approved"),
        subject=_("The alias %(alias)s is approved"),
        text=_(
            "The account %(account)s has the alias %(alias)s now. Its public repositories can be pulled by it, and by "
            "the default alias as before."
        ),
        link=_("Show the alias"),
        quote="note",
    ),
    Kind(
        key="alias.rejected",
        title=_("An alias that your account asked for is refused"),
        subject=_("The alias %(alias)s is refused"),
        text=_("The staff refused the alias %(alias)s for the account %(account)s. They wrote:"),
        link=_("Show the request"),
        quote="note",
    ),
    Kind(
        key="alias.asked",
        title=_("The staff have a question about an alias"),
        subject=_("A question about the alias %(alias)s"),
        text=_("The staff need an answer before they decide about %(alias)s for the account %(account)s. They ask:"),
        link=_("Answer the question"),
        quote="note",
    ),
    Kind(
        key="alias.requested",
        title=_("Somebody asks for an alias"),
        subject=_("Alias request: %(alias)s"),
        text=_("The account %(account)s asks for the alias %(alias)s. The reason:"),
        link=_("Show the request"),
        quote="note",
        for_staff=True,
    ),
    Kind(
        key="alias.answered",
        title=_("A publisher answers a question about an alias"),
        subject=_("Answer about the alias %(alias)s"),
        text=_("The account %(account)s answers the question about %(alias)s:"),
        link=_("Show the request"),
        quote="note",
        for_staff=True,
    ),
    Kind(
        key="alias.waiting",
        title=_("Alias requests wait for a long time"),
        subject=_("Alias requests that wait: %(count)s"),
        text=_("Nobody has decided about them yet. The oldest one is for the alias %(alias)s."),
        link=_("Show the queue"),
        for_staff=True,
    ),
)

TO_PUBLISHERS: Final = {
    State.APPROVED: "alias.approved",
    State.REJECTED: "alias.rejected",
    State.ASKED: "alias.asked",
}


def tell(payload: Mapping[str, Any]) -> None:
    """Tell those whom a step concerns. Started by AliasRequestMoved."""
    rows = AliasRequestEvent.objects.select_related("request__account", "request__person")
    event = rows.filter(id=payload["event"]).first()
    if event is None:
        return
    request = event.request
    key = f"alias-request:{event.id}"
    if event.state == State.REQUESTED:
        kind = "alias.requested" if event.id == _first(request) else "alias.answered"
        notices.notify(people.staff(), kind, facts(request, event.text), path=staff_path(request), key=key)
    elif event.is_staff and event.state in TO_PUBLISHERS:
        told = publishers(request)
        kind = TO_PUBLISHERS[State(event.state)]
        notices.notify(told, kind, facts(request, event.text), path=path(request), key=key)


def facts(request: AliasRequest, note: str) -> dict[str, str]:
    """What the sentences name."""
    return {"alias": request.alias, "account": f"{request.account.name} ({request.account_id})", "note": note}


def path(request: AliasRequest) -> str:
    """Where the publisher sees the request."""
    return f"/console/{request.account_id}/public/aliases/{request.alias}"


def staff_path(request: AliasRequest) -> str:
    """Where the staff see it."""
    return f"/staff/aliases/{request.alias}/{request.number}"


def publishers(request: AliasRequest) -> list[Person]:
    """Who hears of the decision: the person who asked, or (gone from the account) the members who may act on it."""
    memberships = people.members_of(request.account_id)
    asked = [each.person for each in memberships if each.person_id == request.person_id]
    if asked:
        return asked
    registry = RegistryId(request.account_id, PUBLIC)
    return [
        each.person
        for each in memberships
        if permissions.may(callers.from_membership(each), registry, Action.UPDATE_REGISTRY_ALIAS)
    ]


def _first(request: AliasRequest) -> int:
    """The event that began the request."""
    first = AliasRequestEvent.objects.filter(request=request).order_by("at", "id").values_list("id", flat=True).first()
    return first or 0
