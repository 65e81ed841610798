"""Pages of people's own: profile, mail address, password, sessions, accounts."""

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.caller import operator
from accounts.console.own import browser_of
from accounts.directory import accounts, people, roles
from accounts.models import Account, AuditEvent, Membership, Person
from tests.accounts.console.conftest import PASSWORD, Mails, confirm, link_in, sign_in

PAGES = (
    "/account/profile",
    "/account/profile/mail",
    "/account/security",
    "/account/security/password",
    "/account/security/app",
    "/account/security/passkeys/new",
    "/account/security/companies",
    "/account/sessions",
    "/account/accounts",
    "/account/accounts/new",
)


@pytest.mark.parametrize("path", PAGES)
def test_it_works_for_who_has_signed_in(client: Client, ana: Person, path: str) -> None:
    assert client.get(path).headers["Location"].startswith("/sign-in")
    sign_in(client)
    confirm(client)
    answer = client.get(path)
    page = answer.content.decode()
    assert answer.status_code == 200 and page.count("<h1") == 1
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_name_is_kept(client: Client, ana: Person) -> None:
    sign_in(client)
    client.post("/account/profile", {"name": " Ána <b> "})
    ana.refresh_from_db()
    assert ana.name == "Ána <b>"
    assert "Ána &lt;b&gt;" in client.get("/account/profile").content.decode()
    answer = client.post("/account/profile", {"name": "x" * 151})
    assert answer.status_code == 422 and "x" * 151 in answer.content.decode(), "what was typed stays"
    assert client.post("/account/profile", {"name": "a\x00b"}).status_code == 400


def test_another_mail_address_counts_when_it_is_confirmed(client: Client, ana: Person, mails: Mails) -> None:
    sign_in(client)
    answer = client.post("/account/profile/mail", {"email": "ana@new.example.com", "action_add": "1"})
    assert answer.headers["Location"].startswith("/sign-in/again"), "who finds an open browser can't"
    confirm(client)
    client.post("/account/profile/mail", {"email": "ANA@new.example.com", "action_add": "1"})
    ana.refresh_from_db()
    assert ana.email == "ana@example.com"
    assert "waits to be confirmed" in client.get("/account/profile/mail").content.decode()
    (mail,) = mails()
    assert mail.to == ["ana@new.example.com"]
    client.post(link_in(mail))
    ana.refresh_from_db()
    assert ana.email == "ana@new.example.com"
    assert mails()[1].to == ["ana@example.com"], "the old address is told"
    sign_in(Client(), "ana@new.example.com")


def test_it_refuses_a_mail_address_of_somebody_else(client: Client, ana: Person, bo: Person, mails: Mails) -> None:
    sign_in(client)
    confirm(client)
    client.post("/account/profile/mail", {"email": "bo@example.com", "action_add": "1"})
    for mail in mails():
        if "/sign-up/confirm/" in str(mail.body):
            client.post(link_in(mail))
    ana.refresh_from_db()
    assert ana.email == "ana@example.com"


def test_a_password_is_changed_with_the_present_one(client: Client, ana: Person, mails: Mails) -> None:
    sign_in(client)
    new = {"password1": "another shelf of words", "password2": "another shelf of words"}
    answer = client.post("/account/security/password", {"oldpassword": "wrong"} | new)
    assert "Type the password that you have now." in answer.content.decode()
    short = {"password1": "short", "password2": "short"}
    assert (
        "<title>Error:" in client.post("/account/security/password", {"oldpassword": PASSWORD} | short).content.decode()
    )
    answer = client.post("/account/security/password", {"oldpassword": PASSWORD} | new)
    assert answer.headers["Location"] == "/account/security"
    assert [mail.subject for mail in mails()] == ["Your password was changed"]
    assert client.get("/account/profile").status_code == 200, "this session goes on"


