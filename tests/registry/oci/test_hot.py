"""The short way of pulls: it answers as the views do or not at all, and what is taken away is gone in time."""

import re
from collections.abc import Callable
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts import recent
from accounts.audit import spool
from accounts.authn import callers
from accounts.caller import Caller
from accounts.directory import principals
from accounts.models import Account, Principal
from accounts.sessions import bearer
from config.front import HotReads
from registry import storage
from registry.core import aliases, blobs, images, permissions, policies, reading, repositories
from registry.models import Alias, Image
from registry.oci import headers, hot
from registry.oci.answers import Answer
from registry.values import Address, Digest
from tests.factories.registry import push_blob, push_image
from tests.registry.oci.wire import Wire

LAYER = b"a layer" * 1000
LAYER_DIGEST = Digest.of(LAYER)
LOOSE = b"a blob that no image names"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that recent values are measured by; tests move it."""
    now = [1000.0]
    for module in (recent, hot, aliases, callers, permissions):
        monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


@pytest.fixture(autouse=True)
def lag(settings: Settings, clock: list[float]) -> None:
    """Rights may lag, as in production; no test sees what another one left."""
    settings.RIGHTS_SECONDS, settings.EARLY_SECONDS = 3.0, 1.25
    kept = (hot._early, aliases._found, callers._identified, permissions._registry_policies, reading.contents)
    for each in kept:
        each.clear()


@pytest.fixture
def image(alice: Caller, address: Address, public_address: Address) -> Image:
    """The image v1 with one layer in both repositories; the public one is returned."""
    for place in (address, public_address):
        push_image(alice, place, "v1", layers=[LAYER])
        push_blob(alice, place, LOOSE)
    return Image.objects.get(repository__region="public")


@pytest.fixture
def token(alice_user: Principal) -> str:
    """Alice's bearer token."""
    return f"Bearer {bearer.issue(alice_user).value}"


def ask(path: str, method: str = "GET", authorization: str = "", **more: str) -> Answer | None:
    """Ask the short way."""
    meta: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": "kho.test", **more}
    if authorization:
        meta["HTTP_AUTHORIZATION"] = authorization
    return hot.answer(meta, "192.0.2.7", "r" * 32)


def body_of(answer: Answer) -> bytes:
    """The bytes, and the file given free."""
    content = b"".join(answer.body)
    if close := getattr(answer.body, "close", None):
        close()
    return content


def digest_in(repository: str) -> str:
    """The digest of the one image below a path."""
    return Image.objects.get(repository__region="public" if repository == "public" else "us-east-1").digest


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("thing", ["manifests/v1", "manifests/{image}", f"blobs/{LAYER_DIGEST}"])
@pytest.mark.parametrize("kind", ["private", "public", "public with login"])
def test_it_works_as_the_views_do(
    request: pytest.FixtureRequest, image: Image, token: str, alices: Wire, method: str, thing: str, kind: str
) -> None:
    place, authorization = kind.split(maxsplit=1)[0], "" if kind == "public" else token
    path = f"{request.getfixturevalue(place)}/{thing.format(image=digest_in(place))}"
    expected = (Wire(authorization))(method, path)
    for _ in range(2):
        answer = ask(path, method, authorization)
        assert answer is not None
        assert (answer.status, body_of(answer)) == (expected.status, expected.body)
        others = {name: value for name, value in expected.headers.items() if name != "X-Request-Id"}
        assert answer.headers == others
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_it_works_through_wsgi(transactional_db: None, image: Image, public: str) -> None:
    seen: list[Any] = []

    def start(status: str, fields: list[tuple[str, str]], *_: Any) -> None:
        seen.append((status, dict(fields)))

    def ask_front(path: str) -> bytes:
        environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_HOST": "kho.test", "REMOTE_ADDR": "192.0.2.7"}
        setup_testing_defaults(environ)
        return b"".join(HotReads(get_wsgi_application())(environ, start))

    assert ask_front(f"{public}/manifests/v1") == bytes(image.manifest.content)
    assert seen[0][0] == "200 OK" and re.fullmatch("[0-9a-f]{32}", seen[0][1]["X-Request-Id"])
    assert b"MANIFEST_UNKNOWN" in ask_front(f"{public}/manifests/v2")
    assert b"<html" in ask_front("/search")


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/v2/", {}),
        ("/search", {}),
        ("{public}/tags/list", {}),
        ("{public}/manifests/v1", {"REQUEST_METHOD": "PUT"}),
        ("{public}/manifests/v1", {"HTTP_HOST": ""}),
        ("{public}/manifests/v1", {"HTTP_HOST": "bad host"}),
        ("{public}/manifests/absent", {}),
        ("{public}/manifests/.no-tag", {}),
        ("/v2/nobody/app/manifests/v1", {}),
        ("/v2/UPPER/manifests/v1", {}),
        ("{private}/manifests/v1", {}),
        ("{private}/manifests/v1", {"HTTP_AUTHORIZATION": "Bearer altered"}),
        ("{private}/manifests/v1", {"HTTP_AUTHORIZATION": "Digest strange"}),
        ("{public}/blobs/sha256:short", {}),
        (f"{{public}}/blobs/{Digest.of(b'absent')}", {}),
        (f"{{public}}/blobs/{LAYER_DIGEST}", {"HTTP_RANGE": "bytes=0-1"}),
        (f"{{public}}/blobs/{LAYER_DIGEST}", {"HTTP_IF_NONE_MATCH": f'"{LAYER_DIGEST}"'}),
        (f"{{public}}/blobs/{LAYER_DIGEST}", {"QUERY_STRING": "a=b"}),
    ],
)
def test_it_leaves_to_the_views(image: Image, private: str, public: str, path: str, more: dict[str, str]) -> None:
    assert ask(path.format(private=private, public=public), **more) is None


