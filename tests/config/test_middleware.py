"""The first steps of each request: ids, proxies, the short way of the protocols, what browsers may load, health."""

import json

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings
from structlog.testing import CapturingLogger

from config import health, middleware, proxies
from config.middleware import ProtocolBoundary, RequestContext


def test_every_answer_has_an_id_of_our_own(client: Client, db: None) -> None:
    one = client.get("/healthz", headers={"X-Request-Id": "from-a-stranger"}).headers["X-Request-Id"]
    two = client.get("/search").headers["X-Request-Id"]
    assert one != two and len(one) == 32 and one != "from-a-stranger"


def test_a_trusted_proxy_speaks_for_the_client(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ("127.0.0.0/8", "10.0.0.1")
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    headers = {"X-Request-Id": "given-by-the-proxy", "X-Forwarded-For": "203.0.113.9, 198.51.100.7, 10.0.0.1"}
    answer = RequestContext(view)(RequestFactory().get("/", headers=headers))
    assert answer.headers["X-Request-Id"] == middleware.request_id(seen[0]) == "given-by-the-proxy"
    assert seen[0].META["REMOTE_ADDR"] == "198.51.100.7", "the last hop that is no proxy of ours"
    RequestContext(view)(RequestFactory().get("/", headers=headers, REMOTE_ADDR="192.0.2.1"))
    assert seen[1].META["REMOTE_ADDR"] == "192.0.2.1" and "HTTP_X_FORWARDED_FOR" not in seen[1].META
    bad = RequestContext(view)(RequestFactory().get("/", headers={"X-Request-Id": "a b"}))
    assert bad.headers["X-Request-Id"] != "a b"


@pytest.mark.parametrize(
    ("hops", "client"),
    [("", "127.0.0.1"), ("nonsense", "127.0.0.1"), ("127.0.0.5", "127.0.0.1"), ("2001:db8::1", "2001:db8::1")],
)
def test_hops_that_say_nothing_are_the_connection_s(settings: Settings, hops: str, client: str) -> None:
    settings.TRUSTED_PROXIES = ("127.0.0.0/8",)
    assert proxies.client_of({"HTTP_X_FORWARDED_FOR": hops, "REMOTE_ADDR": "127.0.0.1"}) == client
    assert not proxies.is_trusted("no address")
    assert proxies.is_trusted("::ffff:127.0.0.9") and not proxies.is_trusted("::ffff:192.0.2.1")


def test_the_access_line_tells_no_secrets(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(middleware, "log", log)
    client.get("/search?q=secret", headers={"Authorization": "Basic c2VjcmV0"})
    client.get("/healthz")
    line, quiet = log.calls
    assert (line.method_name, line.kwargs["path"], line.kwargs["status"]) == ("info", "/search", 200)
    assert "secret" not in str(line) and "c2VjcmV0" not in str(line)
    assert quiet.method_name == "debug"


def test_protocols_carry_no_pages_baggage(client: Client, db: None) -> None:
    answer = client.get("/v2/")
    assert answer.status_code == 401 and not answer.cookies and "Vary" not in answer.headers
    assert "Content-Security-Policy" not in answer.headers


def test_a_crash_is_answered_in_the_protocol_s_words(monkeypatch: pytest.MonkeyPatch, client: Client, db: None) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    log = CapturingLogger()
    monkeypatch.setattr(middleware, "crashes", log)
    monkeypatch.setattr(middleware, "resolve", crash)
    client.raise_request_exception = False
    answer = client.get("/v2/")
    [error] = json.loads(answer.content)["errors"]
    assert (answer.status_code, error["code"]) == (500, "UNKNOWN")
    assert error["detail"]["requestId"] == answer.headers["X-Request-Id"]
    assert b"secret detail" not in answer.content and log.calls[0].method_name == "exception"


def test_what_starts_like_a_protocol_may_be_a_page(client: Client, db: None) -> None:
    assert client.get("/v2nonsense").status_code == 404
    assert ProtocolBoundary(lambda request: HttpResponse(b"page"))(RequestFactory().get("/tokens")).status_code == 200


def test_a_host_that_is_not_ours_is_refused(client: Client, settings: Settings, db: None) -> None:
    settings.ALLOWED_HOSTS = ["kho.example.com"]
    answer = client.get("/v2/", headers={"Host": "evil.example.com"})
    assert answer.status_code == 400 and json.loads(answer.content)["errors"]


def test_addresses_with_a_nul_are_refused(client: Client, db: None) -> None:
    assert client.get("/search?q=%00").status_code == 400
    assert client.get("/abc%00").status_code == 400


def test_health(client: Client, db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "parts": {"database": "ok", "storage": "ok"}}
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.json()["parts"]["redis"] == "ConnectionError"
    settings.REDIS_URL = ""

    def away() -> None:
        raise OperationalError("password=secret")

    monkeypatch.setattr(health, "_database", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503 and b"secret" not in answer.content
    assert answer.json()["parts"]["database"] == "OperationalError"


def test_forms_hold_no_nul(client: Client, db: None) -> None:
    assert client.post("/sign-in", {"login": "a\x00b", "password": "x"}).status_code == 400


@pytest.mark.parametrize("start", ["/sign-up/confirm/", "/sign-in/reset/1-", "/account/invitations/", "/v2/_layers/"])
def test_links_that_are_secrets_are_not_in_the_log(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    log = CapturingLogger()
    monkeypatch.setattr(middleware, "log", log)
    client.get(f"{start}a-secret-of-some-kind")
    (line,) = log.calls
    assert line.kwargs["path"] in (f"{start}…", "/sign-in/reset/…")


def test_an_address_searches_as_often_as_it_may(client: Client, db: None, settings: Settings) -> None:
    settings.SEARCHES_PER_MINUTE = 2
    answers = [client.get("/search", REMOTE_ADDR="192.0.2.7") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Too many requests" in answers[2].content.decode()
    assert 0 < int(answers[2].headers["Retry-After"]) <= 60
    assert "Content-Security-Policy" in answers[2].headers
    part = client.get("/search", REMOTE_ADDR="192.0.2.7", headers={"hx-request": "true"})
    assert part.status_code == 429 and b"<html" not in part.content
    assert client.get("/search", REMOTE_ADDR="192.0.2.8").status_code == 200
    assert client.get("/", REMOTE_ADDR="192.0.2.7").status_code == 200
    settings.SEARCHES_PER_MINUTE = 0
    assert client.get("/search", REMOTE_ADDR="192.0.2.7").status_code == 200
