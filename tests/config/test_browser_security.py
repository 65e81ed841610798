"""What pages, files and errors tell browsers; a page may be stricter or wider by itself."""

import contextlib
import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from config.browser_security import BrowserSecurity


@pytest.mark.parametrize(
    "path", ["/", "/search", "/sign-in", "/absent/repository", "/static/css/kho.css", "/search?q=%00"]
)
def test_it_works_on_every_page(client: Client, db: None, path: str) -> None:
    with contextlib.closing(client.get(path)) as answer:
        headers = answer.headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
    assert "unsafe" not in str(policy) and "*" not in str(policy)
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"] and "geolocation=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/absent/repository"])
def test_django_says_the_rest(client: Client, db: None, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("path", ["/v2/", "/v2/nobody/app/manifests/v1", "/token/", "/?Action=None&Version=2011-06-15"])
def test_no_browser_takes_for_a_script_what_the_protocols_answer(client: Client, db: None, path: str) -> None:
    """All of it is of the same origin as the pages, which may load scripts from there."""
    assert client.get(path).headers["X-Content-Type-Options"] == "nosniff"


def test_https_is_kept_where_it_is_set(settings: Settings, db: None) -> None:
    settings.SECURE_HSTS_SECONDS = 31536000
    client = Client()
    assert client.get("/search", secure=True).headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in client.get("/search").headers


def test_a_page_s_own_headers_stay() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(
            headers={"Content-Security-Policy": "sandbox", "Cross-Origin-Resource-Policy": "cross-origin"}
        )

    headers = BrowserSecurity(view)(RequestFactory().get("/")).headers
    assert headers["Content-Security-Policy"] == "sandbox" and headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_no_page_has_script_or_style_in_it(client: Client, db: None) -> None:
    for path in ("/", "/search", "/sign-in", "/help", "/help/components", "/account/preferences"):
        text = client.get(path).content.decode()
        assert " style=" not in text and "<style" not in text and " onclick=" not in text
        scripts = re.findall(r"<script[^>]*>", text)
        assert all(' src="/static/' in each or 'type="application/json"' in each for each in scripts), scripts
        assert len(scripts) >= 2


def test_browsers_that_ask_for_an_icon_get_it(client: Client, db: None) -> None:
    assert client.get("/favicon.ico").headers["Location"] == "/static/img/icon-32.png"
    with contextlib.closing(client.get("/static/img/icon-32.png")) as answer:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/png")
    with contextlib.closing(client.get("/static/kho.webmanifest")) as answer:
        named = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]  # a file is streamed
    for icon in named["icons"]:
        assert finders.find(icon["src"]), icon
