"""Webhooks: which events become deliveries, what they say, who may do what, and the secrets that sign them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller
from accounts.directory import resealing
from accounts.errors import AccessDenied, AlreadyExists, InvalidInput, LimitReached
from accounts.iam.request import NO_RIGHTS
from accounts.models import AuditEvent, OutboxRow
from registry.core import addresses, archive, image_tags, images
from registry.models import Webhook, WebhookDelivery
from registry.notifications import webhooks
from registry.notifications.webhooks import State
from registry.values import Address, Digest, ImageTag, RegistryId
from tests.clients import receiver as receivers
from tests.clients.receiver import Receiver
from tests.factories.registry import make_caller, make_public_repository, push_image
from tests.registry.notifications.receiving import ACCOUNT, make, receiver, tag_of, work
from tests.registry.replication.making import FAR, HOME, configure, rule

__all__ = ["receiver"]

SUBJECT = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1}


def test_it_works(alice: Caller, address: Address, receiver: Receiver) -> None:
    secret = make(alice, receiver)
    image = push_image(alice, address, "1.0")
    work()
    [message] = receiver.messages
    assert message.is_signed(secret) and not message.is_signed(secret[:-8] + "AAAAAAA=")
    event = message.event
    assert event["source"] == "aws.ecr" and event["account"] == ACCOUNT and event["region"] == "us-east-1"
    assert event["detail-type"] == "ECR Image Action" and event["version"] == "0" and event["resources"] == []
    assert event["detail"]["image-digest"] == image.digest and event["detail"]["image-tag"] == "1.0"
    assert event["detail"]["repository-name"] == "team/app" and event["detail"]["action-type"] == "PUSH"
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.tries, delivery.status, delivery.answer_body) == ("delivered", 1, 200, "thanks")
    assert delivery.message_id == message.headers["webhook-id"] == f"msg_{event['id'].replace('-', '')}"
    assert delivery.request_headers["webhook-signature"] == message.headers["webhook-signature"]
    assert secret not in str(delivery.__dict__) and secret.encode() not in bytes(Webhook.objects.get().secret)
    assert not OutboxRow.objects.exists()


def test_each_kind_of_event(alice: Caller, address: Address, receiver: Receiver, settings: Settings) -> None:
    settings.SCAN_PUBLIC = False
    make(alice, receiver)
    image = push_image(alice, address, "1")
    push_image(alice, address, subject=SUBJECT | {"digest": image.digest}, artifactType="application/vnd.cyclonedx")
    images.untag(alice, address, ImageTag("1"))
    images.delete(alice, address, Digest.parse(image.digest))
    public = make_public_repository(alice).address
    push_image(alice, public, "edge")
    work()
    told = [
        (each.event["source"], each.event["detail-type"], each.event["detail"]["action-type"], tag_of(each.event))
        for each in receiver.messages
    ]
    assert sorted(told) == [
        ("aws.ecr", "ECR Image Action", "DELETE", ""),
        ("aws.ecr", "ECR Image Action", "DELETE", "1"),
        ("aws.ecr", "ECR Image Action", "PUSH", "1"),
        ("aws.ecr", "ECR Referrer Action", "PUSH", ""),
        ("aws.ecr-public", "ECR Image Action", "PUSH", "edge"),
    ]
    referrer = next(each.event for each in receiver.messages if each.event["detail-type"] == "ECR Referrer Action")
    assert referrer["detail"]["artifact-media-type"] == "application/vnd.cyclonedx"


def test_a_change_of_the_storage_class(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver, event_types=["image.storage-class"])
    image = push_image(alice, address, "1")
    for storage_class in ("ARCHIVE", "STANDARD"):
        archive.update(alice, address, None, ImageTag("1"), storage_class)
    work()
    told = {each.event["detail"]["target-storage-class"]: each.event["detail"] for each in receiver.messages}
    assert told.keys() == {"ARCHIVE", "STANDARD"}
    detail = told["STANDARD"]
    image.refresh_from_db()
    assert image.last_activated_at and detail["last-activated-at"] == image.last_activated_at.isoformat()
    assert detail["action-type"] == "UPDATE_STORAGE_CLASS" and detail["image-digest"] == image.digest
    assert "image-tag" not in detail


class TestReplication:
    """Told where an image arrives; what fails is told where it comes from."""

    def test_it_arrives(self, alice: Caller, address: Address, receiver: Receiver, settings: Settings) -> None:
        settings.REGIONS = [HOME, FAR]
        configure(alice, rule(RegistryId(ACCOUNT, FAR)))
        make(alice, receiver, event_types=["image.replication"])
        image = push_image(alice, address, "1")
        work()
        [message] = receiver.messages
        assert (message.event["detail-type"], message.event["region"]) == ("ECR Replication Action", FAR)
        assert message.event["resources"] == [f"arn:aws:ecr:{FAR}:{ACCOUNT}:repository/team/app"]
        assert message.event["detail"] == {
            "result": "SUCCESS",
            "repository-name": "team/app",
            "image-digest": image.digest,
            "source-account": ACCOUNT,
            "action-type": "REPLICATE",
            "source-region": HOME,
            "image-tag": "1",
        }

    def test_it_fails(self, alice: Caller, charlie: Caller, address: Address, receiver: Receiver) -> None:
        configure(alice, rule(RegistryId(charlie.account_id, HOME)))
        make(alice, receiver, event_types=["image.replication"])
        webhooks.create(charlie, charlie.account_id, "theirs", {"url": receiver.url, "event_types": ["*"]})
        push_image(alice, address, "1")
        work()
        [message] = receiver.messages
        assert (message.event["account"], message.event["detail"]["result"]) == (ACCOUNT, "FAILED")
        assert message.event["resources"] == [f"arn:aws:ecr:{HOME}:{charlie.account_id}:repository/team/app"]


def test_filters_say_what_is_sent(alice: Caller, address: Address, receiver: Receiver) -> None:
    make(alice, receiver, "pushes", event_types=["image.push"], tag_filter="v*")
    make(alice, receiver, "deletes", event_types=["image.delete"])
    make(alice, receiver, "others", repository_filter="other/*")
    make(alice, receiver, "off", is_enabled=False)
    push_image(alice, address, "v1")
    push_image(alice, address, "edge")
    images.untag(alice, address, ImageTag("edge"))
    work()
    told = [(each.event["detail"]["action-type"], tag_of(each.event)) for each in receiver.messages]
    assert sorted(told) == [("DELETE", "edge"), ("PUSH", "v1")]
    assert not WebhookDelivery.objects.filter(webhook__name__in=["others", "off"]).exists()


def test_others_hear_nothing(alice: Caller, charlie: Caller, address: Address, receiver: Receiver) -> None:
    webhooks.create(charlie, charlie.account_id, "spy", {"url": receiver.url, "event_types": ["*"]})
    push_image(alice, address, "1")
    work()
    assert receiver.messages == []
    for ask in (webhooks.get, webhooks.delete, webhooks.rotate, webhooks.resume, webhooks.send_test):
        with pytest.raises(AccessDenied):
            ask(charlie, ACCOUNT, "deploy")
    with pytest.raises(AccessDenied):
        webhooks.summaries(charlie, ACCOUNT)


def test_rights_are_asked_for(alice: Caller, receiver: Receiver) -> None:
    make(alice, receiver)
    nobody = make_caller(ACCOUNT, "bob", rights=NO_RIGHTS)
    for ask in (webhooks.get, webhooks.delete, webhooks.rotate, webhooks.resume, webhooks.send_test):
        with pytest.raises(AccessDenied):
            ask(nobody, ACCOUNT, "deploy")
    with pytest.raises(AccessDenied, match="ecr:CreateWebhook"):
        webhooks.create(nobody, ACCOUNT, "other", {"url": receiver.url, "event_types": ["*"]})
    with pytest.raises(AccessDenied):
        webhooks.update(nobody, ACCOUNT, "deploy", {"is_enabled": False})


def test_a_test_is_sent_once_whatever_the_state(alice: Caller, receiver: Receiver) -> None:
    secret = make(alice, receiver, is_enabled=False, event_types=["referrer"])
    receiver.behaviour = receivers.answer(500)
    made = webhooks.send_test(alice, ACCOUNT, "deploy")
    work()
    made.refresh_from_db()
    assert made.state == State.FAILED and Webhook.objects.get().failures == 0
    [message] = receiver.messages
    assert message.is_signed(secret) and message.event["detail-type"] == "Kho Webhook Test"
    assert message.event["detail"]["action-type"] == "TEST"


def test_both_secrets_sign_for_a_while(alice: Caller, address: Address, receiver: Receiver) -> None:
    former = make(alice, receiver)
    present = webhooks.rotate(alice, ACCOUNT, "deploy")
    push_image(alice, address, "1")
    work()
    assert receiver.messages[0].is_signed(former) and receiver.messages[0].is_signed(present)
    Webhook.objects.update(former_until=timezone.now() - timedelta(seconds=1))
    push_image(alice, address, "2")
    work()
    assert receiver.messages[1].is_signed(present) and not receiver.messages[1].is_signed(former)


def test_of_two_requests_at_once_one_makes_a_secret(alice: Caller, address: Address, receiver: Receiver) -> None:
    """Both looked at the webhook before either was done: the secret that the receiver has must go on signing."""
    former = make(alice, receiver)
    was = webhooks.secret_mark(Webhook.objects.get())
    present = webhooks.rotate(alice, ACCOUNT, "deploy", was=was)
    with pytest.raises(AlreadyExists):
        webhooks.rotate(alice, ACCOUNT, "deploy", was=was)
    push_image(alice, address, "1")
    work()
    assert receiver.messages[0].is_signed(former) and receiver.messages[0].is_signed(present)
    assert webhooks.rotate(alice, ACCOUNT, "deploy", was=webhooks.secret_mark(Webhook.objects.get())) != present


def test_a_change_of_the_master_key_reaches_both_secrets(
    alice: Caller, address: Address, receiver: Receiver, settings: Settings
) -> None:
    former = make(alice, receiver)
    present = webhooks.rotate(alice, ACCOUNT, "deploy")
    make(alice, receiver, "other", is_enabled=False)
    settings.FORMER_MASTER_KEYS, settings.MASTER_KEY = (settings.MASTER_KEY,), "n" * 40
    assert resealing.everything("session").changed == 3
    settings.FORMER_MASTER_KEYS = ()
    push_image(alice, address, "1")
    work()
    assert receiver.messages[0].is_signed(former) and receiver.messages[0].is_signed(present)


def test_a_secret_that_can_t_be_opened_is_the_operator_s_to_mend(
    alice: Caller, address: Address, receiver: Receiver, settings: Settings
) -> None:
    make(alice, receiver)
    settings.MASTER_KEY, settings.TASK_TRIES = "n" * 40, 1
    push_image(alice, address, "1")
    work()
    assert receiver.messages == [] and OutboxRow.objects.get().dead_at is not None
    assert WebhookDelivery.objects.get().state == State.PENDING


def test_it_refuses_what_can_t_be(alice: Caller, receiver: Receiver, settings: Settings) -> None:
    fields = {"url": receiver.url, "event_types": ["*"]}
    for name in ("", "-", "a b", "a/b", "x" * 65):
        with pytest.raises(InvalidInput, match="name"):
            webhooks.create(alice, ACCOUNT, name, fields)
    wrong: tuple[dict[str, Any], ...] = (
        {"event_types": []},
        {"event_types": ["nothing"]},
        {"repository_filter": "a b"},
        {"repository_filter": ""},
        {"tag_filter": "x" * 129},
        {"url": "ftp://example.com/"},
        {"url": "https://exa mple.com/"},
        {"url": f"https://127.0.0.1/{'x' * 2048}"},
        {"url": "https://127.0.0.1/#part"},
        {"url": "https://user@127.0.0.1/"},
    )
    for changes in wrong:
        with pytest.raises(InvalidInput, match=next(iter(changes))):
            webhooks.create(alice, ACCOUNT, "a", fields | changes)
    webhooks.create(alice, ACCOUNT, "a", fields)
    with pytest.raises(AlreadyExists):
        webhooks.create(alice, ACCOUNT, "a", fields)
    settings.OUTBOUND_PRIVATE_NETWORKS = ()
    with pytest.raises(InvalidInput, match="private network"):
        webhooks.create(alice, ACCOUNT, "b", fields)
    with pytest.raises(InvalidInput, match="private network"):
        webhooks.update(alice, ACCOUNT, "a", {"url": "https://10.0.0.1/"})
    webhooks.update(alice, ACCOUNT, "a", {"tag_filter": "v*"})


def test_an_account_has_so_many(alice: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST", 1)
    make(alice, receiver)
    with pytest.raises(LimitReached):
        make(alice, receiver, "second")


def test_what_was_done_is_in_the_trail(alice: Caller, receiver: Receiver) -> None:
    make(alice, receiver, url=receiver.url + "?key=s3cret")
    webhooks.update(alice, ACCOUNT, "deploy", {"is_enabled": False})
    webhooks.rotate(alice, ACCOUNT, "deploy")
    webhooks.send_test(alice, ACCOUNT, "deploy")
    webhooks.delete(alice, ACCOUNT, "deploy")
    found = AuditEvent.objects.filter(resource_arn=f"arn:aws:ecr:us-east-1:{ACCOUNT}:webhook/deploy")
    names = ["CreateWebhook", "UpdateWebhook", "RotateWebhookSecret", "SendWebhook", "DeleteWebhook"]
    assert sorted(found.values_list("event_name", flat=True)) == sorted(names)
    assert "s3cret" not in str([each.details for each in found]) and "whsec_" not in str([e.details for e in found])


def test_a_tag_that_is_put_back_is_told(alice: Caller, address: Address, receiver: Receiver) -> None:
    first = push_image(alice, address, "1")
    push_image(alice, address, "1")
    make(alice, receiver)
    image_tags.revert(alice, addresses.private(ACCOUNT, str(address.name)), ImageTag("1"), Digest.parse(first.digest))
    work()
    [message] = receiver.messages
    assert message.event["detail"]["image-digest"] == first.digest
