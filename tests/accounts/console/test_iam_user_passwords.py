"""Passwords of IAM users: changed by themselves, due for a change, and given by an operator."""

import pytest
from django.core.management import call_command
from django.test import Client

from accounts.authn import callers
from accounts.caller import operator
from accounts.directory import console_passwords, policies, users
from accounts.errors import AccessDenied
from accounts.models import Account, AuditEvent, Membership, Person, Principal, Session
from tests.accounts.console.conftest import PASSWORD
from tests.accounts.console.test_iam_users import OTHER, allow, change, dev, sign_in

__all__ = ["dev"]


def test_one_changes_the_own_password(client: Client, dev: Principal) -> None:
    elsewhere = Client()
    sign_in(client)
    sign_in(elsewhere)
    for fields, said in (
        ({"old": "wrong"}, "Type the password that you have now."),
        ({"new": "short"}, "too short"),
        ({"new": "password12"}, "too common"),
        ({"new": PASSWORD}, "is the old one"),
        ({"new": "x" * 200}, "at most 128"),
        ({"again": "something else"}, "same password each time"),
    ):
        status, _, text = change(client, **fields)
        assert status == 422 and said in text, (fields, text)
    assert change(client)[:2] == (302, "/account/security")
    assert client.get("/account/security").status_code == 200, "who changed it stays"
    assert elsewhere.get("/account/security").status_code == 302, "others are out"
    assert sign_in(Client())[0] == 200 and sign_in(Client(), password=OTHER)[0] == 302
    assert AuditEvent.objects.get(event_name="ChangePassword").principal_arn == dev.arn


def test_typing_the_old_one_is_limited(client: Client, dev: Principal) -> None:
    sign_in(client)
    for _ in range(10):
        change(client, old="wrong")
    assert "Too many tries" in change(client)[2]


def test_who_lacks_the_right_keeps_it(client: Client, dev: Principal) -> None:
    allow(dev, "ecr:*")
    sign_in(client)
    assert "iam:ChangePassword" in client.get("/account/security").content.decode()
    status, _, text = change(client)
    assert status == 403 and "iam:ChangePassword" in text and 'name="oldpassword"' not in text
    assert sign_in(Client())[0] == 302


def test_aws_s_policy_lets_one_change_the_own_password(client: Client, account: Account) -> None:
    for name in ("dev", "other"):
        user = users.create(operator(account.id), account.id, name)
        policies.attach(operator(account.id), user, "arn:aws:iam::aws:policy/IAMUserChangePassword")
        console_passwords.create(operator(account.id), account.id, name, PASSWORD)
    sign_in(client)
    dev, other = (callers.from_membership(each) for each in Membership.objects.order_by("role__name"))
    with pytest.raises(AccessDenied):
        console_passwords.change(dev, account.id, "other", PASSWORD, OTHER)
    with pytest.raises(AccessDenied):
        console_passwords.change(other, account.id, "dev", PASSWORD, OTHER)
    assert change(client)[0] == 302


def test_a_password_that_is_due_comes_first(client: Client, account: Account, dev: Principal) -> None:
    allow(dev, "ecr:*")
    console_passwords.update(operator(account.id), account.id, "dev", must_change=True)
    sign_in(client)
    for path in ("/console", "/console/111122223333", "/account/security", "/account/security/app", "/", "/search"):
        assert client.get(path).headers["Location"] == "/account/security/password", path
    part = client.get("/console/111122223333/us-east-1/repositories", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/account/security/password")
    assert client.post("/console/111122223333/registry-password").status_code == 302 and not Session.objects.exists()
    assert client.get("/account/security/password").status_code == 200
    assert change(client)[:2] == (302, "/console"), "which needs no right then"
    assert client.get("/console/111122223333").status_code == 200
    assert not Person.objects.get(principal=dev).must_change_password


def test_signing_out_needs_no_new_password(client: Client, account: Account, dev: Principal) -> None:
    console_passwords.update(operator(account.id), account.id, "dev", must_change=True)
    sign_in(client)
    assert client.post("/sign-out").headers["Location"] == "/"
    assert client.get("/").status_code == 200


def test_the_operator_gives_and_takes_it(
    client: Client, account: Account, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    users.create(operator(account.id), account.id, "dev")
    call_command("console_password", account.id, "dev", "--must-change")
    made = capsys.readouterr().out.strip()
    assert sign_in(client, password=made)[0] == 302
    assert client.get("/console").headers["Location"] == "/account/security/password"
    monkeypatch.setenv("KHO_CONSOLE_PASSWORD", OTHER)
    call_command("console_password", account.id, "dev")
    assert OTHER not in capsys.readouterr().out
    assert sign_in(Client(), password=made)[0] == 200 and sign_in(Client(), password=OTHER)[0] == 302
    call_command("console_password", account.id, "dev", "--remove")
    assert sign_in(Client(), password=OTHER)[0] == 200
