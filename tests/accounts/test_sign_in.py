"""Sign-in and sign-out."""

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.directory import people
from accounts.models import Account, Person

PASSWORD = "a shelf of long words"


@pytest.fixture
def ana(account: Account) -> Person:
    """A person who may act on the account."""
    cache.clear()
    person = people.create("ana@example.com", PASSWORD)
    people.add_to_account(person, account)
    return person


def sign_in(client: Client, path: str = "/sign-in", **fields: str) -> tuple[int, str, str]:
    """Send the form; return status, target and text."""
    answer = client.post(path, {"login": "ana@example.com", "password": PASSWORD} | fields)
    return answer.status_code, answer.headers.get("Location", ""), answer.content.decode()


def test_it_works(client: Client, ana: Person) -> None:
    assert "Sign in" in client.get("/sign-in").content.decode()
    assert sign_in(client, login="ANA@example.com")[:2] == (302, "/console")
    assert client.get("/console").status_code == 302
    assert b"Sign out?" in client.get("/sign-out").content
    assert client.post("/sign-out").headers["Location"] == "/"
    assert client.get("/console").headers["Location"] == "/sign-in?next=/console"


def test_one_message_for_every_failure(client: Client, ana: Person) -> None:
    people.create("off@example.com", PASSWORD)
    for fields in ({"password": "wrong"}, {"login": "nobody@example.com"}):
        status, _, text = sign_in(client, **fields)
        assert status == 200 and "The mail address or the password is not right." in text
        assert "<title>Error:" in text and PASSWORD not in text


def test_who_may_not_sign_in_is_told(client: Client, ana: Person) -> None:
    Person.objects.update(is_active=False)
    status, target, _ = sign_in(client)
    assert (status, target) == (302, "/sign-in/inactive")
    assert client.get(target).status_code == 403


def test_the_page_wanted_is_kept_if_it_is_ours(client: Client, ana: Person) -> None:
    assert sign_in(client, next="/console/111122223333")[1] == "/console/111122223333"
    client.post("/sign-out")
    assert sign_in(client, next="https://evil.example.com/")[1] == "/console"


def test_staff_sign_in_where_passwords_can_t_be_guessed_without_limit(client: Client, ana: Person) -> None:
    """The admin has no form of its own: neither its page nor a POST to it takes a password."""
    people.create("staff@example.com", PASSWORD, is_staff=True)
    assert client.get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"
    for answer in (
        client.get("/admin/login/?next=/admin/"),
        client.post("/admin/login/?next=/admin/", {"username": "staff@example.com", "password": PASSWORD}),
    ):
        assert answer.headers["Location"] == "/sign-in?next=%2Fadmin%2F"
    assert client.get("/admin/").status_code == 302, "nobody is signed in"
    assert sign_in(client, login="staff@example.com", next="/admin/")[1] == "/admin/"
    assert client.get("/admin/").status_code == 200
    client.post("/sign-out")
    sign_in(client)
    assert client.get("/admin/login/?next=/admin/").status_code == 403, "Ana is no staff"


def test_sign_in_stops_somebody_who_guesses(client: Client, ana: Person) -> None:
    for _ in range(10):
        sign_in(client, password="wrong")
    assert sign_in(client)[:2] == (200, ""), "the right password does not help now"


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in/reset"])
def test_what_is_not_offered_leads_to_sign_in(client: Client, db: None, path: str) -> None:
    assert client.get(path).headers["Location"] == "/sign-in"
