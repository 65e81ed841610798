"""Pages of webhooks: the list, making one, its secret shown once, its deliveries."""

import html
import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.caller import Caller, operator
from accounts.directory import policies
from accounts.models import Principal
from registry.models import Webhook, WebhookDelivery
from registry.notifications import webhooks
from registry.values import Address
from tests.clients import receiver as receivers
from tests.clients.receiver import Receiver
from tests.factories.registry import push_image
from tests.registry.console.test_console import BASE, ana, page
from tests.registry.console.test_iam import reader
from tests.registry.notifications.receiving import make, receiver, work

__all__ = ["ana", "reader", "receiver"]
ACCOUNT = "111122223333"
HOOKS = f"{BASE}/webhooks"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


def fields(receiver: Receiver, **changes: object) -> dict[str, object]:
    """What is typed into the form."""
    known = {"name": "deploy", "url": receiver.url, "event_types": ["image.push"], "is_enabled": "on"}
    return known | {"repository_filter": "*", "tag_filter": "*"} | changes


@pytest.fixture
def looker(reader: Client) -> Client:
    """Somebody who may read webhooks, and not change them."""
    role = Principal.objects.get(name="Readers")
    statement = {"Effect": "Allow", "Action": "ecr:DescribeWebhooks", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policies.put_inline(operator(ACCOUNT), role, "webhooks", text)
    return reader


def test_it_works(ana: Client, alice: Caller, address: Address, receiver: Receiver) -> None:
    assert "No webhooks yet" in page(ana, HOOKS) and 'href="/console/111122223333/webhooks"' in page(ana, BASE)
    assert "Send events" in page(ana, f"{HOOKS}/-/new")
    answer = ana.post(f"{HOOKS}/-/new", fields(receiver), follow=True)
    shown = html.unescape(answer.content.decode())
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
    secret = SECRET.findall(shown)[0]
    work()
    push_image(alice, address, "1.0")
    work()
    assert receiver.messages[0].is_signed(secret)
    text = page(ana, f"{HOOKS}/deploy")
    assert "ECR Image Action · PUSH" in text and "1 delivery" in text and "200" in text and secret not in text
    delivery = WebhookDelivery.objects.get()
    text = html.unescape(page(ana, f"{HOOKS}/deploy/deliveries/{delivery.id}"))
    assert receiver.messages[0].headers["webhook-signature"] in text and delivery.message_id in text
    assert '"action-type": "PUSH"' in text and "thanks" in text and secret not in text
    assert ana.post(f"{HOOKS}/deploy/deliveries/{delivery.id}/redeliver").status_code == 302
    work()
    assert len(receiver.messages) == 2 and "deploy" in page(ana, HOOKS)


def test_what_can_t_be_is_said_in_words(ana: Client, receiver: Receiver, settings: Settings) -> None:
    for changes, words in (
        ({"name": "a b"}, "Use up to 64 letters and digits"),
        ({"url": "https://10.0.0.1/hook"}, "The address is in a private network."),
        ({"url": "ftp://x/"}, "Give an address such as https://example.com/hooks/kho."),
        ({"url": "https://exa mple.com"}, "without spaces"),
        ({"event_types": []}, "Choose at least one kind of events."),
        ({"tag_filter": "<b>"}, "Use letters, digits"),
    ):
        answer = ana.post(f"{HOOKS}/-/new", fields(receiver, **changes))
        text = html.unescape(answer.content.decode())
        assert answer.status_code == 422 and words in text and "<title>Error:" in text, changes
    assert not Webhook.objects.exists()
    ana.post(f"{HOOKS}/-/new", fields(receiver))
    assert "There is one of this name already." in ana.post(f"{HOOKS}/-/new", fields(receiver)).content.decode()


def test_a_webhook_is_changed(ana: Client, alice: Caller, receiver: Receiver) -> None:
    make(alice, receiver)
    assert receiver.url in page(ana, f"{HOOKS}/deploy/-/edit")
    assert ana.post(f"{HOOKS}/deploy/-/edit", fields(receiver, tag_filter="v*", is_enabled="")).status_code == 302
    row = Webhook.objects.get()
    assert (row.tag_filter, row.event_types, row.is_enabled, row.name) == ("v*", ["image.push"], False, "deploy")
    assert ana.post(f"{HOOKS}/deploy/-/edit", fields(receiver, url="http://10.0.0.1/")).status_code == 422
    assert ">Off<" in page(ana, HOOKS)


def test_a_new_secret_is_shown_once(ana: Client, alice: Caller, receiver: Receiver) -> None:
    former = make(alice, receiver)
    path = f"{HOOKS}/deploy/-/secret"
    assert "signed with both secrets" in page(ana, path)
    given = {"was": ""}
    answer = ana.post(path, given, follow=True)
    present = SECRET.findall(html.unescape(answer.content.decode()))[0]
    assert present != former
    again = ana.post(path, given, follow=True)
    text = html.unescape(again.content.decode())
    assert "can't be shown again" in text and not SECRET.findall(text)
    assert "signs until" in text


def test_a_paused_one_says_so_and_is_resumed(ana: Client, alice: Caller, receiver: Receiver) -> None:
    make(alice, receiver)
    Webhook.objects.update(paused_at=timezone.now(), failures=12, failing_since=timezone.now())
    assert ">Paused<" in page(ana, HOOKS) and "It was paused" in page(ana, f"{HOOKS}/deploy")
    assert ana.post(f"{HOOKS}/deploy/-/resume").status_code == 302
    assert ">On<" in page(ana, HOOKS) and "It was paused" not in page(ana, f"{HOOKS}/deploy")


def test_a_test_shows_what_comes_of_it(ana: Client, alice: Caller, receiver: Receiver) -> None:
    make(alice, receiver)
    receiver.stop()
    answer = ana.post(f"{HOOKS}/deploy/-/test")
    path = answer.headers["Location"]
    assert "http-equiv" in page(ana, path)
    work()
    text = page(ana, path)
    assert "It does not answer." in text and "given up" in text and "http-equiv" not in text
    receiver.start()


def test_it_is_deleted_after_a_question(ana: Client, alice: Caller, receiver: Receiver) -> None:
    make(alice, receiver)
    assert "Its log goes with it." in page(ana, f"{HOOKS}/deploy/-/delete") and Webhook.objects.exists()
    assert ana.post(f"{HOOKS}/deploy/-/delete").status_code == 302
    assert not Webhook.objects.exists()
    page(ana, f"{HOOKS}/deploy", 404)


def test_who_may_only_read_sees_no_buttons_and_no_address(looker: Client, alice: Caller, receiver: Receiver) -> None:
    make(alice, receiver, url=f"{receiver.url}?key=s3cret")
    webhooks.send_test(alice, ACCOUNT, "deploy")
    delivery = WebhookDelivery.objects.get()
    text = page(looker, HOOKS) + page(looker, f"{HOOKS}/deploy")
    text += page(looker, f"{HOOKS}/deploy/deliveries/{delivery.id}")
    assert "s3cret" not in text and "Send test" not in text and "Delete webhook" not in text
    assert looker.get(f"{HOOKS}/deploy/-/edit").status_code == 302
    for step in ("test", "resume", "delete", "secret"):
        assert looker.post(f"{HOOKS}/deploy/-/{step}", {"was": ""}).status_code == 403
    assert looker.post(f"{HOOKS}/-/new", fields(receiver, name="other")).status_code == 403


def test_who_may_not_read_is_told_what_is_missing(reader: Client, alice: Caller, receiver: Receiver) -> None:
    policies.delete_inline(operator(ACCOUNT), Principal.objects.get(name="Readers"), "look")
    assert "ecr:DescribeWebhooks" in page(reader, HOOKS, 403)


def test_deliveries_are_filtered_and_come_in_pages(
    ana: Client, alice: Caller, receiver: Receiver, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make(alice, receiver)
    receiver.behaviour = receivers.answer(500)
    for _ in range(55):
        webhooks.send_test(alice, ACCOUNT, "deploy")
    WebhookDelivery.objects.update(state="failed", tries=1, status=500, tried_at=timezone.now())
    with django_assert_max_num_queries(12):
        first = page(ana, f"{HOOKS}/deploy")
    after = html.unescape(re.findall(r'rel="next" href="([^"]+)"', first)[0])
    second = page(ana, f"{HOOKS}/deploy{after}")
    shown = re.findall(r"deliveries/([0-9a-f-]{36})", first + second)
    assert len(shown) == len(set(shown)) == 55 and "55 deliveries" in first
    assert "No delivery is in this state." in page(ana, f"{HOOKS}/deploy?state=held")
    page(ana, f"{HOOKS}/deploy?state=nothing", 400)
    for number in range(5):
        make(alice, receiver, f"more-{number}")
    with django_assert_max_num_queries(12):
        assert "55" in page(ana, HOOKS)


def test_the_overview_names_those_that_are_paused_or_fail(
    ana: Client, alice: Caller, receiver: Receiver, reader: Client
) -> None:
    """One that has failed only a moment ago, or is switched off, is nobody's concern; nor is it of who may not look."""
    make(alice, receiver)
    rows, now = Webhook.objects.all(), timezone.now()
    for changes, words in (
        ({"failures": 1, "failing_since": now}, ""),
        ({"failing_since": now - timedelta(minutes=6)}, "has been failing since"),
        ({"is_enabled": False}, ""),
        ({"paused_at": now, "is_enabled": True}, "has been paused since"),
        ({"is_enabled": False}, ""),
    ):
        rows.update(**changes)
        text = page(ana, BASE)
        assert ("Nothing needs attention." in text) == (not words), changes
        assert words in text and (f'href="{HOOKS}/deploy"' in text) == bool(words), changes
        # A date: “since 6 minutes ago” is no English.
        assert not words or re.search(rf"{words} <time [^>]+>[^<]+ UTC</time>", text), changes
    rows.update(is_enabled=True)
    assert "has been paused since" in page(reader, BASE)
    statement = {"Effect": "Deny", "Action": "ecr:DescribeWebhooks", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policies.put_inline(operator(ACCOUNT), Principal.objects.get(name="Readers"), "no-webhooks", text)
    assert "Nothing needs attention." in page(reader, BASE)
    assert webhooks.resume(alice, ACCOUNT, "deploy").failing_since is None
    assert "Nothing needs attention." in page(ana, BASE)


def test_a_webhook_for_everything_is_named_so_that_it_can_be_read_alone(ana: Client, receiver: Receiver) -> None:
    assert ana.post(f"{HOOKS}/-/new", fields(receiver, event_types=["*"])).status_code == 303
    for path in (HOOKS, f"{HOOKS}/deploy"):
        assert "All kinds of events" in page(ana, path) and "All of these" not in page(ana, path)
