"""Deliveries: sent once, again until they have arrived, held back, given up, pruned."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts import outbox
from accounts.caller import Caller
from accounts.errors import NotFound
from accounts.models import Account, AuditEvent, OutboxRow
from registry.core import images
from registry.models import Image, Notice, Repository, Webhook, WebhookDelivery
from registry.notifications import deliveries, tasks, webhooks
from registry.notifications.webhooks import State
from registry.values import Address, Digest
from tests.clients import receiver as receivers
from tests.clients.receiver import Receiver
from tests.factories.registry import push_image
from tests.registry.console.test_console import member
from tests.registry.notifications.receiving import ACCOUNT, make, receiver, tag_of, work

__all__ = ["receiver"]


def test_events_are_routed_once(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver)
    push_image(alice, address, "1")
    row = OutboxRow.objects.get(task="registry.notifications.routing.image_pushed")
    copy = OutboxRow.objects.create(event=row.event, task=row.task, payload=row.payload)
    assert outbox.run(row.id) and outbox.run(copy.id)
    work()
    assert WebhookDelivery.objects.count() == len(receiver.messages) == 1


def test_a_delivery_that_came_is_not_sent_again(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver)
    push_image(alice, address, "1")
    work()
    deliveries.deliver({"delivery": str(WebhookDelivery.objects.get().id)})
    assert len(receiver.messages) == 1
    WebhookDelivery.objects.all().delete()
    deliveries.deliver({"delivery": "00000000-0000-4000-8000-000000000000"})


def test_a_receiver_that_is_down_gets_it_when_it_is_back(alice: Caller, address: Address, receiver: Receiver) -> None:
    secret = make(alice, receiver)
    receiver.stop()
    push_image(alice, address, "1")
    work()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries, delivery.status) == ("pending", 1, None)
    assert delivery.error == "it does not answer" and delivery.next_try_at is not None
    row = OutboxRow.objects.get()
    assert row.due_at == delivery.next_try_at and row.tries == 0 and row.dead_at is None
    assert Webhook.objects.get().failures == 1
    with pytest.raises(outbox.Later):
        deliveries.deliver({"delivery": str(delivery.id)})
    receiver.start()
    work(later=True)
    [message] = receiver.messages
    assert message.is_signed(secret) and message.headers["webhook-id"] == delivery.message_id
    webhook = Webhook.objects.get()
    assert (webhook.failures, webhook.failing_since, webhook.wait_until) == (0, None, None)
    assert WebhookDelivery.objects.get().state == State.DELIVERED and not OutboxRow.objects.exists()


@pytest.mark.parametrize("status", [302, 307, 400, 404, 500, 503])
def test_everything_but_2xx_is_a_failure(alice: Caller, address: Address, receiver: Receiver, status: int) -> None:
    make(alice, receiver)
    receiver.behaviour = receivers.answer(status, b"no", Location="http://169.254.169.254/", Retry_After="1")
    push_image(alice, address, "1")
    work()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status, delivery.answer_body) == ("pending", status, "no")
    assert len(receiver.messages) == 1


def test_it_is_given_up_after_some_days(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver)
    receiver.behaviour = receivers.answer(500)
    push_image(alice, address, "1")
    waits = []
    for _ in range(len(deliveries.RETRIES) + 3):
        began = timezone.now()
        work(later=True)
        next_try_at = WebhookDelivery.objects.get().next_try_at
        waits.append((next_try_at - began) if next_try_at else None)
    assert len(receiver.messages) == len(deliveries.RETRIES) + 1
    known = [wait for wait in waits if wait]
    assert known == sorted(known) and timedelta(days=3) < sum(known, timedelta()) < timedelta(days=5)
    assert len({each.headers["webhook-id"] for each in receiver.messages}) == 1
    assert WebhookDelivery.objects.get().state == State.FAILED and not OutboxRow.objects.exists()


def test_a_slow_or_endless_answer_is_cut(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver)
    for tag, behaviour in (("1", receivers.byte_by_byte), ("2", receivers.megabytes)):
        receiver.behaviour, began = behaviour, time.monotonic()
        push_image(alice, address, tag)
        work()
        assert time.monotonic() - began < 6
    assert [each.state for each in WebhookDelivery.objects.all()] == ["delivered"] * 2
    assert max(len(each.answer_body) for each in WebhookDelivery.objects.all()) == 4096


def test_an_answer_of_strange_bytes_is_kept_as_text(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver)
    receiver.behaviour = receivers.answer(200, b"\x00\xff\xfe", X_Strange="caf\xe9")
    push_image(alice, address, "1")
    work()
    assert WebhookDelivery.objects.get().answer_body == "\ufffd" * 3


def test_one_dead_receiver_is_asked_seldom_and_holds_up_nobody(
    alice: Caller, address: Address, receiver: Receiver
) -> None:
    make(alice, receiver, "good")
    broken = Receiver(receivers.answer(500)).start()
    make(alice, broken, "bad")
    for number in range(12):
        push_image(alice, address, str(number))
    work()
    broken.stop()
    assert len(receiver.messages) == 12
    assert len(broken.messages) <= 4, "after some failures in a row it is left alone"
    assert WebhookDelivery.objects.filter(webhook__name="bad", state=State.PENDING).count() == 12


def test_it_is_paused_after_failing_for_long_and_resumed(
    alice: Caller, address: Address, receiver: Receiver, settings: Settings
) -> None:
    member(ACCOUNT, "ana@example.com")
    make(alice, receiver)
    receiver.behaviour = receivers.answer(500)
    push_image(alice, address, "1")
    for _ in range(deliveries.LEAST_FAILURES):
        work(later=True)
    assert Webhook.objects.get().paused_at is None, "it has not failed for long"
    Webhook.objects.update(failing_since=timezone.now() - timedelta(hours=settings.WEBHOOK_PAUSE_HOURS))
    push_image(alice, address, "2")
    work(later=True)
    assert Webhook.objects.get().paused_at is not None
    notice = Notice.objects.get()
    assert notice.kind == "webhook.paused" and notice.path == f"/console/{ACCOUNT}/webhooks/deploy"
    push_image(alice, address, "3")
    work(later=True)
    states = list(WebhookDelivery.objects.order_by("created_at").values_list("state", flat=True))
    assert states[-1] == "held" and "pending" not in states
    before = len(receiver.messages)
    receiver.behaviour = receivers.answer(200)
    webhooks.resume(alice, ACCOUNT, "deploy")
    work()
    assert len(receiver.messages) - before == states.count("held") > 0
    assert Webhook.objects.get().is_sending and AuditEvent.objects.filter(event_name="ResumeWebhook").count() == 1
    webhooks.resume(alice, ACCOUNT, "deploy")
    assert AuditEvent.objects.filter(event_name="ResumeWebhook").count() == 1


def test_a_receiver_that_says_gone_is_paused_at_once(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver)
    receiver.behaviour = receivers.answer(410)
    push_image(alice, address, "1")
    work()
    assert Webhook.objects.get().paused_at is not None


def test_redelivery_has_the_same_id_and_bytes(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver)
    push_image(alice, address, "1")
    work()
    delivery = WebhookDelivery.objects.get()
    webhooks.redeliver(alice, ACCOUNT, "deploy", str(delivery.id))
    webhooks.redeliver(alice, ACCOUNT, "deploy", str(delivery.id))
    work()
    first, second = receiver.messages
    assert first.body == second.body and first.headers["webhook-id"] == second.headers["webhook-id"]
    assert WebhookDelivery.objects.get().tries == 1
    for wrong in ("x", "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(NotFound):
            webhooks.redeliver(alice, ACCOUNT, "deploy", wrong)


def test_what_is_switched_off_is_held_back_and_switched_on_sent(
    alice: Caller, address: Address, receiver: Receiver
) -> None:
    make(alice, receiver)
    receiver.behaviour = receivers.answer(500)
    push_image(alice, address, "1")
    work()
    webhooks.update(alice, ACCOUNT, "deploy", {"is_enabled": False})
    work(later=True)
    assert WebhookDelivery.objects.get().state == State.HELD and len(receiver.messages) == 1
    push_image(alice, address, "2")
    work()
    receiver.behaviour = receivers.answer(200)
    webhooks.update(alice, ACCOUNT, "deploy", {"is_enabled": True})
    work(later=True)
    assert [tag_of(each.event) for each in receiver.messages] == ["1", "1"], "what happened meanwhile is not told"
    assert WebhookDelivery.objects.get().state == State.DELIVERED


def test_a_suspended_account_s_wait(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver)
    push_image(alice, address, "1")
    Account.objects.update(is_active=False)
    work()
    assert receiver.messages == [] and WebhookDelivery.objects.get().state == State.PENDING


def test_a_deleted_webhook_is_sent_nothing(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver)
    receiver.behaviour = receivers.answer(500)
    push_image(alice, address, "1")
    work()
    webhooks.delete(alice, ACCOUNT, "deploy")
    work(later=True)
    assert len(receiver.messages) == 1 and not OutboxRow.objects.exists()
    with pytest.raises(NotFound):
        webhooks.get(alice, ACCOUNT, "deploy")


def test_an_event_of_what_is_gone_for_good_is_told_without_its_facts(
    alice: Caller, address: Address, receiver: Receiver
) -> None:
    make(alice, receiver)
    image = push_image(alice, address, "1")
    images.delete(alice, address, Digest.parse(image.digest))
    Image.objects.all().delete()
    work()
    assert all("manifest-media-type" not in each.event["detail"] for each in receiver.messages)
    assert len(receiver.messages) == 3
    push_image(alice, address, "2")
    Repository.objects.all().delete()
    work()
    assert len(receiver.messages) == 3


def test_a_network_that_is_not_allowed_any_more_is_not_sent_to(
    alice: Caller, address: Address, receiver: Receiver, settings: Settings
) -> None:
    make(alice, receiver)
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    push_image(alice, address, "1")
    work()
    assert receiver.messages == [] and WebhookDelivery.objects.get().error == "the address is in a private network"


def test_old_deliveries_are_pruned(alice: Caller, address: Address, receiver: Receiver, settings: Settings) -> None:
    make(alice, receiver)
    push_image(alice, address, "1")
    push_image(alice, address, "2")
    work()
    old = WebhookDelivery.objects.first()
    assert old is not None
    WebhookDelivery.objects.filter(id=old.id).update(
        created_at=timezone.now() - timedelta(days=settings.WEBHOOK_LOG_DAYS, minutes=1)
    )
    assert tasks.prune_webhook_deliveries() == 1
    assert WebhookDelivery.objects.count() == 1 and not WebhookDelivery.objects.filter(id=old.id).exists()


def test_a_delivery_whose_work_was_discarded_can_be_sent_again(
    alice: Caller, address: Address, receiver: Receiver, settings: Settings
) -> None:
    make(alice, receiver)
    push_image(alice, address, "1")
    for row in OutboxRow.objects.filter(event="ImagePushed"):
        assert outbox.run(row.id)
    delivery = WebhookDelivery.objects.get()
    webhooks.redeliver(alice, ACCOUNT, "deploy", str(delivery.id))
    assert OutboxRow.objects.filter(event="WebhookDeliveryDue").count() == 1, "it waits anyway"
    OutboxRow.objects.all().delete()
    webhooks.redeliver(alice, ACCOUNT, "deploy", str(delivery.id))
    work()
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED and len(receiver.messages) == 1
