"""The secrets of webhooks at rest: sealed, and for a while the former one beside the present one."""

from datetime import datetime

from accounts import sealing
from registry.models import Webhook

PURPOSE = "webhook"


def seal(secret: str) -> bytes:
    """Seal a secret for its row."""
    return sealing.seal(secret.encode(), PURPOSE)


def keys(webhook: Webhook, now: datetime) -> list[str]:
    """The secrets that sign at a moment, the present one first."""
    found = [bytes(webhook.secret)]
    if webhook.former_secret and webhook.former_until and webhook.former_until > now:
        found.append(bytes(webhook.former_secret))
    return [sealing.unseal(each, PURPOSE).decode() for each in found]
