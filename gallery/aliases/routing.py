"""The first look at requests, taken by a worker: it flags what staff should look at, and reminds them of old ones."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.directory import people
from gallery.aliases import reserved, rules
from gallery.models import AliasRequest, AliasRequestEvent
from gallery.models.alias_request import PENDING, State
from registry.notifications import notices

NEW_ACCOUNT: Final = timedelta(days=7)
MOST_NAMES: Final = 20
Flag = AliasRequest.Flag


def check(payload: Mapping[str, Any]) -> None:
    """Flag the request of an event anew, as long as it is not decided. Started by AliasRequestMoved."""
    event = AliasRequestEvent.objects.select_related("request__account").filter(id=payload["event"]).first()
    if event is not None and event.request.state in PENDING:
        flag(event.request)


def check_all() -> int:
    """Flag the requests that were not looked at yet; return how many."""
    rows = AliasRequest.objects.filter(state__in=PENDING, checked_at=None).select_related("account")
    for request in rows:
        flag(request)
    return len(rows)


def flag(request: AliasRequest) -> None:
    """Write down what there is to look at. Nothing is decided here."""
    account, name = request.account, request.alias
    near, brands = reserved.near(name), reserved.brands_in(name)
    similar = rules.similar(account.id, name)
    rivals = AliasRequest.objects.filter(alias=name, state__in=PENDING).exclude(account=account).exists()
    found = {
        Flag.RESERVED: bool(near),
        Flag.BRAND: bool(brands),
        Flag.NEW_ACCOUNT: request.requested_at - account.created_at < NEW_ACCOUNT,
        Flag.SIMILAR: bool(similar),
        Flag.CONTESTED: rivals,
    }
    flags = [str(each.value) for each, holds in found.items() if holds]
    names = list(dict.fromkeys([*similar, *near, *brands]))[:MOST_NAMES]
    AliasRequest.objects.filter(id=request.id).update(flags=flags, similar=names, checked_at=timezone.now())
    if rivals:
        _flag_rivals(request)


def _flag_rivals(request: AliasRequest) -> None:
    """Tell the earlier requests for the name that there is another one."""
    for other in AliasRequest.objects.filter(alias=request.alias, state__in=PENDING).exclude(id=request.id):
        if Flag.CONTESTED.value not in other.flags:
            AliasRequest.objects.filter(id=other.id).update(flags=[*other.flags, Flag.CONTESTED.value])


def remind() -> int:
    """Tell the staff of requests that wait for them too long, once in each interval; return how many those are."""
    now = timezone.now()
    limit = now - timedelta(days=settings.ALIAS_REMINDER_DAYS)
    old = AliasRequest.objects.filter(state=State.REQUESTED, waiting_since__lt=limit)
    due = old.filter(Q(reminded_at=None) | Q(reminded_at__lt=limit))
    with transaction.atomic():
        ids = list(due.order_by("waiting_since", "id").select_for_update().values_list("id", flat=True))
        if not ids:
            return 0
        oldest = AliasRequest.objects.get(id=ids[0])
        params = {"count": old.count(), "alias": oldest.alias}
        AliasRequest.objects.filter(id__in=ids).update(reminded_at=now)
        key = f"alias-waiting:{ids[0]}:{now:%Y%m%d%H%M%S%f}"
        notices.notify(people.staff(), "alias.waiting", params, path="/staff/aliases", key=key)
    return len(ids)
