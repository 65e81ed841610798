"""The steps of a request: one at a time, each written into its history and announced."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from accounts import outbox
from gallery.errors import AlreadyHandled, RequestMoved, RequestNotFound
from gallery.events import AliasRequestMoved
from gallery.models import AliasRequest, AliasRequestEvent
from gallery.models.alias_request import MOVES, PENDING, State


def step(
    request: AliasRequest, to: State, *, by: str, is_staff: bool = False, text: str = "", **fields: Any
) -> AliasRequest:
    """Take a request from the state and revision that the caller knows to another one; inside a transaction.

    Raises AlreadyHandled if it was decided meanwhile, RequestMoved if it changed otherwise or can't go there.
    """
    rows = AliasRequest.objects.filter(id=request.id, revision=request.revision, state=request.state)
    if to not in MOVES[State(request.state)] or not rows.update(state=to, revision=F("revision") + 1, **fields):
        raise _too_late(request.id)
    write(request, to, by=by, is_staff=is_staff, text=text)
    request.refresh_from_db()
    return request


def write(request: AliasRequest, state: State, *, by: str, is_staff: bool = False, text: str = "") -> None:
    """Write a step into the history and announce it; inside a transaction."""
    event = AliasRequestEvent.objects.create(
        request=request, state=state, by=by, is_staff=is_staff, text=text, at=timezone.now()
    )
    outbox.announce(AliasRequestMoved(event.id))


def _too_late(request_id: int) -> Exception:
    """Why a step can't be taken any more."""
    now = AliasRequest.objects.filter(id=request_id).first()
    if now is None:
        return RequestNotFound(str(request_id))
    if now.state in PENDING:
        return RequestMoved(str(now))
    last = AliasRequestEvent.objects.filter(request=now).order_by("-at", "-id").first()
    if now.decided_at is None and last is not None:
        return AlreadyHandled(last.by, last.at)
    return AlreadyHandled(now.decided_by, now.decided_at)
