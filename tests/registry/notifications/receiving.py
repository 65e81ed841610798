"""A receiver of webhooks on this machine, a webhook that sends to it, and the work between."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts import outbox
from accounts.caller import Caller
from accounts.models import OutboxRow
from registry.models import Webhook, WebhookDelivery
from registry.notifications import webhooks
from tests.clients.receiver import Receiver

ACCOUNT = "111122223333"


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver on this machine, which the operator allows."""
    settings.OUTBOUND_PRIVATE_NETWORKS = ("127.0.0.0/8",)
    started = Receiver().start()
    yield started
    started.stop()


def make(alice: Caller, receiver: Receiver, name: str = "deploy", **fields: Any) -> str:
    """A webhook; returns its secret."""
    given = {"url": receiver.url, "event_types": ["*"]} | fields
    _, secret = webhooks.create(alice, ACCOUNT, name, given)
    OutboxRow.objects.all().delete()
    return secret


def work(*, later: bool = False) -> None:
    """Run all work that is there, and what it announces; with `later` all that waits for its time, too."""
    if later:
        Webhook.objects.update(wait_until=None)
        WebhookDelivery.objects.update(next_try_at=None)
        OutboxRow.objects.update(due_at=timezone.now())
    tried: set[tuple[int, int]] = set()
    while (
        row := OutboxRow.objects.filter(due_at__lte=timezone.now() + outbox.SETTLE)
        .exclude(id__in=[number for number, _ in tried])
        .first()
    ):
        tried.add((row.id, row.tries))
        outbox.run(row.id)


def tag_of(event: dict[str, Any]) -> str:
    """The tag that an event names."""
    return str(event["detail"].get("image-tag", ""))
