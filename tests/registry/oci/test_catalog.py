"""Listing repositories: what is the caller's, on each kind of host, page by page."""

import pytest
from pytest_django import Settings

from accounts.caller import Caller
from registry.core import addresses, repositories
from tests.factories.registry import make_public_repository, make_repository
from tests.registry.oci.wire import Wire

NAMES = ["app", "app-b", "app/a", "zz"]


@pytest.fixture
def alias(alice: Caller) -> str:
    """Alice's alias; she has NAMES in her home region, and a public repository."""
    for name in NAMES:
        make_repository(alice, name)
    address = make_public_repository(alice, "tool").address
    return addresses.path(address).partition("/")[0]


def test_it_works_in_byte_order(alices: Wire, bobs: Wire, alias: str) -> None:
    answer = alices.get("/v2/_catalog")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.json == {"repositories": [*(f"111122223333/{name}" for name in NAMES), f"{alias}/tool"]}
    assert "Link" not in answer.headers
    assert bobs.get("/v2/_catalog").json == answer.json
    assert alices.head("/v2/_catalog").status == 200


@pytest.mark.parametrize("size", [1, 2, 4])
def test_it_works_page_by_page(alices: Wire, alias: str, size: int) -> None:
    found: list[str] = []
    path = f"/v2/_catalog?n={size}"
    while path:
        answer = alices.get(path)
        assert len(answer.json["repositories"]) <= size
        found += answer.json["repositories"]
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert found == [*(f"111122223333/{name}" for name in NAMES), f"{alias}/tool"]


def test_it_works_in_several_regions(alices: Wire, alice: Caller, alias: str, settings: Settings) -> None:
    settings.REGIONS = ["us-east-1", "eu-west-1"]
    repositories.create(alice, addresses.private(alice.account_id, "far", "eu-west-1"))
    found = alices.get("/v2/_catalog").json["repositories"]
    assert found[0] == "111122223333.eu-west-1/far"
    assert found == sorted(found)


def test_it_works_with_the_hosts_own_paths(alices: Wire, alias: str, settings: Settings) -> None:
    settings.DOMAIN = "kho.example"
    own = alices.at("111122223333.dkr.ecr.us-east-1.kho.example")
    assert own.get("/v2/_catalog").json == {"repositories": NAMES}
    answer = own.get("/v2/_catalog?n=2")
    assert answer.json == {"repositories": NAMES[:2]}
    assert answer.headers["Link"] == '</v2/_catalog?n=2&last=app-b>; rel="next"'
    assert own.get("/v2/_catalog?n=2&last=app-b").json == {"repositories": NAMES[2:]}
    assert alices.at("public.kho.example").get("/v2/_catalog").json == {"repositories": [f"{alias}/tool"]}


def test_it_refuses_another_accounts_host(
    alices: Wire, charlies: Wire, nobodys: Wire, alias: str, settings: Settings
) -> None:
    settings.DOMAIN = "kho.example"
    for account in ("111122223333", "999999999999"):
        answer = charlies.at(f"{account}.dkr.ecr.us-east-1.kho.example").get("/v2/_catalog")
        assert (answer.status, answer.code) == (403, "DENIED")
    answer = nobodys.at("111122223333.dkr.ecr.us-east-1.kho.example").get("/v2/_catalog")
    assert answer.status == 401
    assert nobodys.at("public.kho.example").get("/v2/_catalog").status == 401
    assert charlies.at("public.kho.example").get("/v2/_catalog").json == {"repositories": []}


def test_it_works_for_no_entries_without_a_link(alices: Wire, alias: str) -> None:
    answer = alices.get("/v2/_catalog?n=0")
    assert (answer.status, answer.json) == (200, {"repositories": []})
    assert "Link" not in answer.headers


@pytest.mark.parametrize(
    ("query", "code"),
    [("n=x", "PAGINATION_NUMBER_INVALID"), ("n=-1", "PAGINATION_NUMBER_INVALID"), ("last=%00", "UNSUPPORTED")],
)
def test_it_refuses_what_is_no_page(alices: Wire, query: str, code: str) -> None:
    answer = alices.get(f"/v2/_catalog?{query}")
    assert (answer.status, answer.code) == (400, code)
