"""Preferences: kept in cookies, the language with the person's name too; which language a page is in."""

import pytest
from django.conf import settings
from django.test import Client

from accounts.directory import people
from accounts.models import Person

PAGE = "/account/preferences"


@pytest.fixture
def ana(client: Client, db: None) -> Person:
    """Somebody who is signed in."""
    person = people.create("ana@example.com", "a shelf of long words", name="Ana")
    client.force_login(person)
    return person


def language(client: Client, path: str = "/search", **headers: str) -> str:
    """The language that a page says it is in."""
    return client.get(path, headers=headers).headers["Content-Language"]


def test_it_works(client: Client, db: None) -> None:
    assert b"They stay in this browser." in client.get(PAGE).content
    answer = client.post(PAGE, {"kho_theme": "dark", "kho_keys": "off", "language": "vi", "next": "/search"})
    assert answer.headers["Location"] == "/search"
    text = client.get("/search").content.decode()
    assert 'data-theme="dark"' in text and " data-keys" not in text and "Tất cả các kho" in text
    client.post(PAGE, {"kho_theme": ""})
    text = client.get("/search").content.decode()
    assert "data-theme" not in text and "Tất cả các kho" in text, "what is not named stays"
    client.post(PAGE, {"kho_keys": ""})
    assert " data-keys" in client.get("/search").content.decode()


def test_it_refuses_values_that_it_does_not_know(client: Client, db: None) -> None:
    answer = client.post(PAGE, {"kho_theme": "pink", "language": "xx", "next": "https://evil.example.com"})
    assert answer.headers["Location"] == PAGE
    client.cookies["kho_theme"] = "nonsense"
    assert "data-theme" not in client.get("/search").content.decode()
    assert language(client) == "en"
    assert client.put(PAGE).status_code == 405


def test_a_language_is_asked_for_set_kept_or_the_browser_s(client: Client, ana: Person) -> None:
    assert language(client, **{"Accept-Language": "vi"}) == "vi"
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert language(client, **{"Accept-Language": "vi"}) == "en"
    people.set_language(ana, "vi")
    assert language(client) == "vi", "the person's setting goes before the cookie"
    assert language(client, "/search?lang=en") == "en"
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    client.post(PAGE, {"language": "en"})
    assert Person.objects.get(pk=ana.pk).language == "en" and language(client) == "en"
    client.post(PAGE, {"language": ""})
    assert Person.objects.get(pk=ana.pk).language == ""
    assert language(client, **{"Accept-Language": "vi"}) == "vi", "as the browser asks"


@pytest.mark.parametrize("asked", ["?lang=xx", "?lang=", "?lang=vi%20", "?lang=vi&lang=xx"])
def test_a_language_that_is_not_served_is_ignored(client: Client, db: None, asked: str) -> None:
    assert language(client, f"/search{asked}") == "en"


def test_a_link_s_language_is_kept_and_pages_name_their_others(client: Client, db: None) -> None:
    text = client.get("/search?q=a&lang=vi").content.decode()
    assert '<html lang="vi"' in text
    assert '<link rel="alternate" hreflang="en" href="http://testserver/search?q=a&amp;lang=en">' in text
    assert language(client) == "vi"


def test_the_menu_of_who_is_signed_in(client: Client, ana: Person) -> None:
    text = client.get("/search").content.decode()
    assert "Signed in as ana@example.com" in text and ">Ana<" in text and "Staff area" not in text
    Person.objects.update(is_staff=True, name="")
    text = client.get("/search").content.decode()
    assert "Staff area" in text and '<span class="account-name">ana@example.com</span>' in text


def test_times_are_in_the_zone_of_the_person(client: Client, ana: Person) -> None:
    assert client.post(PAGE, {"time_zone": " Asia/Ho_Chi_Minh "}).headers["Location"] == PAGE
    assert "+07" in client.get("/account/profile").content.decode()
    assert 'value="Asia/Ho_Chi_Minh"' in client.get(PAGE).content.decode()
    client.post(PAGE, {"language": "en"})
    assert Person.objects.get(pk=ana.pk).time_zone == "Asia/Ho_Chi_Minh", "what is not named stays"
    client.post(PAGE, {"time_zone": ""})
    assert "UTC" in client.get("/account/profile").content.decode()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "x" * 10_000])
def test_it_refuses_a_zone_that_it_does_not_know(client: Client, ana: Person, zone: str) -> None:
    answer = client.post(PAGE, {"time_zone": zone, "kho_theme": "dark"})
    assert answer.status_code == 422 and "<title>Error:" in answer.content.decode()
    assert zone in answer.content.decode() and Person.objects.get(pk=ana.pk).time_zone == ""
