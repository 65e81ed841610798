"""Pages for what went wrong: whole, as a part for htmx, and without database, session or cookies."""

from collections.abc import Iterator

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError, ProgrammingError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from pytest_django import DjangoAssertNumQueries

from accounts.console import asking, problems
from accounts.directory import people
from config import urls

RAISED: dict[str, Exception] = {
    "denied": PermissionDenied(),
    "gone": problems.Gone("acme/app"),
    "often": problems.TooManyRequests(90),
    "soon": problems.TooManyRequests(1),
    "odd": SuspiciousOperation(),
    "crash": ZeroDivisionError("secret detail"),
    "down": OperationalError("password=secret"),
}


def fail(request: HttpRequest, kind: str) -> HttpResponse:
    """A view in which something goes wrong."""
    raise RAISED[kind]


@asking.signed_in
def private(request: HttpRequest) -> HttpResponse:
    """A page for people who are signed in."""
    return HttpResponse(b"private")


handler400, handler403, handler404 = urls.handler400, urls.handler403, urls.handler404
handler429, handler500 = urls.handler429, urls.handler500
urlpatterns = [path("fail/<str:kind>", fail), path("private", private), *urls.urlpatterns]


@pytest.fixture
def site(db: None, client: Client) -> Iterator[Client]:
    """A client of a site with these views."""
    client.raise_request_exception = False
    with override_settings(ROOT_URLCONF=__name__):
        yield client


def page(site: Client, kind: str, status: int, **headers: str) -> str:
    """The text of an error page."""
    answer = site.get(f"/fail/{kind}", headers=headers)
    assert answer.status_code == status
    text = answer.content.decode()
    assert "secret" not in text and "Traceback" not in text
    return text


def test_it_works_in_the_frame_of_all_pages(site: Client) -> None:
    assert "Sign in first" in page(site, "denied", 403)
    assert "The staff of this site removed acme/app." in page(site, "gone", 410)
    assert "Try again in 2 minutes." in page(site, "often", 429)
    assert site.get("/fail/soon").headers["Retry-After"] == "1" and "in 1 second." in page(site, "soon", 429)
    site.force_login(people.create("ana@example.com", "a shelf of long words"))
    assert "You are signed in as ana@example.com." in page(site, "denied", 403)


def test_htmx_gets_a_part_that_fits_into_a_page(site: Client) -> None:
    for kind, status in (("denied", 403), ("gone", 410), ("often", 429)):
        text = page(site, kind, status, **{"HX-Request": "true"})
        assert "<html" not in text and "<h1" not in text and 'role="alert"' in text
    answer = site.get("/absent/repository", headers={"HX-Request": "true"})
    assert answer.status_code == 404 and b"<html" not in answer.content and "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize(("kind", "status"), [("odd", 400), ("crash", 500), ("down", 503)])
def test_some_ask_nothing_of_the_database(
    site: Client, kind: str, status: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    site.cookies["django_language"] = "vi"
    with django_assert_num_queries(0):
        text = page(site, kind, status)
    assert '<html lang="en">' in text and 'lang="vi"' in text
    assert ("Nothing was changed." in text) == (status >= 500)
    answer = site.get(f"/fail/{kind}")
    assert answer.headers["X-Request-Id"] in answer.content.decode() and "no-store" in answer.headers["Cache-Control"]
    assert answer.headers.get("Retry-After") == ("30" if status == 503 else None)


def test_a_database_that_is_away_is_no_crash(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("password=secret")

    site.cookies["sessionid"] = "x" * 32
    monkeypatch.setattr(SessionStore, "load", away)
    for address in ("/search", "/private", "/absent/repository"):
        answer = site.get(address)
        assert answer.status_code == 503 and b"being worked on" in answer.content and b"secret" not in answer.content


def test_a_crash_of_a_change_does_not_say_that_nothing_happened(site: Client) -> None:
    answer = site.post("/fail/crash")
    assert answer.status_code == 500 and b"Nothing was changed." not in answer.content


def test_a_plain_page_stands_in_when_the_frame_can_t_be_built(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> HttpResponse:
        raise ProgrammingError("secret")

    monkeypatch.setattr(problems, "render", broken)
    for kind, status in (("denied", 403), ("gone", 410), ("often", 429)):
        text = page(site, kind, status)
        assert "<main" in text and "Main" not in text
    assert site.get("/absent/repository").status_code == 404


def test_a_form_without_its_token_is_refused(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/account/preferences", {"kho_theme": "dark"})
    assert answer.status_code == 403 and b"The form was not taken" in answer.content
    assert "kho_theme" not in answer.cookies


def test_pages_of_people_ask_for_sign_in(site: Client) -> None:
    assert site.get("/private?a=b").headers["Location"] == "/sign-in?next=/private%3Fa%3Db"
    site.force_login(people.create("ana@example.com", "a shelf of long words"))
    assert site.get("/private").content == b"private"


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        ("http://testserver/console?choose=1", "/sign-in?next=%2Fconsole%3Fchoose%3D1"),
        ("https://evil.example.com/", "/sign-in?next=%2Fprivate"),
    ],
)
def test_a_session_that_ended_in_a_swap_leaves_the_page(site: Client, current: str, wanted: str) -> None:
    answer = site.get("/private", headers={"HX-Request": "true", "HX-Current-URL": current})
    assert (answer.status_code, answer.headers["HX-Redirect"], answer.content) == (401, wanted, b"")
