"""Webhooks of an account: made, changed, given another secret, resumed, tried, deleted; and the log of one.

AWS has no calls for them: the actions are Kho's own, of the service `ecr`.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts import gate, outbound, outbox
from accounts.audit import trail
from accounts.audit.actions import Action
from accounts.caller import Caller
from accounts.errors import AlreadyExists, InvalidInput, LimitReached, NotFound
from accounts.iam.arn import Arn
from accounts.models import Account
from accounts.outbound import OutboundRefused
from registry import events
from registry.core import keyset
from registry.core.browsing import PAGE, Page
from registry.core.keyset import Order
from registry.models import Webhook, WebhookDelivery
from registry.notifications import event_types, eventbridge, routing, sealed, signing
from registry.notifications.eventbridge import Envelope

State = WebhookDelivery.State
MOST: Final = 50
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
FILTER: Final = re.compile(r"[A-Za-z0-9._/*?-]+")
LONGEST_URL: Final = 2048
FAILS_AFTER: Final = timedelta(minutes=5)
"""A receiver that was away for a moment has had its events by then."""
FORMER_FOR: Final = timedelta(hours=24)
"""How long the former secret signs beside the present one."""
SETTABLE: Final = ("url", "event_types", "repository_filter", "tag_filter", "is_enabled")
NEWEST: Final = Order("created_at", datetime)


def create(caller: Caller, account_id: str, name: str, fields: Mapping[str, Any]) -> tuple[Webhook, str]:
    """Make a webhook; return it and its secret, which is never shown again.

    Raises InvalidInput, AlreadyExists, LimitReached.
    """
    _require(caller, account_id, Action.CREATE_WEBHOOK, name)
    if not NAME.fullmatch(name):
        raise InvalidInput("name", "takes up to 64 letters, digits and . _ -")
    secret = signing.new_secret()
    row = Webhook(account_id=account_id, name=name, secret=sealed.seal(secret), created_by=caller.principal_arn)
    _set(row, fields)
    try:
        with transaction.atomic():
            Account.objects.select_for_update(no_key=True).get(id=account_id)
            if Webhook.objects.filter(account_id=account_id).count() >= MOST:
                raise LimitReached(f"an account may have {MOST} webhooks")
            row.save(force_insert=True)
            _record(caller, row, Action.CREATE_WEBHOOK)
    except IntegrityError as error:
        raise AlreadyExists(f"webhook {name}") from error
    return row, secret


def update(caller: Caller, account_id: str, name: str, fields: Mapping[str, Any]) -> Webhook:
    """Change a webhook; what is not among `fields` stays. Enabling it sends what was held back.

    Raises NotFound, InvalidInput.
    """
    _require(caller, account_id, Action.UPDATE_WEBHOOK, name)
    _check(fields)
    with transaction.atomic():
        row = _locked(account_id, name)
        was_sending = row.is_sending
        _set(row, fields, is_checked=True)
        row.save(update_fields=SETTABLE)
        if row.is_sending and not was_sending:
            outbox.announce(events.WebhookResumed(str(row.id)))
        _record(caller, row, Action.UPDATE_WEBHOOK)
    return row


def delete(caller: Caller, account_id: str, name: str) -> None:
    """Remove a webhook with its log; what waits is not sent. NotFound."""
    _require(caller, account_id, Action.DELETE_WEBHOOK, name)
    with transaction.atomic():
        row = _locked(account_id, name)
        _record(caller, row, Action.DELETE_WEBHOOK)
        row.delete()


def rotate(caller: Caller, account_id: str, name: str, *, was: str | None = None) -> str:
    """Give a webhook another secret and return it; the former one signs too for a day.

    `was` is the `secret_mark` of the webhook that the caller looked at: of two requests after the same look one makes a
    secret, lest the one that receivers have sign no more. NotFound; AlreadyExists for the other request.
    """
    _require(caller, account_id, Action.ROTATE_WEBHOOK_SECRET, name)
    secret = signing.new_secret()
    with transaction.atomic():
        row = _locked(account_id, name)
        if was is not None and was != secret_mark(row):
            raise AlreadyExists(f"a newer secret of webhook {name}")
        row.former_secret, row.former_until = row.secret, timezone.now() + FORMER_FOR
        row.secret = sealed.seal(secret)
        row.save(update_fields=["secret", "former_secret", "former_until"])
        _record(caller, row, Action.ROTATE_WEBHOOK_SECRET)
    return secret


def secret_mark(row: Webhook) -> str:
    """What is another text once a webhook has another secret, and says nothing of that."""
    return str(row.former_until or "")


def resume(caller: Caller, account_id: str, name: str) -> Webhook:
    """Send to a paused webhook again, first what was held back for it. NotFound."""
    _require(caller, account_id, Action.RESUME_WEBHOOK, name)
    with transaction.atomic():
        row = _locked(account_id, name)
        if row.paused_at is not None:
            row.paused_at = row.failing_since = row.wait_until = None
            row.failures = 0
            row.save(update_fields=["paused_at", "failing_since", "wait_until", "failures"])
            outbox.announce(events.WebhookResumed(str(row.id)))
            _record(caller, row, Action.RESUME_WEBHOOK)
    return row


def send_test(caller: Caller, account_id: str, name: str) -> WebhookDelivery:
    """Send an event that says nothing, once, whatever the filters, even if the webhook is off. NotFound."""
    _require(caller, account_id, Action.SEND_WEBHOOK, name)
    with transaction.atomic():
        row = _locked(account_id, name)
        envelope = Envelope(
            id=str(uuid.uuid4()),
            time=timezone.now(),
            source="kho.webhooks",
            account=account_id,
            region=settings.HOME_REGION,
            detail_type=eventbridge.TEST_ACTION,
            detail={"result": "SUCCESS", "action-type": eventbridge.TEST, "webhook-name": name},
        )
        delivery = routing.write(row, envelope, eventbridge.TEST)
        _record(caller, row, Action.SEND_WEBHOOK, {"delivery": str(delivery.id), "test": True})
    return delivery


def redeliver(caller: Caller, account_id: str, name: str, delivery_id: str) -> WebhookDelivery:
    """Send an event once more, with the same `webhook-id` and bytes; nothing happens if it waits anyway. NotFound."""
    _require(caller, account_id, Action.SEND_WEBHOOK, name)
    with transaction.atomic():
        row = _locked(account_id, name)
        delivery = _delivery(row, delivery_id)
        over = Q(state__in=[State.DELIVERED, State.FAILED])
        if outbox.without_work(events.WebhookDeliveryDue.__name__, "delivery", [str(delivery.id)]):
            over |= Q(state=State.PENDING)  # staff have discarded its work: it waits for nothing
        again = WebhookDelivery.objects.filter(over, id=delivery.id)
        if again.update(state=State.PENDING, tries=0, next_try_at=None):
            outbox.announce(events.WebhookDeliveryDue(str(delivery.id)))
            _record(caller, row, Action.SEND_WEBHOOK, {"delivery": str(delivery.id)})
    delivery.refresh_from_db()
    return delivery


def get(caller: Caller, account_id: str, name: str) -> Webhook:
    """Return a webhook. NotFound."""
    _require(caller, account_id, Action.DESCRIBE_WEBHOOKS, name)
    row = _rows(account_id).filter(name=name).first()
    if row is None:
        raise NotFound(f"webhook {name}")
    return row


@dataclass(frozen=True, slots=True)
class Summary:
    """A webhook with its last try and how many deliveries failed in the last 24 hours."""

    webhook: Webhook
    host: str
    last: WebhookDelivery | None
    failures: int


def summaries(caller: Caller, account_id: str) -> list[Summary]:
    """Return the account's webhooks by name."""
    _require(caller, account_id, Action.DESCRIBE_WEBHOOKS, "*")
    since = timezone.now() - timedelta(hours=24)
    tried = WebhookDelivery.objects.filter(webhook=OuterRef("pk")).exclude(tried_at=None).order_by("-created_at", "-id")
    failed = ~Q(deliveries__state=State.DELIVERED) & Q(deliveries__tries__gt=0, deliveries__tried_at__gte=since)
    rows = list(
        _rows(account_id)
        .annotate(failed=Count("deliveries", filter=failed), last=Subquery(tried.values("id")[:1]))
        .order_by("name")
    )
    last = WebhookDelivery.objects.in_bulk([row.last for row in rows if row.last])
    return [Summary(row, host_of(row.url), last.get(row.last) if row.last else None, row.failed) for row in rows]


