"""Sessions that end: how long they last, how they are renewed, and what was sent too late."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.console import held
from accounts.directory import people
from accounts.models import Person
from accounts.tasks import forget_ended_sessions
from tests.accounts.console.conftest import PASSWORD, sign_in

STATE = "/account/session"
JSON = {"Accept": "application/json"}


def shorten(client: Client, seconds: float) -> None:
    """Let the client's session end in some seconds."""
    ends_at = timezone.now() + timedelta(seconds=seconds)
    Session.objects.filter(session_key=client.cookies["sessionid"].value).update(expire_date=ends_at)


def test_it_works_to_stay(client: Client, ana: Person, settings: Settings) -> None:
    sign_in(client)
    shorten(client, 100)
    now = client.get(STATE, headers=JSON).json()
    assert 90 <= now["left"] <= 100 and now["person"] == ana.pk
    assert re.search(r'id="session" hidden data-url="/account/session" data-left="\d\d"', text_of(client))
    shorten(client, 100)
    assert client.get(STATE, headers=JSON).json()["left"] <= 100, "looking does not renew"
    answer = client.post(STATE, headers=JSON)
    assert answer.json()["left"] > settings.SESSION_COOKIE_AGE - 60
    assert "sessionid" in answer.cookies, "the cookie lasts anew too"
    assert client.get(STATE, headers=JSON).json()["left"] > settings.SESSION_COOKIE_AGE - 60


def text_of(client: Client, path: str = "/account/profile") -> str:
    return client.get(path).content.decode()


def test_it_works_without_script(client: Client, ana: Person) -> None:
    sign_in(client)
    assert client.get(STATE).headers["Location"] == "/account/sessions"
    shorten(client, 100)
    assert client.post(STATE, {"next": "/help"}).headers["Location"] == "/help"
    assert client.get(STATE, headers=JSON).json()["left"] > 1000
    assert client.post(STATE, {"next": "https://evil.example/"}).headers["Location"] == "/account/sessions"
    page = text_of(client, "/account/sessions")
    assert "You stay signed in." in page and 'action="/account/session"' in page


def test_it_works_while_a_password_is_due(client: Client, ana: Person) -> None:
    sign_in(client)
    Person.objects.update(must_change_password=True)
    assert client.post(STATE, headers=JSON).json()["left"] > 1000
    assert client.get("/account/sessions").headers["Location"] == "/account/security/password"


def test_it_refuses_other_sites_and_strangers(ana: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana, backend="allauth.account.auth_backends.AuthenticationBackend")
    shorten(client, 100)
    assert client.post(STATE, headers=JSON).status_code == 403
    now = client.get(STATE, headers=JSON).json()
    assert now["left"] <= 100
    assert client.post(STATE, {"csrfmiddlewaretoken": now["token"]}, headers=JSON).json()["left"] > 1000
    stranger = Client()
    for answer in (stranger.get(STATE, headers=JSON), stranger.post(STATE, headers=JSON)):
        assert answer.status_code == 401 and answer.json() == {"left": 0} and "no-store" in answer["Cache-Control"]
    assert stranger.get(STATE).headers["Location"].startswith("/sign-in")
    assert 'id="session"' not in stranger.get("/help").content.decode()


