"""Sends events to webhooks: signed, within bounds, again and again over days, with a log of what came of it.

Started by WebhookDeliveryDue, by a worker that has the row of the outbox to itself. No request is sent inside a
transaction: a worker that dies between request and commit sends the event again, with the same `webhook-id`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import outbound, outbox
from accounts.outbound import OutboundRefused
from registry import events
from registry.models import Webhook, WebhookDelivery
from registry.notifications import sealed, signing
from registry.notifications.eventbridge import TEST

log = structlog.get_logger(__name__)

State = WebhookDelivery.State
RETRIES: Final = tuple(
    timedelta(**{unit: count})
    for unit, count in (
        *(("seconds", 5), ("seconds", 30), ("minutes", 5), ("minutes", 30), ("hours", 2), ("hours", 5)),
        *(("hours", 10), ("hours", 14), ("hours", 20), ("hours", 24)),
    )
)
"""How long after each try the next one comes; after the last a delivery is given up, some three days on."""
BREAKS: Final = tuple(timedelta(seconds=seconds) for seconds in (0, 0, 5, 15, 60, 300))
"""How long a webhook that failed so often in a row is left alone altogether: others' must not wait for it."""
LEAST_FAILURES: Final = 10
"""A webhook is paused after so many failures in a row, if they have lasted for settings.WEBHOOK_PAUSE_HOURS."""
ANSWER_BYTES: Final = 4096
MOST_HEADERS: Final = 40
GONE: Final = 410
"""A receiver that answers so wants nothing more, as Standard Webhooks says."""
BATCH: Final = 100
SUSPENDED_FOR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request; without a status, `error` says why."""

    request_headers: dict[str, str]
    took_ms: int
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    error: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the receiver has the event now."""
        return self.status is not None and 200 <= self.status < 300


def deliver(payload: Mapping[str, Any]) -> None:
    """Send one delivery if its time has come. Raises outbox.Later as long as it is to be tried again."""
    delivery = _due(payload["delivery"])
    if delivery is None:
        return
    next_try_at = _note(delivery, _request(delivery))
    if next_try_at:
        raise outbox.Later(next_try_at)


def _due(delivery_id: str) -> WebhookDelivery | None:
    """The delivery if it is to be sent now; what may not be sent is held back. Raises outbox.Later."""
    now = timezone.now()
    with transaction.atomic():
        delivery = _pending(delivery_id)
        if delivery is None or delivery.action == TEST:
            return delivery
        webhook = delivery.webhook
        if not webhook.is_sending:
            WebhookDelivery.objects.filter(id=delivery.id).update(state=State.HELD, next_try_at=None)
            return None
    due_at = max(delivery.next_try_at or now, webhook.wait_until or now)
    if not webhook.account.is_active:
        due_at = now + SUSPENDED_FOR
    if due_at > now:
        raise outbox.Later(due_at)
    return delivery


def _pending(delivery_id: str) -> WebhookDelivery | None:
    """A delivery that waits, with its webhook, whose row is held until the transaction ends."""
    delivery = WebhookDelivery.objects.filter(id=delivery_id, state=State.PENDING).first()
    if delivery is None:
        return None
    webhooks = Webhook.objects.select_related("account").select_for_update(no_key=True, of=("self",))
    delivery.webhook = webhooks.get(id=delivery.webhook_id)
    return delivery


def _request(delivery: WebhookDelivery) -> Outcome:
    """Send the request, outside of any transaction."""
    now, began = timezone.now(), monotonic()
    body = delivery.body.encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"Kho/{settings.VERSION} (webhook)",
        **signing.headers(delivery.message_id, now, body, sealed.keys(delivery.webhook, now)),
    }
    try:
        answer = outbound.post(delivery.webhook.url, body, headers, limit=ANSWER_BYTES)
    except OutboundRefused as error:
        return Outcome(headers, _passed(began), error=str(error)[:200])
    text = answer.body.decode("utf-8", "replace").replace("\x00", "\ufffd")
    known = {name[:100]: value[:500].replace("\x00", "") for name, value in list(answer.headers.items())[:MOST_HEADERS]}
    return Outcome(headers, _passed(began), answer.status, known, text)


