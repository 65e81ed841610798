"""Codes from an app, recovery codes, and passkeys as far as they need no browser."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts import sealing
from accounts.directory import resealing
from accounts.models import AuditEvent, Person
from accounts.sessions import temporary
from tests.accounts.console.conftest import PASSWORD, Mails, confirm, sign_in


def code_of(secret: str, step: int = 0) -> str:
    """What an app would show now, or some steps later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step)))


def set_up(client: Client) -> tuple[str, list[str]]:
    """Set up an app; its secret, and the recovery codes that are shown once."""
    confirm(client)
    page = client.get("/account/security/app").content.decode()
    found = re.search(r'<code id="secret"[^>]*>([A-Z2-7]+)<', page)
    assert found and "data:image/svg+xml;base64," in page
    answer = client.post("/account/security/app", {"code": code_of(found[1])})
    assert answer.headers["Location"] == "/account/security/recovery-codes"
    codes = re.findall(
        r"^\d{8}$", client.get(answer.headers["Location"]).content.decode().replace('">', "\n"), re.MULTILINE
    )
    return found[1], codes


def first_step(client: Client) -> None:
    """The password, after which the second step is asked for."""
    answer = client.post("/sign-in", {"login": "ana@example.com", "password": PASSWORD, "next": "/account/sessions"})
    assert answer.headers["Location"] == "/sign-in/second-factor"


def test_it_works_with_an_app(
    client: Client, ana: Person, mails: Mails, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    sign_in(client)
    with django_capture_on_commit_callbacks(execute=True):
        secret, codes = set_up(client)
    assert len(codes) == 10
    assert {mail.subject for mail in mails()} == {"An app for codes was set up"}
    assert "in use" in client.get("/account/security").content.decode()
    again = client.get("/account/security/recovery-codes").content.decode()
    assert "10 codes are left" in again and codes[0] not in again, "they are shown once"
    other = Client()
    first_step(other)
    assert other.get("/account/profile").status_code == 302, "the password alone is not enough"
    assert "Second step" in other.get("/sign-in/second-factor").content.decode()
    assert "<title>Error:" in other.post("/sign-in/second-factor", {"code": "000000"}).content.decode()
    done = other.post("/sign-in/second-factor", {"code": code_of(secret, 1)})
    assert done.headers["Location"] == "/account/sessions"
    assert other.get("/account/profile").status_code == 200
    assert AuditEvent.objects.filter(details={"method": "password+totp"}).exists()
    assert AuditEvent.objects.filter(details={"method": "second factor"}, error_code="Failed authentication").exists()


def test_a_code_works_once(client: Client, ana: Person) -> None:
    sign_in(client)
    secret, recovery = set_up(client)
    for code in (code_of(secret, 1), recovery[0]):
        first = Client()
        first_step(first)
        assert first.post("/sign-in/second-factor", {"code": code}).status_code == 302
        second = Client()
        first_step(second)
        assert second.post("/sign-in/second-factor", {"code": code}).status_code == 200
    assert "9 codes are left" in client.get("/account/security").content.decode()


def test_guessing_codes_is_stopped(client: Client, ana: Person) -> None:
    sign_in(client)
    secret, _ = set_up(client)
    other = Client()
    first_step(other)
    for number in range(5):
        other.post("/sign-in/second-factor", {"code": f"00000{number}"})
    answer = other.post("/sign-in/second-factor", {"code": code_of(secret, 1)})
    assert answer.status_code == 200 and "Too many tries" in answer.content.decode()


def test_secrets_are_sealed_and_sealed_anew(client: Client, ana: Person, settings: Settings) -> None:
    sign_in(client)
    secret, codes = set_up(client)
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))
    settings.FORMER_MASTER_KEYS, settings.MASTER_KEY = (settings.MASTER_KEY,), "a new master key for tests " * 2
    done = resealing.everything(temporary.PURPOSE)
    assert (done.total, done.changed, done.unreadable) == (2, 2, [])
    assert resealing.everything(temporary.PURPOSE).changed == 0
    settings.FORMER_MASTER_KEYS = ()
    sealing._cipher.cache_clear()
    other = Client()
    first_step(other)
    assert other.post("/sign-in/second-factor", {"code": codes[0]}).status_code == 302
    settings.MASTER_KEY = "one that nobody has told about " * 2
    assert len(resealing.everything(temporary.PURPOSE).unreadable) == 2


def test_the_app_is_removed_after_a_fresh_sign_in(client: Client, ana: Person) -> None:
    sign_in(client)
    set_up(client)
    session = client.session
    records = session["account_authentication_methods"]
    session["account_authentication_methods"] = [each | {"at": each["at"] - 3600} for each in records]
    session.save()
    answer = client.post("/account/security/app/remove")
    assert answer.headers["Location"].startswith("/sign-in/again")
    assert Authenticator.objects.exists()
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Confirm that it is you" in page
    answer = client.post("/sign-in/again", {"password": "wrong", "next": "/account/security/app/remove"})
    assert "<title>Error:" in answer.content.decode()
    answer = client.post("/sign-in/again", {"password": PASSWORD, "next": "/account/security/app/remove"})
    assert answer.headers["Location"] == "/account/security", "what was asked for is done now"
    assert not Authenticator.objects.exists(), "nor recovery codes that stand in for nothing"


@pytest.mark.parametrize(
    "credential", ["", "{}", "[]", "null", '"x"', '{"id": "x", "rawId": "x"}', "{not json", '{"response": {}}']
)
@pytest.mark.parametrize("path", ["/account/security/passkeys/new", "/sign-in/passkey"])
def test_passkeys_that_are_none_are_refused(client: Client, ana: Person, path: str, credential: str) -> None:
    if "account" in path:
        sign_in(client)
        confirm(client)
        assert client.get(path).status_code == 200
    else:
        client.get(path, headers={"accept": "application/json"})
    answer = client.post(path, {"credential": credential, "name": "x", "passwordless": "on"})
    assert answer.status_code in (200, 302)
    assert not Authenticator.objects.exists()
    if "sign-in" in path:
        assert client.get("/account/profile").status_code == 302


def test_passkeys_of_others_are_not_there(client: Client, ana: Person, bo: Person) -> None:
    theirs = Authenticator.objects.create(user=bo, type="webauthn", data={"name": "key", "credential": {}})
    sign_in(client)
    confirm(client)
    for path in (f"/account/security/passkeys/{theirs.pk}", f"/account/security/passkeys/{theirs.pk}/remove"):
        assert client.get(path).status_code == 404
        assert client.post(path, {"name": "mine"}).status_code == 404
    assert Authenticator.objects.get().data["name"] == "key"
