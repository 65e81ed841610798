"""Sign-up with a mail to confirm, the account that comes with it, and a password that was forgotten."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.directory import people
from accounts.models import Account, Membership, Person
from tests.accounts.console.conftest import PASSWORD, Mails, link_in, sign_in

FORM = {"name": "Cy", "email": "Cy@example.com", "password1": PASSWORD}


def test_it_works_from_the_form_to_the_three_steps(client: Client, db: None, mails: Mails) -> None:
    assert "Sign up" in client.get("/sign-up").content.decode()
    answer = client.post("/sign-up", FORM)
    assert answer.headers["Location"] == "/sign-up/confirm"
    assert "on its way" in client.get("/sign-up/confirm").content.decode()
    person = Person.objects.get()
    assert (person.email, person.name, person.is_staff) == ("cy@example.com", "Cy", False)
    assert not Account.objects.exists(), "no account before the address is confirmed"
    (mail,) = mails()
    assert mail.to == ["cy@example.com"] and mail.subject == "Confirm your mail address"
    link = link_in(mail)
    assert "<strong>cy@example.com</strong>" in client.get(link).content.decode()
    assert not Account.objects.exists(), "to look at the link does nothing: mail scanners do that"
    assert client.post(link).headers["Location"] == "/account/welcome"
    account = Account.objects.get()
    assert account.created_by == person and account.name == "Cy"
    membership = Membership.objects.get(person=person)
    assert membership.role.name == "Administrator"
    page = client.get("/account/welcome").content.decode()
    assert account.id in page and f"docker push testserver/{account.id}/my-app:1.0" in page
    assert client.get("/console").headers["Location"] == f"/console/{account.id}"


def test_it_works_when_the_link_is_opened_in_another_browser(client: Client, db: None, mails: Mails) -> None:
    client.post("/sign-up", FORM)
    link, other = link_in(mails()[0]), Client()
    assert other.post(link).headers["Location"] == "/sign-in"
    sign_in(client, "cy@example.com")
    assert Account.objects.count() == 1


@pytest.mark.parametrize(("asked", "kept"), [("vi", "vi"), ("en", "en"), ("fr", "en")])
def test_pages_and_mails_stay_in_the_language_of_the_form(client: Client, db: None, asked: str, kept: str) -> None:
    client.post("/sign-up", FORM, headers={"accept-language": asked})
    assert Person.objects.get().language == kept


def test_a_link_works_once_and_forged_ones_never(client: Client, db: None, mails: Mails) -> None:
    client.post("/sign-up", FORM)
    link = link_in(mails()[0])
    forged = link[:-2] + ("aa" if link[-2:] != "aa" else "bb")
    assert "can't be confirmed" in client.get(forged).content.decode()
    assert client.post(forged).status_code == 404
    client.post(link)
    Client().post(link)
    assert Account.objects.count() == 1


def test_it_refuses_to_sign_in_before_the_address_is_confirmed(client: Client, db: None) -> None:
    client.post("/sign-up", FORM)
    answer = Client().post("/sign-in", {"login": "cy@example.com", "password": PASSWORD})
    assert answer.headers["Location"] == "/sign-up/confirm"
    assert client.get("/account/profile").status_code == 302


def test_an_address_that_is_taken_is_not_told(client: Client, ana: Person, mails: Mails) -> None:
    answer = client.post("/sign-up", FORM | {"email": "ana@example.com"})
    assert answer.headers["Location"] == "/sign-up/confirm", "as for any other"
    (mail,) = mails()
    assert mail.subject == "You have signed up already" and "/sign-in/reset" in str(mail.body)
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"password1": "short"},
        {"password1": "password12345"},
        {"email": "no address"},
        {"email": ""},
        {"name": ""},
        {"name": "x" * 101},
        {"email": "a" * 250 + "@example.com"},
    ],
)
def test_it_refuses_a_form_with_mistakes(client: Client, db: None, change: dict[str, str]) -> None:
    page = client.post("/sign-up", FORM | change).content.decode()
    assert "<title>Error:" in page and PASSWORD not in page
    assert not Person.objects.exists()


@pytest.mark.parametrize("who", ["closed", "invited"])
def test_it_refuses_strangers_where_sign_up_is_not_open(client: Client, db: None, settings: Settings, who: str) -> None:
    settings.SIGN_UP = who
    assert "Sign-up is closed here" in client.get("/sign-up").content.decode()
    client.post("/sign-up", FORM)
    assert not Person.objects.exists()
    assert b'href="/sign-up"' not in client.get("/sign-in").content


def test_it_stops_many_sign_ups_from_one_address(client: Client, db: None) -> None:
    for number in range(10):
        Client().post("/sign-up", FORM | {"email": f"p{number}@example.com"})
    answer = client.post("/sign-up", FORM)
    assert answer.status_code == 429
    assert "Too many requests" in answer.content.decode()
    assert Person.objects.count() == 10


def test_reset_works_once(client: Client, ana: Person, mails: Mails) -> None:
    assert client.post("/sign-in/reset", {"email": "ana@example.com"}).headers["Location"] == "/sign-in/reset/sent"
    assert client.get("/sign-in/reset/sent").status_code == 200
    (mail,) = mails()
    link = link_in(mail)
    form = client.get(link).headers["Location"]
    assert link.split("-", 2)[2] not in form, "the key does not stay in the address"
    assert "Set a new password" in client.get(form).content.decode()
    new = {"password1": "another shelf of words", "password2": "another shelf of words"}
    bad = client.post(form, new | {"password2": "different from that"}).content.decode()
    assert "<title>Error:" in bad
    assert client.post(form, new).headers["Location"] == "/sign-in/reset/done"
    assert mails()[-1].subject == "Your password was reset"
    assert "can't be used any more" in Client().get(link, follow=True).content.decode()
    assert client.post("/sign-in", {"login": ana.email, "password": PASSWORD}).status_code == 200
    assert client.post("/sign-in", {"login": ana.email, "password": new["password1"]}).status_code == 302


def test_reset_does_not_tell_who_is_here(client: Client, db: None, mails: Mails) -> None:
    answer = client.post("/sign-in/reset", {"email": "nobody@example.com"})
    assert answer.headers["Location"] == "/sign-in/reset/sent" and mails() == []


def test_mails_lead_to_the_public_origin(client: Client, ana: Person, mails: Mails, settings: Settings) -> None:
    """Whatever host name the request was sent with."""
    settings.PUBLIC_URL = "https://kho.example.com"
    client.post("/sign-in/reset", {"email": ana.email}, headers={"host": "evil.example.com"})
    body = str(mails()[0].body)
    assert "https://kho.example.com/sign-in/reset/" in body and "evil" not in body


def test_whoever_an_operator_made_needs_no_mail(client: Client, bo: Person) -> None:
    sign_in(client, bo.mail)
    page = client.get("/account/accounts").content.decode()
    assert "You do not belong to an account yet" in page


def test_people_make_as_many_accounts_as_the_setting_says(client: Client, bo: Person, settings: Settings) -> None:
    sign_in(client, bo.mail)
    settings.ACCOUNTS_PER_PERSON = 1
    assert client.post("/account/accounts/new", {"name": " "}).status_code == 422
    assert client.post("/account/accounts/new", {"name": "x" * 101}).status_code == 422
    answer = client.post("/account/accounts/new", {"name": "Second"})
    account = Account.objects.get()
    assert answer.headers["Location"] == f"/console/{account.id}"
    assert client.get(f"/console/{account.id}").status_code == 200
    assert client.post("/account/accounts/new", {"name": "Third"}).status_code == 404
    assert people.accounts_left(bo) == 0 and Account.objects.count() == 1