def _passed(began: float) -> int:
    return round((monotonic() - began) * 1000)


def _note(delivery: WebhookDelivery, outcome: Outcome) -> Any:
    """Write down what came of a try; return when the next one is, if there is one."""
    now = timezone.now()
    tries = delivery.tries + 1
    is_last = delivery.action == TEST or tries > len(RETRIES)
    next_try_at = None if outcome.is_success or is_last else now + RETRIES[tries - 1]
    state = State.DELIVERED if outcome.is_success else State.PENDING if next_try_at else State.FAILED
    with transaction.atomic():
        fresh = _pending(str(delivery.id))
        if fresh is None:
            return None
        WebhookDelivery.objects.filter(id=delivery.id).update(
            state=state,
            tries=tries,
            next_try_at=next_try_at,
            tried_at=now,
            took_ms=outcome.took_ms,
            request_headers=outcome.request_headers,
            status=outcome.status,
            answer_headers=outcome.headers,
            answer_body=outcome.body,
            error=outcome.error,
        )
        if outcome.is_success:
            _forgive(fresh.webhook)
        elif delivery.action != TEST:
            _blame(fresh.webhook, is_gone=outcome.status == GONE)
    return next_try_at


def _forgive(webhook: Webhook) -> None:
    """A success ends a row of failures."""
    if webhook.failures:
        Webhook.objects.filter(id=webhook.id).update(failures=0, failing_since=None, wait_until=None)


def _blame(webhook: Webhook, *, is_gone: bool) -> None:
    """Count a failure; leave the webhook alone for a while, or altogether, inside the transaction that holds it."""
    now = timezone.now()
    webhook.failures += 1
    webhook.failing_since = webhook.failing_since or now
    webhook.wait_until = now + BREAKS[min(webhook.failures, len(BREAKS)) - 1]
    lasts = now - webhook.failing_since >= timedelta(hours=settings.WEBHOOK_PAUSE_HOURS)
    if webhook.paused_at is None and (is_gone or (lasts and webhook.failures >= LEAST_FAILURES)):
        webhook.paused_at = now
        log.warning("a webhook is paused", account=webhook.account_id, webhook=webhook.name)
        outbox.announce(events.WebhookPaused(str(webhook.id)))
    webhook.save(update_fields=["failures", "failing_since", "wait_until", "paused_at"])


def release(payload: Mapping[str, Any]) -> None:
    """Send what was held back for a webhook, the oldest first. Started by WebhookResumed."""
    while _release_some(payload["webhook"]):
        pass


def _release_some(webhook_id: str) -> int:
    """Let a batch go; return how many there were."""
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update(no_key=True).filter(id=webhook_id).first()
        if webhook is None or not webhook.is_sending:
            return 0
        held = WebhookDelivery.objects.filter(webhook=webhook, state=State.HELD).order_by("created_at", "id")
        found = [str(each) for each in held.values_list("id", flat=True)[:BATCH]]
        WebhookDelivery.objects.filter(id__in=found).update(state=State.PENDING, tries=0, next_try_at=None)
        for delivery_id in found:
            outbox.announce(events.WebhookDeliveryDue(delivery_id))
    return len(found)


def prune() -> int:
    """Remove deliveries that are older than the log keeps them; return how many."""
    before, count = timezone.now() - timedelta(days=settings.WEBHOOK_LOG_DAYS), 0
    old = WebhookDelivery.objects.filter(created_at__lt=before).order_by("created_at")
    while found := list(old.values_list("id", flat=True)[:500]):
        WebhookDelivery.objects.filter(id__in=found).delete()
        count += len(found)
    return count
