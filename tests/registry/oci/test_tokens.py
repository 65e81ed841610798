"""The token service: for docker's GET, for containerd's OAuth2 POST, for nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from pytest_django import Settings

from accounts.directory import access_keys
from accounts.models import Principal
from accounts.sessions import passwords, signed
from registry.core import addresses
from registry.values import Address
from tests.registry.oci.conftest import sign_in
from tests.registry.oci.wire import Answer, Wire, basic

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def key(alice_user: Principal) -> tuple[str, str]:
    """Alice's access key and its secret."""
    new = access_keys.create(alice_user)
    return new.id, new.secret


@pytest.fixture
def expired(alice_user: Principal) -> str:
    """A registry password of Alice that ran out an hour ago."""
    value, _ = signed.issue(passwords.SALT, alice_user.unique_id, timedelta(hours=-1))
    return value


def ask(wire: Wire, *scopes: str, **more: str) -> Answer:
    """Ask by GET as docker does."""
    query = urlencode([*(("scope", scope) for scope in scopes), *more.items()])
    return wire.get(f"/token/?service=kho.test&{query}")


def post(wire: Wire, *scopes: str, **form: str) -> Answer:
    """Ask by POST as containerd does."""
    fields = {"grant_type": "password", "service": "kho.test", "client_id": "containerd-client", **form}
    if scopes:
        fields["scope"] = " ".join(scopes)
    return wire.post("/token/", urlencode(fields).encode(), FORM)


def can_ping(answer: Answer) -> bool:
    """Whether the token in the answer is good."""
    assert answer.status == 200
    return Wire(f"Bearer {answer.json['token']}").get("/v2/").status == 200


def may_push(answer: Answer, path: str) -> bool:
    """Whether the token in the answer is of somebody who may push there."""
    return Wire(f"Bearer {answer.json['token']}").post(f"{path}/blobs/uploads/").status == 202