def test_sessions_elsewhere_are_ended(client: Client, ana: Person, bo: Person) -> None:
    others = [Client(headers={"user-agent": f"browser {number}"}) for number in range(3)]
    for each in (client, *others):
        sign_in(each)
    theirs = Client()
    sign_in(theirs, bo.mail)
    page = client.get("/account/sessions").content.decode()
    assert page.count("this one") == 1 and "browser 2" in page
    one = UserSession.objects.get(user_agent="browser 0")
    client.post("/account/sessions", {"session": str(one.pk)})
    assert [each.get("/account/profile").status_code for each in others] == [302, 200, 200]
    not_mine = UserSession.objects.get(user=bo)
    client.post("/account/sessions", {"session": str(not_mine.pk)})
    client.post("/account/sessions", {"session": "nonsense"})
    client.post("/account/sessions")
    assert [each.get("/account/profile").status_code for each in others] == [302, 302, 302]
    assert theirs.get("/account/profile").status_code == 200
    assert client.get("/account/profile").status_code == 200


def test_the_list_of_sessions_costs_the_same_however_many_there_are(
    client: Client, ana: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(8):
        sign_in(Client())
    sign_in(client)
    over = UserSession.objects.exclude(session_key=client.session.session_key).first()
    assert over is not None
    Session.objects.filter(session_key=over.session_key).delete()
    with django_assert_max_num_queries(6):
        page = client.get("/account/sessions").content.decode()
    assert page.count('name="session"') == 7 and page.count("this one") == 1
    assert not UserSession.objects.filter(id=over.id).exists(), "what is over is forgotten"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari on iOS"),
        ("Mozilla/5.0 (Gecko) Firefox/130.0", "Firefox"),
        ("curl/8.0", "curl/8.0"),
        ("", "unknown"),
    ],
)
def test_browsers_have_names_that_people_know(said: str, shown: str) -> None:
    assert browser_of(said) == shown


def test_an_account_is_left_but_not_by_its_last_administrator(
    client: Client, ana: Person, bo: Person, account: Account
) -> None:
    people.add_to_account(bo, account)
    sign_in(client)
    path = f"/account/accounts/{account.id}/leave"
    assert "You lose access at once" in client.get(path).content.decode()
    assert client.post(path).headers["Location"] == "/account/accounts"
    assert client.post(path).status_code == 404, "once is enough"
    event = AuditEvent.objects.get(event_name="LeaveAccount")
    assert event.principal_arn == f"arn:aws:sts::{account.id}:assumed-role/Administrator/ana@example.com"
    sign_in(client := Client(), bo.mail)
    assert "You can't leave" in client.get(path).content.decode()
    assert client.post(path).status_code == 409
    assert Membership.objects.get().person == bo


def test_accounts_of_others_can_t_be_left(client: Client, ana: Person, bo: Person, account: Account) -> None:
    sign_in(client, bo.mail)
    for path in (f"/account/accounts/{account.id}/leave", "/account/accounts/999999999999/leave"):
        assert client.get(path).status_code == 404
        assert client.post(path).status_code == 404


def test_many_accounts_have_a_filter(
    client: Client, ana: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sign_in(client)
    assert b'name="contains"' not in client.get("/account/accounts").content
    for number in range(60):
        people.add_to_account(ana, accounts.create(f"Warehouse {number}"))
    with django_assert_max_num_queries(6):
        page = client.get("/account/accounts").content.decode()
    assert "61 accounts" in page and "?page=2" in page
    page = client.get("/account/accounts?contains=WAREHOUSE 59").content.decode()
    assert "1 account<" in page and "Warehouse 59" in page
    page = client.get("/account/accounts?contains=%3Cb%3E").content.decode()
    assert "No account has “&lt;b&gt;”" in page
    assert client.get("/account/accounts?page=999").status_code == 200


def test_who_acts_with_a_weaker_role_may_leave(client: Client, ana: Person, bo: Person, account: Account) -> None:
    roles.create(operator(account.id), account.id, "reader", TRUST)
    people.add_to_account(bo, account, "reader")
    sign_in(client, bo.mail)
    assert client.post(f"/account/accounts/{account.id}/leave").status_code == 302


TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, '
    '"Action": "sts:AssumeRole"}]}'
)
