"""Keys, passwords and tokens: what they open, what ends them, and that they are told nobody."""

import base64
from datetime import timedelta
from unittest.mock import patch

import pytest
from cryptography.fernet import InvalidToken
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts import sealing
from accounts.audit import spool
from accounts.authn import basic, callers
from accounts.directory import access_keys, accounts, people, principals
from accounts.errors import (
    AlreadyExists,
    CredentialsExpired,
    CredentialsInvalid,
    InvalidInput,
    LimitReached,
    NotFound,
)
from accounts.models import AccessKey, Account, Principal
from accounts.sessions import bearer, passwords


def header(user: str, password: str) -> str:
    """A Basic header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def later(**delta: float) -> object:
    """Another time, for what is signed."""
    return patch("accounts.sessions.signed.timezone.now", return_value=timezone.now() + timedelta(**delta))


def test_secrets_are_sealed_for_one_purpose(settings: Settings) -> None:
    sealed = sealing.seal(b"secret", "one")
    assert b"secret" not in sealed and sealing.unseal(sealed, "one") == b"secret"
    with pytest.raises(InvalidToken):
        sealing.unseal(sealed, "two")
    with pytest.raises(ValueError, match="does not have"):
        sealing.unseal(b"\x09" + sealed[1:], "one")
    settings.MASTER_KEY = "another master key, long enough"
    with pytest.raises(ValueError, match="does not have"):
        sealing.unseal(sealed, "one")


def test_it_works_with_an_access_key(user: Principal) -> None:
    key = access_keys.create(user)
    assert len(key.id) == 20 and len(key.secret) == 40 and key.secret not in repr(key)
    found = callers.identify(header(key.id, key.secret))
    assert found is not None and (found.principal, found.access_key_id) == (user, key.id)
    [path] = spool.files()
    assert spool.read(path, 0)[0][0]["access_key_id"] == key.id
    assert key.secret.encode() not in bytes(AccessKey.objects.get().sealed_secret)


def test_it_works_with_a_registry_password(user: Principal) -> None:
    password = passwords.issue(user)
    assert password.value not in repr(password)
    assert timedelta(hours=11) < password.expires_at - timezone.now() <= timedelta(hours=12)
    found = callers.identify(header("AWS", password.value))
    assert found is not None and found.principal == user
    caller = callers.of(found, region="us-east-1", source_ip="192.0.2.1")
    assert caller.principal_arn == "arn:aws:iam::111122223333:user/alice"


def test_it_works_with_bearer_tokens(user: Principal) -> None:
    token = bearer.issue(user)
    found = callers.identify(f"Bearer {token.value}")
    assert found is not None and found.principal == user and token.value not in repr(token)
    assert callers.identify(f"Bearer {bearer.issue(None).value}") is None
    assert callers.identify("") is None
    assert callers.of(None).is_anonymous


def test_they_end_with_their_time(user: Principal) -> None:
    password, token = passwords.issue(user), bearer.issue(user)
    with later(hours=13), pytest.raises(CredentialsExpired):  # type: ignore[attr-defined]  # a patch is a context
        passwords.verify(password.value)
    with later(hours=1), pytest.raises(CredentialsExpired):  # type: ignore[attr-defined]  # a patch is a context
        bearer.verify(token.value)


@pytest.mark.parametrize("switch", ["principal", "account", "key"])
def test_they_end_when_something_is_switched_off(user: Principal, switch: str) -> None:
    key = access_keys.create(user)
    password, token = passwords.issue(user), bearer.issue(user)
    if switch == "principal":
        principals.disable(user)
    elif switch == "account":
        Account.objects.update(is_active=False)
    else:
        access_keys.set_status(access_keys.get(key.id), AccessKey.Status.INACTIVE)
    with pytest.raises(CredentialsInvalid):
        callers.identify(header(key.id, key.secret))
    if switch != "key":
        with pytest.raises(CredentialsInvalid):
            passwords.verify(password.value)
        with pytest.raises(CredentialsInvalid):
            bearer.verify(token.value)
        principals.enable(user)
        Account.objects.update(is_active=True)
    assert passwords.verify(password.value) == (user, None)


def test_one_is_not_taken_for_another(user: Principal) -> None:
    with pytest.raises(CredentialsInvalid):
        passwords.verify(bearer.issue(user).value)
    with pytest.raises(CredentialsInvalid):
        bearer.verify(passwords.issue(user).value)


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        header("AWS", "nonsense"),
        header("AKIANOBODY0000000000", "x"),
        header("", ""),
        "Bearer nonsense",
        "Digest x",
    ],
)
def test_it_refuses_what_is_wrong(user: Principal, authorization: str) -> None:
    with pytest.raises(CredentialsInvalid):
        callers.identify(authorization)


def test_it_refuses_altered_values_and_wrong_secrets(user: Principal) -> None:
    key = access_keys.create(user)
    with pytest.raises(CredentialsInvalid):
        basic.identify(key.id, key.secret[:-1])
    value = passwords.issue(user).value
    with pytest.raises(CredentialsInvalid):
        passwords.verify(value[:-1] + ("A" if value[-1] != "A" else "B"))


def test_an_unknown_key_costs_what_a_known_one_costs(user: Principal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret is opened and compared either way, so that the time tells nobody which keys exist."""
    key = access_keys.create(user)
    opened: list[int] = []
    unseal = sealing.unseal

    def watched(sealed: bytes, purpose: str) -> bytes:
        opened.append(len(sealed))
        return unseal(sealed, purpose)

    monkeypatch.setattr(sealing, "unseal", watched)
    for key_id in (key.id, "AKIANOBODY0000000000"):
        with pytest.raises(CredentialsInvalid):
            basic.identify(key_id, "x" * 40)
    assert len(opened) == 2 and opened[0] == opened[1]