def test_it_works_for_docker(alices: Wire, private: str) -> None:
    answer = ask(alices, f"repository:{private.removeprefix('/v2/')}:pull,push", account="AWS", offline_token="true")
    token = answer.json
    assert token["access_token"] == token["token"]
    assert token["expires_in"] == 900
    issued = datetime.strptime(token["issued_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - issued) < timedelta(minutes=1)
    assert "refresh_token" not in token
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert can_ping(answer) and may_push(answer, private)


def test_it_works_without_the_last_slash_and_without_redirect(alices: Wire) -> None:
    assert alices.get("/token?service=kho.test").status == 200
    assert alices.post("/token", b"grant_type=password", FORM).status == 200
    assert alices.head("/token/").status == 200


def test_it_works_for_containerd(nobodys: Wire, alice_user: Principal, private: str) -> None:
    password = passwords.issue(alice_user).value
    scopes = (f"repository:{private.removeprefix('/v2/')}:pull,push", "repository:other:pull")
    answer = post(nobodys, *scopes, username="AWS", password=password)
    assert may_push(answer, private)
    assert answer.json["scope"] == " ".join(scopes)


def test_it_works_with_an_access_key(nobodys: Wire, key: tuple[str, str], private: str) -> None:
    key_id, secret = key
    assert may_push(ask(Wire(basic(key_id, secret))), private)
    assert may_push(post(nobodys, username=key_id, password=secret), private)
    assert may_push(post(Wire(basic(key_id, secret))), private)


def test_it_works_for_nobody(nobodys: Wire, private: str) -> None:
    for answer in (ask(nobodys, "repository:a/b:pull"), ask(nobodys), post(nobodys, "repository:a/b:pull")):
        assert can_ping(answer)
        assert not may_push(answer, private)


def test_it_works_for_a_post_without_csrf_token(nobodys: Wire, settings: Settings) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.csrf.CsrfViewMiddleware"]
    assert can_ping(post(nobodys))


def test_it_works_as_nobody_with_an_expired_password_for_public_pulls(
    expired: str, public_address: Address, nobodys: Wire, private: str
) -> None:
    scope = f"repository:{addresses.path(public_address)}:pull"
    for answer in (
        ask(Wire(basic("AWS", expired)), scope),
        ask(Wire(basic("AWS", expired)), scope, scope),
        ask(Wire(basic("AWS", expired)), f"{scope} {scope}"),
        post(nobodys, scope, username="AWS", password=expired),
    ):
        assert can_ping(answer)
        assert not may_push(answer, private)


def test_it_works_as_nobody_with_an_expired_password_on_the_public_host(expired: str, settings: Settings) -> None:
    settings.DOMAIN = "kho.example"
    wire = Wire(basic("AWS", expired), host="public.kho.example")
    assert can_ping(ask(wire, "aws"))
    assert ask(wire).status == 401


@pytest.mark.parametrize(
    "scopes",
    [
        [],
        ["repository:111122223333/team/app:pull"],
        ["repository:{public}:pull,push"],
        ["repository:{public}:push"],
        ["repository:{public}:pull", "repository:111122223333/team/app:pull"],
        ["repository:nosuchalias/app:pull"],
        ["repository:UPPER/app:pull"],
        ["registry:catalog:*"],
        ["aws"],
        ["{public}"],
    ],
)
def test_it_refuses_an_expired_password_for_anything_else(
    expired: str, public_address: Address, scopes: list[str]
) -> None:
    path = addresses.path(public_address)
    answer = ask(Wire(basic("AWS", expired)), *(scope.format(public=path) for scope in scopes))
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
    assert answer.message == "Your authorization token has expired. Reauthenticate and try again."
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="http://kho.test/token/"'


def test_it_refuses_wrong_credentials(alice_user: Principal, key: tuple[str, str], public_address: Address) -> None:
    scope = f"repository:{addresses.path(public_address)}:pull"
    good = passwords.issue(alice_user).value
    wrong: list[Any] = [
        ask(Wire(basic("AWS", "wrong")), scope),
        ask(Wire(basic("AWS", good + "x")), scope),
        ask(Wire(basic("alice", good)), scope),
        ask(Wire(basic(key[0], "wrong")), scope),
        ask(Wire(basic("AKIANOSUCHKEY0000000", key[1])), scope),
        ask(Wire("Basic %%%"), scope),
        ask(Wire("Bearer x"), scope),
        post(Wire(), scope, username="AWS", password="wrong"),
        post(Wire(), scope, username="\0", password="wrong"),
        post(Wire(), scope, username="AWS"),
        post(Wire(), scope, grant_type="refresh_token", refresh_token="x"),
    ]
    assert {(answer.status, answer.code) for answer in wrong} == {(401, "UNAUTHORIZED")}
    assert len({answer.body for answer in wrong}) == 1


def test_it_refuses_a_disabled_principals_password(alice_user: Principal, alices: Wire) -> None:
    Principal.objects.filter(id=alice_user.id).update(is_active=False)
    assert ask(alices).status == 401


def test_it_refuses_forms_that_cannot_be_read(nobodys: Wire) -> None:
    answer = nobodys.post("/token/", b"x=" + b"a" * 3_000_000, FORM)
    assert (answer.status, answer.code) == (413, "SIZE_INVALID")
    answer = nobodys.post("/token/", b"&".join(b"a=1" for _ in range(2000)), FORM)
    assert (answer.status, answer.code) == (400, "UNSUPPORTED")
    answer = nobodys.post("/token/", b"nothing of the kind", "multipart/form-data; boundary=\xff")
    assert (answer.status, answer.code) == (400, "UNSUPPORTED")


def test_it_refuses_to_let_a_token_live_for_ever(settings: Settings, alice_user: Principal) -> None:
    settings.BEARER_TOKEN_SECONDS = -1
    token = ask(sign_in(alice_user)).json["token"]
    answer = Wire(f"Bearer {token}").get("/v2/")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
