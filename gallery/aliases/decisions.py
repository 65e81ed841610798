"""The staff's side: approve, refuse, ask. Each decision is taken once, on what its maker has seen."""

from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Staff
from gallery.aliases import moves, names
from gallery.errors import RequestIncomplete, RequestMoved, RequestNotFound
from gallery.models import AliasRequest
from gallery.models.alias_request import State
from registry.core import addresses
from registry.values import PUBLIC, RegistryId

LONGEST_TEXT: Final = 2000


def approve(staff: Staff, request_id: int, *, revision: int | None = None, note: str = "") -> AliasRequest:
    """Give the name to who asked. AlreadyHandled, RequestMoved, RequestNotFound; NameRefused if it is not free."""
    note = _checked("note", note, required=False)
    with transaction.atomic():
        request = _known(request_id, revision)
        _decide(staff, request, State.APPROVED, note)
        names.grant(request.account_id, request.alias)
        _record(staff, request, Action.APPROVE_REGISTRY_ALIAS)
    return request


def reject(staff: Staff, request_id: int, reason: str, *, revision: int | None = None) -> AliasRequest:
    """Refuse, with the reason that the publisher reads. AlreadyHandled, RequestMoved, RequestNotFound."""
    reason = _checked("note", reason, required=True)
    with transaction.atomic():
        request = _known(request_id, revision)
        _decide(staff, request, State.REJECTED, reason)
        _record(staff, request, Action.REJECT_REGISTRY_ALIAS)
    return request


def ask(staff: Staff, request_id: int, question: str, *, revision: int | None = None) -> AliasRequest:
    """Ask the publisher for more. AlreadyHandled, RequestMoved, RequestNotFound."""
    question = _checked("note", question, required=True)
    with transaction.atomic():
        request = _known(request_id, revision)
        moves.step(request, State.ASKED, by=staff.email, is_staff=True, text=question)
        _record(staff, request, Action.QUESTION_REGISTRY_ALIAS)
    return request


def _known(request_id: int, revision: int | None) -> AliasRequest:
    """The request as the member of staff saw it."""
    request = AliasRequest.objects.filter(id=request_id).first()
    if request is None:
        raise RequestNotFound(str(request_id))
    if revision is not None:
        if revision > request.revision:
            raise RequestMoved(str(request))
        request.revision = revision
    return request


def _decide(staff: Staff, request: AliasRequest, to: State, note: str) -> None:
    now = timezone.now()
    moves.step(request, to, by=staff.email, is_staff=True, text=note, note=note, decided_at=now, decided_by=staff.email)


def _checked(field: str, text: str, *, required: bool) -> str:
    """The text without blanks around it. RequestIncomplete."""
    text = text.strip()
    if (required and not text) or len(text) > LONGEST_TEXT or "\x00" in text:
        raise RequestIncomplete(field, LONGEST_TEXT if text else 0)
    return text


def _record(staff: Staff, request: AliasRequest, action: Action) -> None:
    resource = addresses.registry_arn(RegistryId(request.account_id, PUBLIC))
    details = {"alias": request.alias, "request": request.number, "note": request.note}
    trail.record(staff.on(request.account_id), action, resource, details=details)
