"""IAM users at the console: sign-in, one message at one cost, limits, own password, codes, and the end of it."""

from collections.abc import Callable

import pytest
from django.contrib.auth import hashers
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from structlog.testing import capture_logs

from accounts.caller import operator
from accounts.directory import accounts, console_passwords, groups, people, policies, principals, users
from accounts.errors import DeleteConflict
from accounts.models import Account, AuditEvent, Membership, Person, Principal, Session
from registry.metering import drain
from tests.accounts.console.conftest import PASSWORD
from tests.accounts.console.test_second_factors import code_of, set_up

OTHER = "another shelf of words"


def allow(user: Principal, *actions: str) -> None:
    """Let a user do something."""
    text = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["%s"], "Resource": "*"}]}'
    policies.put_inline(operator(user.account_id), user, "own", text % '", "'.join(actions))


@pytest.fixture
def dev(account: Account) -> Principal:
    """A user who may look at the console's lists and change the own password."""
    user = users.create(operator(account.id), account.id, "dev", path="/team/")
    allow(user, "ecr:*", "iam:ListUsers", "iam:ChangePassword")
    console_passwords.create(operator(account.id), account.id, "dev", PASSWORD)
    return user


def sign_in(client: Client, **fields: str) -> tuple[int, str, str]:
    """Send the form; return status, target and text."""
    known = {"account": "111122223333", "user_name": "dev", "password": PASSWORD}
    answer = client.post("/sign-in/user", known | fields)
    return answer.status_code, answer.headers.get("Location", ""), answer.content.decode()


def test_it_works(client: Client, account: Account, dev: Principal) -> None:
    assert "/sign-in/user" in client.get("/sign-in").content.decode()
    assert 'value="111122223333"' in client.get("/sign-in/user?account=111122223333").content.decode()
    assert sign_in(client)[:2] == (302, "/console")
    assert client.get("/console").headers["Location"] == "/console/111122223333"
    page = client.get("/console/111122223333").content.decode()
    assert "Signed in as arn:aws:iam::111122223333:user/team/dev" in page
    done = AuditEvent.objects.get(event_name="ConsoleLogin")
    assert (done.principal_arn, done.resource_arn, done.error_code) == (dev.arn, dev.arn, "")
    assert (done.account_id, done.source_ip, done.details) == ("111122223333", "127.0.0.1", {"method": "password"})
    assert client.post("/sign-out").headers["Location"] == "/"
    assert client.get("/console/111122223333").status_code == 302


@pytest.mark.parametrize("named", ["1111-2222-3333", " 1111 2222 3333 ", "alice", "Alice"])
def test_accounts_have_several_names(client: Client, dev: Principal, named: str) -> None:
    assert sign_in(client, account=named)[0] == 302


def test_a_name_that_two_accounts_have_means_neither(client: Client, dev: Principal) -> None:
    accounts.create("ALICE", "444455556666")
    assert sign_in(client, account="alice")[0] == 200
    assert sign_in(client)[0] == 302


def test_it_acts_through_the_gate_and_sees_one_account(
    client: Client, account: Account, dev: Principal, settings: Settings
) -> None:
    other = accounts.create("Charlie", "444455556666")
    users.create(operator(other.id), other.id, "dev")
    sign_in(client)
    assert client.get("/console/111122223333/iam/users").status_code == 200
    answer = client.post("/console/111122223333/iam/users/-/new", {"name": "more"})
    assert answer.status_code == 403 and "iam:CreateUser" in answer.content.decode()
    assert not Principal.objects.filter(name="more").exists()
    for path in ("", "/iam/users", "/us-east-1/repositories"):
        assert client.get(f"/console/444455556666{path}").status_code == 404
    allow(dev, "iam:CreateUser", "iam:GetUser")
    settings.RIGHTS_SECONDS = 0
    assert client.post("/console/111122223333/iam/users/-/new", {"name": "more"}).status_code == 302
    made = AuditEvent.objects.get(event_name="CreateUser", resource_arn__endswith="user/more")
    assert made.principal_arn == dev.arn


def test_groups_give_and_take_rights_in_the_console(
    client: Client, account: Account, dev: Principal, settings: Settings
) -> None:
    settings.RIGHTS_SECONDS = 0
    sign_in(client)
    caller = operator(account.id)
    group = groups.create(caller, account.id, "team")
    text = '{"Version": "2012-10-17", "Statement": [{"Effect": "%s", "Action": "%s", "Resource": "*"}]}'
    policies.put_inline(caller, group, "given", text % ("Allow", "iam:ListGroups"))
    assert client.get("/console/111122223333/iam/groups").status_code == 403
    groups.add_user(caller, account.id, "team", "dev")
    assert client.get("/console/111122223333/iam/groups").status_code == 200
    policies.put_inline(caller, group, "taken", text % ("Deny", "iam:ListUsers"))
    assert client.get("/console/111122223333/iam/users").status_code == 403, "though the user's own policy allows it"
    policies.put_inline(caller, group, "taken", text % ("Deny", "iam:ListRoles"))
    managed = policies.create(caller, account.id, "more", text % ("Allow", "iam:ListPolicies"))
    policies.attach(caller, group, managed.arn)
    assert client.get("/console/111122223333/iam/users").status_code == 200
    assert client.get("/console/111122223333/iam/policies").status_code == 200