def test_it_leaves_hosts_that_are_not_served(image: Image, public: str, settings: Settings) -> None:
    hot._host.cache_clear()
    settings.ALLOWED_HOSTS = ["kho.example"]
    assert ask(f"{public}/manifests/v1", HTTP_HOST="evil.example") is None
    assert ask(f"{public}/manifests/v1", HTTP_HOST="kho.example:8000") is not None
    hot._host.cache_clear()


def test_it_leaves_a_database_that_fails(image: Image, public: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(reading, "_row", fail)
    assert ask(f"{public}/manifests/v1") is None


def test_a_blob_that_is_damaged_is_no_answer(image: Image, public: str) -> None:
    path = f"{public}/blobs/{LAYER_DIGEST}"
    assert ask(path, "HEAD") is not None
    driver = storage.default()
    for key in [each.key for each in list(driver.keys())]:
        driver.delete(key)
    assert ask(path, "HEAD") is None
    assert ask(path) is None


# --- early answers: for nobody, of public content by digest


@pytest.mark.parametrize("thing", ["manifests/{image}", f"blobs/{LAYER_DIGEST}"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_second_answer_costs_no_query(image: Image, public: str, thing: str, method: str) -> None:
    path = f"{public}/{thing.format(image=image.digest)}"
    first = ask(path, method, f"Bearer {bearer.issue(None).value}")
    with CaptureQueriesContext(connection) as queries:
        second = ask(path, method)
    assert first is not None and second is not None
    assert (first.headers, body_of(first)) == (second.headers, body_of(second))
    assert len(queries) == 0


def test_early_answers_are_recorded_as_pulls(image: Image, public: str, anonymous: Caller) -> None:
    for method in ("GET", "GET", "HEAD"):
        assert ask(f"{public}/manifests/{image.digest}", method, HTTP_USER_AGENT="docker/28") is not None
    [file] = spool.files()
    lines, _ = spool.read(file, 0)
    assert [(line["kind"], line["image"], line["digest"], line["tag"]) for line in lines] == [
        ("pull", image.id, image.digest, ""),
        ("pull", image.id, image.digest, ""),
        ("head", image.id, image.digest, ""),
    ]
    assert {(line["caller"]["source_ip"], line["caller"]["user_agent"]) for line in lines} == {
        ("192.0.2.7", "docker/28")
    }


def delete_image(alice: Caller, place: Address, image: Image) -> None:
    """By its owner."""
    images.delete(alice, place, Digest.parse(image.digest))


def delete_repository(alice: Caller, place: Address, image: Image) -> None:
    """With all that is in it."""
    repositories.delete(alice, place, force=True)


def suspend_account(alice: Caller, place: Address, image: Image) -> None:
    """By staff."""
    Account.objects.filter(id=place.registry.account_id).update(is_active=False)


def take_alias(alice: Caller, place: Address, image: Image) -> None:
    """The account loses the name."""
    Alias.objects.filter(account_id=place.registry.account_id).delete()


def deny(alice: Caller, place: Address, image: Image) -> None:
    """A policy forbids what everybody may."""
    text = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "ecr-public:*"}}'
    policies.put(alice, place, text, force=True)


@pytest.mark.parametrize("take_away", [delete_image, delete_repository, suspend_account, take_alias, deny])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_early_answer_is_revoked_within_five_seconds(
    image: Image,
    alice: Caller,
    public_address: Address,
    public: str,
    clock: list[float],
    method: str,
    take_away: Callable[[Caller, Address, Image], None],
) -> None:
    path = f"{public}/manifests/{image.digest}"
    assert ask(path, method) is not None, "the alias is known from now on"
    clock[0] += 1.2
    hot._early.clear()
    assert ask(path, method) is not None, "found by an alias that is old already"
    take_away(alice, public_address, image)
    clock[0] += 1.2
    in_front = int(re.findall(r"max-age=(\d+)", headers.SHORT)[0])
    assert ask(path, method) is not None, "the last moment of an early answer"
    clock[0] += 0.1
    assert ask(path, method) is None
    assert 1.25 + 1.25 + in_front + 1 <= 5, "a cache that counts whole seconds keeps it for almost one more"


def test_a_blob_without_a_live_image_is_never_answered_early(
    image: Image, alice: Caller, public_address: Address, public: str, clock: list[float]
) -> None:
    loose, layer = f"{public}/blobs/{Digest.of(LOOSE)}", f"{public}/blobs/{LAYER_DIGEST}"
    for path in (loose, layer):
        assert ask(path, "HEAD") is not None
    assert {path for _, _, path in hot._early._kept} == {layer}
    images.delete(alice, public_address, Digest.parse(image.digest))
    clock[0] += 1.3
    hot._early.clear()
    assert ask(layer, "HEAD") is not None, "the repository still has the blob"
    assert not hot._early._kept
    blobs.delete(alice, public_address, LAYER_DIGEST)
    assert ask(layer) is None


def test_who_signs_in_sees_a_delete_at_once(
    image: Image, alice: Caller, public_address: Address, public: str, token: str
) -> None:
    path = f"{public}/manifests/{image.digest}"
    assert ask(path) is not None and ask(path, authorization=token) is not None
    images.delete(alice, public_address, Digest.parse(image.digest))
    assert ask(path) is not None
    assert ask(path, authorization=token) is None


def test_a_tag_is_looked_up_each_time(image: Image, alice: Caller, public_address: Address, public: str) -> None:
    assert ask(f"{public}/manifests/v1") is not None
    moved = push_image(alice, public_address, "v1")
    answer = ask(f"{public}/manifests/v1")
    assert answer is not None and answer.headers["Docker-Content-Digest"] == moved.digest


def test_a_disabled_principal_is_refused_within_three_seconds(
    image: Image, private: str, token: str, alice_user: Principal, clock: list[float]
) -> None:
    assert ask(f"{private}/manifests/v1", authorization=token) is not None
    with CaptureQueriesContext(connection) as queries:
        assert ask(f"{private}/manifests/v1", authorization=token) is not None
    assert len(queries) == 1, "who calls and the manifest's bytes are known"
    principals.disable(alice_user)
    clock[0] += 3
    assert ask(f"{private}/manifests/v1", authorization=token) is None


# --- what stays in memory


def test_recent_values_are_bounded(clock: list[float]) -> None:
    values: recent.Recent[int, str] = recent.Recent(most=3)
    for key in range(10):
        values.keep(key, "value", clock[0])
        assert len(values._kept) <= 3
    assert values.get(9, 1) == "value" and values.get(9, 0) is None and values.get(1, 1) is None


def test_contents_are_bounded_and_the_oldest_go_first() -> None:
    contents = reading.Contents[bytes](most=100)
    contents.keep("large", b"x", reading.LARGEST_KEPT + 1)
    assert contents.get("large") is None
    for name in "ab":
        contents.keep(name, b"x", 40)
    assert contents.get("a")
    contents.keep("c", b"x", 40)
    assert contents.get("b") is None and contents.get("a") and contents.get("c")
    contents.keep("c", b"y", 40)
    assert contents.get("c") == b"y" and contents.get("a")