def test_a_session_by_a_company_ends_when_it_ends(client: Client, ana: Person) -> None:
    client.force_login(ana, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    session.set_expiry(timezone.now() + timedelta(seconds=90))
    session.save()
    assert "Your company wants you to sign in again then." in text_of(client)
    assert client.post(STATE, headers=JSON).json()["left"] <= 90
    assert client.get(STATE, headers=JSON).json()["left"] <= 90


def test_the_end_costs_no_query(client: Client, ana: Person, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    sign_in(client)
    with django_assert_num_queries(2):
        client.get(STATE, headers=JSON)


def test_a_form_that_came_too_late_is_held_until_sign_in(client: Client, ana: Person) -> None:
    sign_in(client)
    shorten(client, -1)
    answer = client.post(
        "/account/profile?x=1",
        {"name": 'Ana <b>"\nAnh', "more": ["1", "2"], "old_password": "hush", "csrfmiddlewaretoken": "t"},
        headers={"Referer": "http://testserver/account/profile?tab=name"},
    )
    assert answer.headers["Location"] == "/sign-in?next=/account/session/held"
    ana.refresh_from_db()
    assert ana.name == "Ana"
    assert client.get("/account/session/held").headers["Location"].startswith("/sign-in")
    answer = client.post("/sign-in?next=/account/session/held", {"login": ana.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/account/session/held"
    page = text_of(client, "/account/session/held")
    assert "Ana &lt;b&gt;&quot;\nAnh" in page and 'action="/account/profile?x=1"' in page
    assert page.count('<textarea name="more"') == 2 and "hush" not in page and "old_password" not in page
    fields = re.findall(r'<textarea name="(\w+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    assert client.post("/account/profile?x=1", {name: unescape(text) for name, text in fields}).status_code == 302
    ana.refresh_from_db()
    assert ana.name == 'Ana <b>"\nAnh'
    assert client.post("/account/session/held").headers["Location"] == "/account/profile?tab=name"
    assert client.get("/account/session/held").status_code == 410
    assert client.post("/account/session/held").headers["Location"] == "/console"


def test_a_part_that_htmx_asked_for_leads_to_the_held_form(client: Client, ana: Person) -> None:
    sign_in(client)
    shorten(client, -1)
    htmx = {"HX-Request": "true", "HX-Current-URL": "http://testserver/account/profile"}
    answer = client.post("/account/profile", {"name": "A"}, headers=htmx)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in?next=%2Faccount%2Fsession%2Fheld")
    assert client.session[held.KEY]["page"] == "/account/profile"
    answer = client.get("/account/profile", headers=htmx)
    assert answer.headers["HX-Redirect"] == "/sign-in?next=%2Faccount%2Fprofile"


def test_a_form_is_held_after_the_page_has_seen_the_end(client: Client, ana: Person) -> None:
    sign_in(client)
    shorten(client, -1)
    assert client.get(STATE, headers=JSON).status_code == 401
    assert client.get("/account/profile").headers["Location"] == "/sign-in?next=/account/profile"
    answer = client.post("/account/profile", {"name": "late"})
    assert answer.headers["Location"] == "/sign-in?next=/account/session/held"
    sign_in(client)
    assert "late" in text_of(client, "/account/session/held")
    client.cookies["sessionid"] = "made-up"
    assert client.get("/account/profile").cookies["sessionid"].value == "", "a cookie that names nothing goes"


def test_the_last_form_is_the_one_that_is_held(client: Client, ana: Person) -> None:
    sign_in(client)
    shorten(client, -1)
    client.post("/account/profile", {"name": "first"}, headers={"HX-Request": "true"})
    answer = client.post("/account/profile", {"name": "second"})
    assert answer.headers["Location"] == "/sign-in?next=/account/session/held"
    sign_in(client)
    page = text_of(client, "/account/session/held")
    assert "second" in page and "first" not in page


def test_it_refuses_to_hold_what_strangers_send(client: Client, ana: Person) -> None:
    stranger = Client()
    assert stranger.post("/account/profile", {"name": "x"}).headers["Location"] == "/sign-in?next=/account/profile"
    stranger.cookies["sessionid"] = "made-up"
    assert stranger.post("/account/profile", {"name": "x"}).headers["Location"] == "/sign-in?next=/account/profile"
    sign_in(client)
    key = client.cookies["sessionid"].value
    client.post("/sign-out")
    client.cookies["sessionid"] = key
    assert "held" not in client.post("/account/profile", {"name": "x"}).headers["Location"], "they left on purpose"
    assert Session.objects.count() == 0


@pytest.mark.parametrize("fields", [{"name": "x" * (held.LONGEST + 1)}, {"password": "x"}, {}])
def test_it_refuses_to_hold_what_is_too_long_or_secret(client: Client, ana: Person, fields: dict[str, str]) -> None:
    sign_in(client)
    shorten(client, -1)
    assert client.post("/account/profile", fields).headers["Location"] == "/sign-in?next=/account/profile"


def test_nobody_else_sees_what_is_held(client: Client, ana: Person) -> None:
    people.create("bo@example.com", PASSWORD)
    sign_in(client)
    shorten(client, -1)
    client.post("/account/profile", {"name": "of Ana"})
    sign_in(client, "bo@example.com")
    answer = client.get("/account/session/held")
    assert answer.status_code == 410 and "of Ana" not in answer.content.decode()
    assert held.KEY not in client.session


def test_what_is_held_is_forgotten_after_a_while(client: Client, ana: Person) -> None:
    sign_in(client)
    shorten(client, -1)
    client.post("/account/profile", {"name": "late"})
    sign_in(client)
    session = client.session
    session[held.KEY] |= {"at": (timezone.now() - held.HELD_FOR - timedelta(seconds=1)).isoformat()}
    session.save()
    assert client.get("/account/session/held").status_code == 410
    assert "late" not in json.dumps(dict(client.session))


def test_it_leads_to_pages_of_this_site_only(client: Client, ana: Person) -> None:
    sign_in(client)
    shorten(client, -1)
    client.post("/account/profile", {"name": "x"}, headers={"Referer": "http://testserver//evil.example/"})
    sign_in(client)
    assert client.post("/account/session/held").headers["Location"] == "/console"


def test_ended_sessions_are_forgotten_after_a_day(client: Client, ana: Person) -> None:
    sign_in(client)
    shorten(client, -60)
    assert forget_ended_sessions() == 0
    shorten(client, -86_500)
    other = Client()
    sign_in(other)
    assert forget_ended_sessions() == 1 and Session.objects.count() == 1
    assert "held" not in client.post("/account/profile", {"name": "x"}).headers["Location"]
