"""Sign-in, sign-out, and who is told what."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.directory import people
from accounts.models import Account, AuditEvent, Membership, Person
from tests.accounts.console.conftest import PASSWORD


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


@pytest.mark.parametrize(
    "next_page", ["https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "javascript:x"]
)
def test_no_address_leads_elsewhere(client: Client, ana: Person, next_page: str) -> None:
    assert sign_in(client, next=next_page)[1] == "/console"
    assert client.get("/sign-in", {"next": next_page}).headers["Location"] == "/console", "nor for who is signed in"
    assert client.post("/sign-out", {"next": next_page}).headers["Location"] == "/"


def test_no_other_host_that_may_be_asked_is_led_to(client: Client, ana: Person, settings: Settings) -> None:
    """With AWS's host names all of amazonaws.com may be asked for here, and anybody may have a bucket there."""
    settings.ALLOWED_HOSTS = ["testserver", ".amazonaws.com"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://elsewhere.example.com"]
    for host in ("evil.s3.amazonaws.com", "elsewhere.example.com"):
        assert sign_in(client, next=f"https://{host}/")[1] == "/console"
        assert client.get("/sign-in", {"next": f"https://{host}/"}).headers["Location"] == "/console"
        assert client.post("/sign-out", {"next": f"https://{host}/"}).headers["Location"] == "/"


def test_sign_ins_and_failures_are_in_the_trail(client: Client, ana: Person, account: Account) -> None:
    sign_in(client, password="wrong")
    sign_in(client)
    failed, done = AuditEvent.objects.filter(event_name="ConsoleLogin").order_by("event_time")
    assert (failed.account_id, failed.error_code) == (account.id, "Failed authentication")
    assert done.error_code == "" and done.details == {"method": "password"} and done.source_ip == "127.0.0.1"
    assert done.resource_arn == f"arn:aws:kho::{account.id}:person/ana@example.com"


def test_unknown_addresses_leave_no_row(client: Client, ana: Person) -> None:
    sign_in(client, login="nobody@example.com")
    assert not AuditEvent.objects.filter(event_name="ConsoleLogin").exists()


def test_who_is_switched_off_is_out_at_once(client: Client, ana: Person) -> None:
    sign_in(client)
    assert client.get("/account/profile").status_code == 200
    Person.objects.update(is_active=False)
    assert client.get("/account/profile").headers["Location"] == "/sign-in?next=/account/profile"


def test_who_is_no_member_any_more_is_out_at_once(client: Client, ana: Person, account: Account) -> None:
    sign_in(client)
    assert client.get(f"/console/{account.id}").status_code == 200
    Membership.objects.all().delete()
    assert client.get(f"/console/{account.id}").status_code == 404


def test_a_session_that_is_over_leads_htmx_to_a_whole_page(client: Client, ana: Person, account: Account) -> None:
    page = f"http://testserver/console/{account.id}/us-east-1/repositories?contains=a"
    asked = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": page}
    answer = client.get(f"/console/{account.id}/us-east-1/repositories?contains=ab", **asked)  # type: ignore[arg-type]
    assert (answer.status_code, answer.content) == (401, b"")
    place = f"%2Fconsole%2F{account.id}%2Fus-east-1%2Frepositories%3Fcontains%3Da"
    assert answer.headers["HX-Redirect"] == f"/sign-in?next={place}"
    asked["HTTP_HX_CURRENT_URL"] = "https://evil.example.com/page"
    answer = client.get(f"/console/{account.id}/us-east-1/repositories", **asked)  # type: ignore[arg-type]
    assert "evil" not in answer.headers["HX-Redirect"]
    assert client.get("/account/sessions", **asked).status_code == 401  # type: ignore[arg-type]