def ailing(caller: Caller, account_id: str) -> list[Webhook]:
    """Return webhooks that are on but paused, or that have failed for a while, as far as the caller may see them."""
    since = timezone.now() - FAILS_AFTER
    found = _rows(account_id).filter(Q(paused_at__isnull=False) | Q(failing_since__lt=since), is_enabled=True)
    return [row for row in found.order_by("name") if may(caller, account_id, row.name, Action.DESCRIBE_WEBHOOKS)]


def deliveries(
    caller: Caller, account_id: str, name: str, *, state: str = "", after: str = "", before: str = "", limit: int = PAGE
) -> Page[WebhookDelivery]:
    """Return what was sent to a webhook, or waits, newest first. NotFound."""
    found = WebhookDelivery.objects.filter(webhook=get(caller, account_id, name))
    if state:
        found = found.filter(state=state)
    light = found.defer("body", "answer_body", "answer_headers", "request_headers")
    cut = keyset.cut(light, NEWEST, descending=True, after=after, before=before, limit=limit)
    return Page(cut.rows, cut.next, found.count(), cut.previous)


def delivery(caller: Caller, account_id: str, name: str, delivery_id: str) -> WebhookDelivery:
    """Return one delivery with all that is known of it. NotFound."""
    return _delivery(get(caller, account_id, name), delivery_id)


