"""Tells the administrators of an account that a webhook is paused, because it failed for too long."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from accounts import gate
from accounts.audit.actions import Action
from accounts.authn import callers
from accounts.directory import people
from accounts.models import Person
from registry.models import Webhook
from registry.notifications import notices, webhooks
from registry.notifications.kinds import Kind

PAUSED: Final = "webhook.paused"
KINDS: Final = (
    Kind(
        key=PAUSED,
        title=_("A webhook of your account is paused"),
        subject=_("The webhook %(webhook)s is paused"),
        text=_(
            "The webhook %(webhook)s of the account %(account)s has not taken any event for too long. Nothing is sent "
            "to it any more; events are kept for it until it is resumed."
        ),
        link=_("Show the webhook"),
    ),
)


def tell(payload: Mapping[str, Any]) -> None:
    """Tell those who may resume it. Started by WebhookPaused."""
    webhook = Webhook.objects.select_related("account").filter(id=payload["webhook"]).exclude(paused_at=None).first()
    if webhook is None or webhook.paused_at is None:
        return
    params = {"webhook": webhook.name, "account": f"{webhook.account.name} ({webhook.account_id})"}
    key = f"webhook-paused:{webhook.id}:{webhook.paused_at:%Y%m%dT%H%M%S}"
    path = f"/console/{webhook.account_id}/webhooks/{webhook.name}"
    notices.notify(administrators(webhook), PAUSED, params, path=path, key=key)


def administrators(webhook: Webhook) -> list[Person]:
    """The members of the account who may resume the webhook."""
    resource = webhooks.arn(webhook.account_id, webhook.name)
    return [
        each.person
        for each in people.members_of(webhook.account_id)
        if gate.decide(callers.from_membership(each), f"ecr:{Action.RESUME_WEBHOOK}", resource).allowed
    ]
