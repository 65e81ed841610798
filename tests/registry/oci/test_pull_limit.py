"""Pulls without a login, as often as one address may; logged in as often as one likes."""

import pytest
from pytest_django import Settings

from accounts.audit import spool
from accounts.caller import Caller
from registry.models import Image
from registry.oci import headers, hot
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.oci.wire import Wire


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    """Two pulls in an hour."""
    settings.ANONYMOUS_PULLS = (2, 3600)


@pytest.fixture
def image(alice: Caller, public_address: Address, address: Address) -> Image:
    """Something public, and something that is not."""
    push_image(alice, address, "v1")
    return push_image(alice, public_address, "v1")


def pull(public: str, authorization: str = "", address: str = "192.0.2.7") -> tuple[int, str]:
    """Get the manifest; the status, and how long to wait."""
    answer = Wire(authorization)("GET", f"{public}/manifests/v1", source=address)
    assert answer.status != 429 or answer.code == "TOOMANYREQUESTS"
    return answer.status, answer.headers.get("Retry-After", "")


def test_it_works(image: Image, public: str) -> None:
    assert [pull(public)[0] for _ in range(2)] == [200, 200]
    status, wait = pull(public)
    assert status == 429 and 0 < int(wait) <= 3600
    assert pull(public, address="192.0.2.8")[0] == 200, "another address"
    assert len(spool.read(spool.files()[0], 0)[0]) == 3, "what was refused is no pull"


def test_whoever_logs_in_is_not_counted(image: Image, public: str, alices: Wire) -> None:
    for _ in range(4):
        assert alices("GET", f"{public}/manifests/v1", source="192.0.2.7").status == 200
    assert pull(public)[0] == 200


def test_only_gets_of_public_manifests_count(image: Image, public: str, private: str) -> None:
    nobody = Wire()
    for _ in range(3):
        assert nobody("HEAD", f"{public}/manifests/v1").status == 200
        assert nobody("GET", f"{public}/tags/list").status == 200
        assert nobody("GET", f"{private}/manifests/v1").status == 401
    assert [pull(public)[0] for _ in range(3)] == [200, 200, 429]


def test_nobody_else_answers_while_pulls_are_counted(image: Image, public: str, settings: Settings) -> None:
    """Neither the short way, nor a cache in front, which would not count."""
    path = f"{public}/manifests/{image.digest}"
    meta = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_HOST": "kho.test"}
    assert hot.answer(meta, "192.0.2.7", "r" * 32) is None
    assert Wire()("GET", path).headers["Cache-Control"] == headers.PRIVATE
    head = hot.answer(meta | {"REQUEST_METHOD": "HEAD"}, "192.0.2.7", "r" * 32)
    assert head is not None and head.headers["Cache-Control"] == headers.PRIVATE
    settings.ANONYMOUS_PULLS = None
    assert hot.answer(meta, "192.0.2.7", "r" * 32) is not None
    assert Wire()("GET", path).headers["Cache-Control"] == headers.SHORT