def host_of(url: str) -> str:
    """The host of an address: paths of receivers often hold a key."""
    return urlsplit(url).netloc.rpartition("@")[2]


def arn(account_id: str, name: str) -> Arn:
    """What policies and the trail call a webhook."""
    return Arn("ecr", settings.HOME_REGION, account_id, f"webhook/{name}")


def may(caller: Caller, account_id: str, name: str, action: str) -> bool:
    """Whether to show a button."""
    return gate.decide(caller, f"ecr:{action}", arn(account_id, name)).allowed


def _delivery(row: Webhook, delivery_id: str) -> WebhookDelivery:
    try:
        found = WebhookDelivery.objects.filter(webhook=row, id=uuid.UUID(delivery_id)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound(f"delivery {delivery_id}")
    return found


def _set(row: Webhook, fields: Mapping[str, Any], *, is_checked: bool = False) -> None:
    if not is_checked:
        _check(fields)
    for name in SETTABLE:
        if name in fields:
            setattr(row, name, fields[name])


def _check(fields: Mapping[str, Any]) -> None:
    """InvalidInput for settings that no webhook can have; looks the host up, so outside of transactions."""
    kinds = fields.get("event_types")
    if kinds is not None and (not kinds or not set(kinds) <= set(event_types.NAMES)):
        raise InvalidInput("event_types", "takes one or more kinds of events")
    for name, longest in (("repository_filter", 256), ("tag_filter", 128)):
        text = fields.get(name)
        if text is not None and (len(text) > longest or not FILTER.fullmatch(text)):
            raise InvalidInput(name, "takes a name in which * stands for any letters and ? for one")
    url = fields.get("url")
    if url is None:
        return
    if len(url) > LONGEST_URL or not url.isascii() or re.search(r"[\s\x00-\x1f\x7f#]", url):
        raise InvalidInput("url", "takes an address of up to 2048 characters, without spaces and #")
    try:
        outbound.check(url)
    except OutboundRefused as error:
        raise InvalidInput("url", str(error)) from error


def _rows(account_id: str) -> QuerySet[Webhook]:
    return Webhook.objects.filter(account_id=account_id)


def _locked(account_id: str, name: str) -> Webhook:
    """A webhook whose row is held until the transaction ends. NotFound."""
    row = _rows(account_id).select_for_update(no_key=True).filter(name=name).first()
    if row is None:
        raise NotFound(f"webhook {name}")
    return row


def _require(caller: Caller, account_id: str, action: Action, name: str) -> None:
    gate.require(caller, f"ecr:{action}", arn(account_id, name))


def _record(caller: Caller, row: Webhook, action: Action, more: Mapping[str, Any] | None = None) -> None:
    details = {
        "webhookName": row.name,
        "host": host_of(row.url),
        "eventTypes": row.event_types,
        "repositoryFilter": row.repository_filter,
        "tagFilter": row.tag_filter,
        "enabled": row.is_enabled,
    }
    trail.record(caller, action, arn(row.account_id, row.name), details=details | dict(more or {}))
