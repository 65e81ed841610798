"""The publisher's side: ask for a name, answer a question, withdraw; see how it went."""

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.models import Person
from gallery.aliases import moves, rules
from gallery.errors import RequestIncomplete, RequestNotFound, RequestPending
from gallery.models import AliasRequest, AliasRequestEvent
from gallery.models.alias_request import PENDING, State
from registry.core import addresses, permissions
from registry.values import PUBLIC, RegistryId

SHORTEST_REASON: Final = 20
LONGEST_TEXT: Final = 2000
LONGEST_WEBSITE: Final = 500


def create(
    caller: Caller,
    account_id: str,
    *,
    alias: str,
    reason: str,
    website: str,
    agreed: bool,
    person: Person | None = None,
) -> AliasRequest:
    """Ask for a name; the same name again is the same request.

    Raises RequestIncomplete, RequestPending, and NameRefused as one of its leaves.
    """
    _require(caller, account_id, Action.CREATE_REGISTRY_ALIAS)
    reason, website = reason.strip(), website.strip()
    _check(reason, website, agreed=agreed)
    while True:
        pending = AliasRequest.objects.filter(account_id=account_id, state__in=PENDING).first()
        if pending is not None and pending.alias == alias:
            return pending
        rules.check(account_id, alias)
        if pending is not None:
            raise RequestPending(pending.alias)
        try:
            with transaction.atomic():
                return _made(caller, account_id, alias, reason, website, person)
        except IntegrityError:  # somebody asked at the same moment: look again
            continue


def _made(
    caller: Caller, account_id: str, alias: str, reason: str, website: str, person: Person | None
) -> AliasRequest:
    last = AliasRequest.objects.filter(alias=alias).aggregate(last=Max("number"))["last"] or 0
    request = AliasRequest.objects.create(
        account_id=account_id,
        alias=alias,
        number=last + 1,
        reason=reason,
        website=website,
        person=person,
        asked_by=_name(caller, person),
    )
    moves.write(request, State.REQUESTED, by=request.asked_by, text=reason)
    _record(caller, request, Action.CREATE_REGISTRY_ALIAS)
    return request


def reply(caller: Caller, account_id: str, alias: str, text: str, *, person: Person | None = None) -> AliasRequest:
    """Answer the staff's question. RequestNotFound, RequestIncomplete, RequestMoved, AlreadyHandled."""
    _require(caller, account_id, Action.UPDATE_REGISTRY_ALIAS)
    text = text.strip()
    if not text or len(text) > LONGEST_TEXT or "\x00" in text:
        raise RequestIncomplete("text", LONGEST_TEXT)
    with transaction.atomic():
        request = _last(account_id, alias)
        moves.step(request, State.REQUESTED, by=_name(caller, person), text=text, waiting_since=timezone.now())
        _record(caller, request, Action.UPDATE_REGISTRY_ALIAS)
    return request


def withdraw(caller: Caller, account_id: str, alias: str, *, person: Person | None = None) -> AliasRequest:
    """Ask no more for a name; withdrawing twice is once. RequestNotFound, AlreadyHandled."""
    _require(caller, account_id, Action.DELETE_REGISTRY_ALIAS)
    with transaction.atomic():
        request = _last(account_id, alias)
        if request.state != State.WITHDRAWN:
            moves.step(request, State.WITHDRAWN, by=_name(caller, person))
            _record(caller, request, Action.DELETE_REGISTRY_ALIAS)
    return request


def get(caller: Caller, account_id: str, alias: str) -> AliasRequest:
    """Return an account's last request for a name. RequestNotFound."""
    _require(caller, account_id, Action.DESCRIBE_REGISTRIES)
    return _last(account_id, alias)


def listed(caller: Caller, account_id: str) -> list[AliasRequest]:
    """Return an account's last request for each name, the newest first."""
    _require(caller, account_id, Action.DESCRIBE_REGISTRIES)
    found: dict[str, AliasRequest] = {}
    for row in AliasRequest.objects.filter(account_id=account_id).order_by("-requested_at", "-id"):
        found.setdefault(row.alias, row)
    return list(found.values())


def history(request: AliasRequest) -> list[AliasRequestEvent]:
    """Return the steps of a request, the first one first."""
    return list(AliasRequestEvent.objects.filter(request=request).order_by("at", "id"))


def _check(reason: str, website: str, *, agreed: bool) -> None:
    if len(reason) < SHORTEST_REASON or "\x00" in reason:
        raise RequestIncomplete("reason")
    if len(reason) > LONGEST_TEXT:
        raise RequestIncomplete("reason", LONGEST_TEXT)
    try:
        parts = urlsplit(website)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or len(website) > LONGEST_WEBSITE or any(sign.isspace() or sign == "\x00" for sign in website):
        raise RequestIncomplete("website", LONGEST_WEBSITE)
    if not agreed:
        raise RequestIncomplete("agreed")


def _last(account_id: str, alias: str) -> AliasRequest:
    found = AliasRequest.objects.filter(account_id=account_id, alias=alias).order_by("-number").first()
    if found is None:
        raise RequestNotFound(alias)
    return found


def _require(caller: Caller, account_id: str, action: Action) -> None:
    permissions.require_in_registry(caller, RegistryId(account_id, PUBLIC), action)


def _record(caller: Caller, request: AliasRequest, action: Action) -> None:
    details = {"alias": request.alias, "state": str(request.state)}
    if action == Action.CREATE_REGISTRY_ALIAS:
        # Nobody asks without agreeing; what they agreed to may be another text later.
        details["agreedTo"] = settings.USE_POLICY_URL
    trail.record(caller, action, addresses.registry_arn(RegistryId(request.account_id, PUBLIC)), details=details)


def _name(caller: Caller, person: Person | None) -> str:
    """Who it is, as the staff read it."""
    return (person.sign_in_name if person else caller.principal_arn)[-254:]
