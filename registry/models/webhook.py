"""Webhooks: where an account wants to hear of events, and each event that is sent there."""

import uuid
from typing import Final

from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from accounts.models import Account


class Webhook(models.Model):
    """An address that events of an account are sent to, and how it has answered lately.

    `secret` is sealed; `former_secret` signs too until `former_until`. `failures` counts those since the last success,
    which began at `failing_since`; until `wait_until` nothing is sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=64)
    url = models.CharField(max_length=2048)
    secret = models.BinaryField()
    former_secret = models.BinaryField(null=True, blank=True)
    former_until = models.DateTimeField(null=True, blank=True)
    event_types = models.JSONField(default=list)
    repository_filter = models.CharField(max_length=256, default="*")
    tag_filter = models.CharField(max_length=128, default="*")
    is_enabled = models.BooleanField(default=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    wait_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.CharField(max_length=512, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="webhook_name_once")]

    def __str__(self) -> str:
        return f"{self.account_id}/{self.name}"

    @property
    def is_sending(self) -> bool:
        """Whether events are sent there now."""
        return self.is_enabled and self.paused_at is None


class WebhookDelivery(models.Model):
    """One event for one webhook, with exactly the bytes that are sent, and what came of the last try.

    `tries` and `next_try_at` belong to the present round; a redelivery begins another one with the same id.
    """

    class State(models.TextChoices):
        """How far it is."""

        PENDING = "pending", pgettext_lazy("delivery", "waiting")
        HELD = "held", pgettext_lazy("delivery", "held back")
        DELIVERED = "delivered", pgettext_lazy("delivery", "delivered")
        FAILED = "failed", pgettext_lazy("delivery", "given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.UUIDField()
    detail_type = models.CharField(max_length=64)
    action = models.CharField(max_length=32, blank=True)
    subject = models.CharField(max_length=256, blank=True)
    body = models.TextField()
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    next_try_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    took_ms = models.PositiveIntegerField(null=True, blank=True)
    request_headers = models.JSONField(default=dict, blank=True)
    status = models.PositiveIntegerField(null=True, blank=True)
    answer_headers = models.JSONField(default=dict, blank=True)
    answer_body = models.TextField(blank=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["webhook", "event_id"], name="webhook_event_once")]
        indexes = [
            models.Index(fields=["webhook", "-created_at", "-id"], name="webhook_delivery_newest"),
            models.Index(fields=["webhook", "state", "id"], name="webhook_delivery_state"),
            models.Index(fields=["created_at"], name="webhook_delivery_age"),
        ]

    def __str__(self) -> str:
        return f"{self.detail_type} {self.id}"

    @property
    def message_id(self) -> str:
        """What `webhook-id` says: the same for every try and redelivery."""
        return f"msg_{self.event_id.hex}"


State = WebhookDelivery.State
MOVES: Final[dict[State, frozenset[State]]] = {
    State.PENDING: frozenset({State.DELIVERED, State.FAILED, State.HELD}),
    State.HELD: frozenset({State.PENDING}),
    State.DELIVERED: frozenset({State.PENDING}),
    State.FAILED: frozenset({State.PENDING}),
}
"""Which state may follow which; whatever is over may be sent again."""

if set(MOVES) != set(State) or set().union(*MOVES.values()) != set(State):
    raise TypeError("the table of moves leaves out a state")
