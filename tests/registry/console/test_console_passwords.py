"""The console password of a user, as an administrator gives it, replaces it and takes it away."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.caller import Caller, operator
from accounts.directory import console_passwords, people, policies, roles, users
from accounts.models import Account, AuditEvent, Person, Session
from tests.registry.console.test_console import BASE, PASSWORD, ana, page
from tests.registry.console.test_iam import TRUST

__all__ = ["ana"]
CONSOLE = f"{BASE}/iam/users/bo/console"


@pytest.fixture(autouse=True)
def bo(alice: Caller) -> None:
    """A user without a password."""
    users.create(operator(alice.account_id), alice.account_id, "bo")


def made_in(text: str) -> str:
    """The password that a page shows."""
    found = re.search(r'<code id="secret-3"[^>]*>([^<]+)</code>', text)
    assert found, text
    return found[1]


def signs_in(password: str) -> str:
    """Where a sign-in leads; empty if nowhere."""
    fields = {"account": "111122223333", "user_name": "bo", "password": password}
    return Client().post("/sign-in/user", fields).headers.get("Location", "")


def test_it_is_made_shown_once_replaced_and_removed(ana: Client) -> None:
    text = page(ana, CONSOLE)
    assert "has no password" in text and "Remove password" not in text
    first = made_in(ana.post(CONSOLE, {"how": "made", "must_change": "on"}, follow=True).content.decode())
    assert len(first) >= 20 and signs_in(first) == "/console"
    text = page(ana, CONSOLE)
    assert first not in text and "has to be changed at the next sign-in" in text
    assert "/sign-in/user?account=111122223333" in text
    second = made_in(ana.post(CONSOLE, {"how": "made"}, follow=True).content.decode())
    assert second != first and signs_in(first) == "" and signs_in(second) == "/console"
    assert not Person.objects.get(principal__name="bo").must_change_password
    remove = f"{CONSOLE}/-/remove"
    assert "Remove the console password of bo?" in page(ana, remove)
    assert ana.post(remove).headers["Location"] == CONSOLE
    assert signs_in(second) == "" and "has no password" in page(ana, CONSOLE)
    assert ana.get(remove).status_code == 404
    named = AuditEvent.objects.filter(event_name__endswith="LoginProfile").values_list("principal_arn", flat=True)
    assert set(named) == {"arn:aws:sts::111122223333:assumed-role/Administrator/ana@example.com"}


def test_who_is_denied_registry_passwords_gets_none(ana: Client, alice: Caller) -> None:
    """A right to it nobody needs; a user who comes by the console is denied it as by the API."""
    client, path = Client(), f"{BASE}/registry-password"
    console_passwords.create(alice, alice.account_id, "bo", PASSWORD)
    client.post("/sign-in/user", {"account": alice.account_id, "user_name": "bo", "password": PASSWORD})
    assert client.post(path).status_code == 303
    denied = '{"Statement": [{"Effect": "Deny", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}]}'
    policies.put_inline(alice, users.get(alice, alice.account_id, "bo"), "no", denied)
    assert client.post(path).status_code == 403
    assert Session.objects.count() == AuditEvent.objects.filter(event_name="GetAuthorizationToken").count() == 1


def test_one_may_be_chosen(ana: Client) -> None:
    for password, said in (("", "Type a password"), ("short", "too short"), ("bo@111122223333", "too similar")):
        answer = ana.post(CONSOLE, {"how": "chosen", "password": password})
        assert answer.status_code == 422 and said in answer.content.decode()
        assert not password or f'value="{password}"' not in answer.content.decode()
    assert not Person.objects.filter(principal__name="bo").exists()
    answer = ana.post(CONSOLE, {"how": "chosen", "password": PASSWORD})
    assert answer.headers["Location"] == CONSOLE and signs_in(PASSWORD) == "/console"
    assert PASSWORD not in page(ana, CONSOLE)


def test_a_user_with_one_is_not_deleted(ana: Client) -> None:
    ana.post(CONSOLE, {"how": "chosen", "password": PASSWORD})
    answer = ana.post(f"{BASE}/iam/users/bo/-/delete", {"typed": "bo"})
    assert answer.status_code == 422 and "console password" in answer.content.decode()


def test_it_refuses_who_may_only_look(alice: Caller, ana: Client) -> None:
    account = Account.objects.get(id=alice.account_id)
    role = roles.create(operator(account.id), account.id, "Readers", TRUST)
    text = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["iam:Get*"], "Resource": "*"}]}'
    policies.put_inline(operator(account.id), role, "look", text)
    person = people.create("rui@example.com", PASSWORD)
    people.add_to_account(person, account, "Readers")
    reader = Client()
    reader.force_login(person)
    assert "Give a password" not in page(reader, CONSOLE)
    answer = reader.post(CONSOLE, {"how": "made"})
    assert answer.status_code == 403 and "iam:CreateLoginProfile" in answer.content.decode()
    ana.post(CONSOLE, {"how": "chosen", "password": PASSWORD})
    text = page(reader, CONSOLE)
    assert "Remove password" not in text and "Give another password" not in text
    assert reader.post(f"{CONSOLE}/-/remove").status_code == 403
    assert reader.post(CONSOLE, {"how": "made"}).status_code == 403
    assert signs_in(PASSWORD) == "/console"


def test_the_list_says_who_has_one_and_asks_no_more_for_more(ana: Client, alice: Caller) -> None:
    console_passwords.create(operator(alice.account_id), alice.account_id, "bo", PASSWORD)
    page(ana, f"{BASE}/iam/users")
    with CaptureQueriesContext(connection) as few:
        assert page(ana, f"{BASE}/iam/users").count('data-label="Console sign-in">yes') == 1
    for number in range(5):
        users.create(operator(alice.account_id), alice.account_id, f"more-{number}")
        console_passwords.create(operator(alice.account_id), alice.account_id, f"more-{number}", PASSWORD)
    with CaptureQueriesContext(connection) as many:
        text = page(ana, f"{BASE}/iam/users")
    assert text.count('data-label="Console sign-in">yes') == 6
    assert text.count('data-label="Second factor">none') == 6
    assert len(many) == len(few)