def test_one_message_and_one_cost_for_every_failure(
    client: Client, account: Account, dev: Principal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Passwords are hashed once, whoever is named: that is nearly all the time that an answer takes."""
    hashed: list[str] = []
    encode = hashers.get_hasher().__class__.encode

    def counted(self: object, password: str, *args: object, **options: object) -> str:
        hashed.append(password)
        return str(encode(self, password, *args, **options))  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(hashers.get_hasher().__class__, "encode", counted)
    users.create(operator(account.id), account.id, "keys-only")
    people.create("ana@example.com", PASSWORD)
    pages = []
    for fields in (
        {"password": "wrong"},
        {"user_name": "nobody"},
        {"user_name": "keys-only"},
        {"user_name": "DEV"},
        {"user_name": "root"},
        {"user_name": "ana@example.com"},
        {"account": "999999999999"},
        {"account": "no such name"},
    ):
        hashed.clear()
        status, _, text = sign_in(client, **fields)
        assert status == 200 and "The account, the user name or the password is not right." in text, fields
        assert len(hashed) == 1, fields
        assert PASSWORD not in text
        start, end = text.index('<div class="summary-of-errors"'), text.index("<form", text.index("summary-of-errors"))
        pages.append(text[start:end])
    assert len(set(pages)) == 1
    assert client.get("/console").status_code == 302


def test_known_and_unknown_ask_the_database_as_often(client: Client, dev: Principal) -> None:
    client.get("/sign-in/user")
    counts = set()
    for fields in ({"password": "wrong"}, {"user_name": "nobody"}, {"account": "999999999999"}):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            sign_in(client, **fields)
        counts.add(len(seen))
    assert len(counts) == 1


def test_failures_are_in_the_trail_of_who_is_known(client: Client, dev: Principal) -> None:
    sign_in(client, password="wrong")
    sign_in(client, user_name="nobody")
    drain.drain()
    failed = AuditEvent.objects.get(event_name="ConsoleLogin")
    assert (failed.account_id, failed.error_code) == ("111122223333", "Failed authentication")
    assert failed.principal_arn == dev.arn and not failed.read_only


def test_it_writes_no_password_to_the_log(client: Client, dev: Principal, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"), capture_logs() as lines:
        sign_in(client, password="a wrong secret word")
        sign_in(client)
        client.post("/account/security/password", {"oldpassword": PASSWORD, "password1": OTHER, "password2": OTHER})
    said = caplog.text + str(lines)
    assert "sign-in of an IAM user failed" in said and "signed in" in said
    for secret in ("a wrong secret word", PASSWORD, OTHER):
        assert secret not in said
        assert not AuditEvent.objects.filter(details__icontains=secret).exists()


def test_guessing_is_stopped(client: Client, dev: Principal) -> None:
    for _ in range(5):
        sign_in(client, password="wrong")
    status, _, text = sign_in(client, account="Alice")
    assert status == 200 and "Too many tries" in text, "however the account is called"
    assert sign_in(client, user_name="other", password="wrong")[2].count("is not right") == 1, "others are not locked"


def test_what_is_typed_wrong_is_kept_but_not_the_password(client: Client, dev: Principal) -> None:
    text = sign_in(client, password="")[2]
    assert 'value="dev"' in text and 'value="111122223333"' in text and PASSWORD not in text
    assert sign_in(client, user_name="x" * 65)[0] == 200
    assert sign_in(client, password="x" * 5000)[0] == 200


def end_user(user: Principal) -> None:
    """Disable it."""
    principals.disable(user)


def end_account(user: Principal) -> None:
    """Suspend the account."""
    Account.objects.filter(id=user.account_id).update(is_active=False)


def end_password(user: Principal) -> None:
    """Take the password away."""
    console_passwords.delete(operator(user.account_id), user.account_id, user.name)


def end_by_another_password(user: Principal) -> None:
    """Give another one."""
    console_passwords.update(operator(user.account_id), user.account_id, user.name, password=OTHER)


def end_row(user: Principal) -> None:
    """Delete the principal itself, as an account's deletion does."""
    Membership.objects.all().delete()
    user.delete()


@pytest.mark.parametrize("end", [end_user, end_account, end_password, end_by_another_password, end_row])
def test_the_browser_session_ends_at_once(client: Client, dev: Principal, end: Callable[[Principal], None]) -> None:
    sign_in(client)
    made = client.post("/console/111122223333/registry-password")
    assert made.status_code == 303 and Session.objects.get().arn == dev.arn
    end(dev)
    for path in ("/console/111122223333", "/account/security", "/console/111122223333/us-east-1/repositories"):
        assert client.get(path).headers["Location"].startswith("/sign-in"), path
    assert sign_in(Client())[0] == 200
    if end in (end_password, end_by_another_password):
        assert not Session.objects.exists(), "the registry password ends with it"


def test_a_renamed_user_stays_in_under_the_new_name(client: Client, account: Account, dev: Principal) -> None:
    sign_in(client)
    users.update(operator(account.id), account.id, "dev", new_name="eng")
    assert "user/team/eng" in client.get("/account/profile").content.decode()
    assert sign_in(Client())[0] == 200 and sign_in(Client(), user_name="eng")[0] == 302


def test_a_user_with_a_password_is_not_deleted(account: Account, dev: Principal) -> None:
    policies.delete_inline(operator(account.id), dev, "own")
    with pytest.raises(DeleteConflict, match="console password"):
        users.delete(operator(account.id), account.id, "dev")
    console_passwords.delete(operator(account.id), account.id, "dev")
    users.delete(operator(account.id), account.id, "dev")


# --- The own password ------------------------------------------------------------------------------------------------


def change(client: Client, old: str = PASSWORD, new: str = OTHER, again: str = "") -> tuple[int, str, str]:
    """Send the form of the own password."""
    fields = {"oldpassword": old, "password1": new, "password2": again or new}
    answer = client.post("/account/security/password", fields)
    return answer.status_code, answer.headers.get("Location", ""), answer.content.decode()


# --- Pages of one's own ----------------------------------------------------------------------------------------------


def test_codes_from_an_app(client: Client, dev: Principal) -> None:
    sign_in(client)
    again = client.post("/sign-in/again", {"password": "wrong", "next": "/account/security"})
    assert again.status_code == 200 and client.get("/account/security/app").status_code == 302
    secret, codes = set_up(client)
    assert len(codes) == 10
    other = Client()
    assert sign_in(other)[1].startswith("/sign-in/second-factor")
    assert other.get("/account/profile").status_code == 302, "the password alone is not enough"
    assert other.get("/sign-in/second-factor").status_code == 200
    other.post("/sign-in/second-factor", {"code": "000000"})
    assert other.post("/sign-in/second-factor", {"code": code_of(secret, 1)}).status_code == 302
    assert other.get("/account/profile").status_code == 200
    events = AuditEvent.objects.filter(event_name="ConsoleLogin", principal_arn=dev.arn)
    assert events.filter(details={"method": "password+totp"}).exists()
    assert events.filter(details={"method": "second factor"}, error_code="Failed authentication").exists()
    waiting = Client()
    sign_in(waiting)
    principals.disable(dev)
    waiting.post("/sign-in/second-factor", {"code": codes[0]})
    assert waiting.get("/account/profile").status_code == 302, "not even one that was half way in"


def test_sessions_are_listed_and_ended(client: Client, dev: Principal) -> None:
    other = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/130.0"})
    sign_in(client)
    sign_in(other)
    other.get("/console/111122223333")
    assert "Firefox on Linux" in client.get("/account/sessions").content.decode()
    client.post("/account/sessions", {"session": ""})
    assert other.get("/account/sessions").status_code == 302
    assert client.get("/account/sessions").status_code == 200


def test_what_only_people_have_is_not_there(client: Client, dev: Principal) -> None:
    sign_in(client)
    for path in (
        "/account/profile/mail",
        "/account/security/companies",
        "/account/security/password/new",
        "/account/accounts/new",
        "/account/accounts/111122223333/leave",
    ):
        assert client.get(path).status_code == 404, path
        assert client.post(path, {"name": "x", "email": "x@example.com"}).status_code == 404, path
    assert client.post("/account/profile", {"name": "Somebody else"}).status_code == 404
    for path in ("/account/profile", "/account/accounts", "/account/preferences", "/account/notifications"):
        text = client.get(path).content.decode()
        assert "Change mail address" not in text and "Leave…" not in text and "None" not in text, path
    assert client.post("/account/preferences", {"language": "vi"}).status_code == 302
    assert '<html lang="vi"' in client.get("/console/111122223333").content.decode()
    assert client.get("/staff").status_code == 404


def test_an_iam_user_is_no_member(client: Client, ana: Person, account: Account, dev: Principal) -> None:
    policies.attach(operator(account.id), dev, policies.ADMINISTRATOR_ACCESS)
    browser = Client()
    browser.force_login(ana)
    page = browser.get("/console/111122223333/iam/people").content.decode()
    assert "ana@example.com" in page and "user/team/dev" not in page and ">dev<" not in page
    answer = browser.post("/console/111122223333/iam/people/ana@example.com/-/remove", {"typed": "ana@example.com"})
    assert answer.status_code != 302, "a user with AdministratorAccess is no person who stays"
    assert Membership.objects.filter(person=ana).exists()


def test_mail_addresses_do_not_lead_to_iam_users(client: Client, dev: Principal) -> None:
    for login in ("", "None", "dev", dev.arn):
        assert client.post("/sign-in", {"login": login, "password": PASSWORD}).status_code == 200
    assert client.post("/sign-in/reset", {"email": "dev@example.com"}).status_code == 302
    assert client.get("/console").status_code == 302


# --- The operator ----------------------------------------------------------------------------------------------------