def test_no_secret_gets_into_a_log(user: Principal, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Right ones, wrong ones and altered ones, over the wire and through the form of sign-in."""
    key, password, token = access_keys.create(user), passwords.issue(user).value, bearer.issue(user).value
    people.create("ana@example.com", "a shelf of long words")
    attempts = [header(key.id, key.secret), header("AWS", password), f"Bearer {token}"]
    attempts += [header(key.id, key.secret + "x"), header("AWS", password + "x"), f"Bearer {token}x"]
    with caplog.at_level("DEBUG"), capture_logs() as lines:
        statuses = [client.get("/v2/", headers={"authorization": each}).status_code for each in attempts]
        client.post("/sign-in", {"login": "ana@example.com", "password": "a shelf of long words"})
        client.post("/sign-in?password=another-long-secret", {"login": "ana@example.com", "password": "wrong-secret-1"})
    assert statuses == [200, 200, 200, 401, 401, 401]
    written = f"{lines}{caplog.text}"
    assert "/v2/" in written and "/sign-in" in written, "the access lines are there"
    for secret in (key.secret, password, token, "a shelf of long words", "another-long-secret", "wrong-secret-1"):
        assert secret not in written
    for each in attempts:
        assert each.partition(" ")[2] not in written


def test_keys_are_limited_listed_switched_and_deleted(user: Principal) -> None:
    first = access_keys.create(user, key_id="AKIAGIVEN", secret="a given secret".replace(" ", "-"))
    second = access_keys.create(user)
    with pytest.raises(LimitReached):
        access_keys.create(user)
    assert [key.id for key in access_keys.of_account(user.account_id)] == [first.id, second.id]
    access_keys.used(first.id, access_keys.Use(timezone.now()))
    access_keys.used(first.id, access_keys.Use(timezone.now() - timedelta(days=1)))
    last = access_keys.get(first.id).last_used_at
    assert last is not None and timezone.now() - last < timedelta(minutes=1)
    access_keys.delete(access_keys.get(second.id))
    with pytest.raises(NotFound):
        access_keys.get(second.id)
    with pytest.raises(AlreadyExists):
        access_keys.create(user, key_id=first.id)
    for wrong in ({"key_id": "a b"}, {"key_id": "AWS"}, {"secret": "short"}):
        with pytest.raises(InvalidInput):
            access_keys.create(user, **wrong)


def test_accounts_and_people(account: Account) -> None:
    other = accounts.create("Other")
    assert len(other.id) == 12 and other.id[0] != "0"
    assert {principal.arn.rpartition(":")[2] for principal in other.principals.all()} == {"root", "role/Administrator"}
    assert accounts.list_all() == [account, other] and accounts.get(account.id) == account
    person = people.create("Ana@Example.com", "a shelf of long words", name="Ana")
    assert people.get("ANA@example.com") == person and person.get_full_name() == "Ana"
    people.add_to_account(person, account)
    people.add_to_account(person, other)
    Account.objects.filter(id=other.id).update(is_active=False)
    [membership] = people.memberships_of(person)
    caller = callers.from_membership(membership, region="us-east-1")
    assert caller.principal_arn == "arn:aws:sts::111122223333:assumed-role/Administrator/ana@example.com"
    assert "ana@example.com" in str(membership) and "Alice" in str(account)


def test_it_refuses_what_is_wrong_about_people_and_accounts(account: Account) -> None:
    for name, account_id in (("", ""), ("x" * 101, ""), ("A", "12")):
        with pytest.raises(InvalidInput):
            accounts.create(name, account_id)
    with pytest.raises(AlreadyExists):
        accounts.create("Again", account.id)
    with pytest.raises(NotFound):
        accounts.get("999999999999")
    with pytest.raises(InvalidInput):
        people.create("nonsense", "a shelf of long words")
    with pytest.raises(InvalidInput):
        people.create("bob@example.com", "short")
    with pytest.raises(InvalidInput, match="254"):
        people.create(f"bob@{'b.' * 130}example.com", "a shelf of long words")
    with pytest.raises(InvalidInput, match="150"):
        people.create("bob@example.com", "a shelf of long words", name="b" * 151)
    bob = people.create("bob@example.com", "short", check_password=False)
    with pytest.raises(AlreadyExists):
        people.create("BOB@example.com", "a shelf of long words")
    with pytest.raises(NotFound):
        people.get("nobody@example.com")
    with pytest.raises(NotFound):
        people.add_to_account(bob, account, "NoRole")
    with pytest.raises(InvalidInput):
        principals.create_user(account, "no spaces")
    principals.create_user(account, "bob")
    with pytest.raises(AlreadyExists):
        principals.create_user(account, "bob")
    with pytest.raises(NotFound):
        principals.get(account, Principal.Kind.USER, "nobody")
