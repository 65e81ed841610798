"""What `/v2/` answers, what a 401 offers on each kind of host, and what paths without an endpoint get."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.directory import principals
from accounts.models import Principal
from accounts.sessions import bearer
from registry.core import repositories
from registry.values import Digest
from tests.registry.oci.conftest import sign_in
from tests.registry.oci.wire import Wire, basic

DOMAIN = "kho.example"


@pytest.mark.parametrize("path", ["/v2/", "/v2"])
def test_it_works_for_whoever_signs_in(alices: Wire, path: str) -> None:
    answer = alices.get(path)
    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert alices.head(path).status == 200


def test_it_works_with_bearer_tokens(alice_user: Principal, nobodys: Wire) -> None:
    for who in (alice_user, None):
        assert Wire(f"Bearer {bearer.issue(who).value}").get("/v2/").status == 200


@pytest.mark.parametrize("path", ["/v2/", "/v2"])
def test_it_refuses_nobody_with_an_offer_of_bearer_alone(nobodys: Wire, path: str) -> None:
    answer = nobodys.get(path)
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="http://kho.test/token/",service="kho.test"'
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_it_refuses_nobody_with_the_scope_that_is_needed(nobodys: Wire) -> None:
    def scope(method: str, path: str) -> str:
        return nobodys(method, f"/v2/111122223333/{path}").headers["WWW-Authenticate"].partition("scope=")[2]

    digest = Digest.of(b"")
    assert scope("GET", "a/b/manifests/latest") == '"repository:111122223333/a/b:pull"'
    assert scope("HEAD", f"ab/blobs/{digest}") == '"repository:111122223333/ab:pull"'
    assert scope("POST", "ab/blobs/uploads/") == '"repository:111122223333/ab:pull,push"'
    assert scope("DELETE", f"ab/manifests/{digest}") == '"repository:111122223333/ab:delete"'


def test_it_works_with_the_public_origin_as_realm(nobodys: Wire, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://registry.example.com"
    assert 'realm="https://registry.example.com/token/"' in nobodys.get("/v2/").headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "authorization",
    [
        basic("AWS", "wrong"),
        basic("AKIANOSUCHKEY0000000", "wrong"),
        "Basic not-base64!",
        "Basic " + "bm9jb2xvbg==",
        "Bearer wrong",
        "Digest username=alice",
        basic("A\0B", "x"),
    ],
)
def test_it_refuses_wrong_credentials(db: None, authorization: str) -> None:
    answer = Wire(authorization).get("/v2/")
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_it_refuses_an_empty_header(nobodys: Wire) -> None:
    assert nobodys.get("/v2/", Authorization=" ").status == 401


def test_it_refuses_a_disabled_principal(alices: Wire, alice_user: Principal) -> None:
    token = Wire(f"Bearer {bearer.issue(alice_user).value}")
    principals.disable(alice_user)
    assert alices.get("/v2/").status == token.get("/v2/").status == 401


def test_it_refuses_an_expired_password_in_ecrs_words(alice_user: Principal, settings: Settings) -> None:
    settings.REGISTRY_PASSWORD_SECONDS = -1
    answer = sign_in(alice_user).get("/v2/")
    assert (answer.status, answer.code) == (401, "DENIED")
    assert answer.message == "Your authorization token has expired. Reauthenticate and try again."


def test_it_refuses_on_an_ecr_shaped_host_as_ecr_does(nobodys: Wire, settings: Settings) -> None:
    settings.DOMAIN = DOMAIN
    host = f"111122223333.dkr.ecr.us-east-1.{DOMAIN}"
    answer = nobodys.at(host).get("/v2/")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == f'Basic realm="https://{host}/",service="ecr.amazonaws.com"'
    assert answer.body == b"Not Authorized\n"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_it_refuses_an_expired_password_on_an_ecr_shaped_host_with_the_envelope(
    alice_user: Principal, settings: Settings
) -> None:
    settings.DOMAIN, settings.REGISTRY_PASSWORD_SECONDS = DOMAIN, -1
    answer = sign_in(alice_user).at(f"111122223333.dkr.ecr.us-east-1.{DOMAIN}").get("/v2/")
    assert (answer.status, answer.code) == (401, "DENIED")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


def test_it_refuses_on_the_public_host_with_ecr_publics_offer(nobodys: Wire, settings: Settings) -> None:
    settings.DOMAIN = DOMAIN
    answer = nobodys.at(f"public.{DOMAIN}").get("/v2/")
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    expected = f'Bearer realm="http://public.{DOMAIN}/token/",service="public.{DOMAIN}",scope="aws"'
    assert answer.headers["WWW-Authenticate"] == expected


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("path", ["/v2/nothing", "/v2/a/b/c", "/v2/a/manifests/", "/v2//x", "/v2/a%0Ab/manifests/x"])
def test_it_refuses_paths_without_an_endpoint(nobodys: Wire, method: str, path: str) -> None:
    answer = nobodys(method, path)
    assert answer.status == 404
    if method != "HEAD":
        assert answer.code == "UNSUPPORTED"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v2/", "GET, HEAD"),
        ("DELETE", "/v2/_catalog", "GET, HEAD"),
        ("GET", "/v2/111122223333/ab/blobs/uploads/", "POST"),
        ("POST", "/v2/111122223333/ab/blobs/uploads/1", "GET, HEAD, PUT, PATCH, DELETE"),
        ("PUT", "/v2/111122223333/ab/blobs/sha256:1", "GET, HEAD, DELETE"),
        ("PATCH", "/v2/111122223333/ab/manifests/latest", "GET, HEAD, PUT, DELETE"),
        ("OPTIONS", "/v2/111122223333/ab/tags/list", "GET, HEAD"),
        ("PUT", "/v2/111122223333/ab/referrers/sha256:1", "GET, HEAD"),
        ("PUT", "/token/", "GET, HEAD, POST"),
    ],
)
def test_it_refuses_methods_that_an_endpoint_does_not_have(nobodys: Wire, method: str, path: str, allowed: str) -> None:
    answer = nobodys(method, path)
    assert (answer.status, answer.code) == (405, "UNSUPPORTED")
    assert set(answer.headers["Allow"].split(", ")) == set(allowed.split(", "))


def test_it_refuses_a_host_header_without_a_host_name(nobodys: Wire) -> None:
    answer = nobodys.at('a"b').get("/v2/")
    assert (answer.status, answer.code) == (400, "UNSUPPORTED")


def test_it_refuses_to_repeat_an_illegal_name_in_a_header(db: None) -> None:
    answer = Wire("Bearer wrong").get("/v2/a%0Db%22/manifests/latest")
    assert answer.status == 401
    assert "scope" not in answer.headers["WWW-Authenticate"]


def test_it_refuses_to_blame_the_client_for_a_fault_of_ours(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(repositories, "catalog", fail)
    answer = Client(raise_request_exception=False).get("/v2/_catalog")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, "UNKNOWN")
    assert "a fault of ours" not in answer.text
