"""The gallery's undocumented calls, as crawlers make them."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.caller import Caller
from gallery.search import index
from registry.core import aliases, catalog
from registry.models import RegistryCatalogData
from registry.values import Address
from tests.factories.registry import make_public_repository, push_image


@pytest.fixture
def alias(alice: Caller, public_address: Address) -> str:
    """A publisher with three repositories."""
    push_image(alice, public_address, "1.0")
    push_image(alice, public_address, "1.1")
    catalog.put(alice, public_address, {"description": "Serves", "source_url": "https://example.com/source"})
    for name in ("apple", "application"):
        make_public_repository(alice, name)
    RegistryCatalogData.objects.create(account_id=alice.account_id, display_name="Alice & Co")
    index.rebuild()
    return aliases.primary(alice.account_id)


def post(client: Client, call: str, status: int = 200, content_type: str = "application/json", **body: Any) -> Any:
    """The value of an answer."""
    answer = client.post(f"/{call}", json.dumps(body), content_type=content_type)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_it_works_to_search(alias: str) -> None:
    """Without a cross-site token, and whatever the body is said to be."""
    client = Client(enforce_csrf_checks=True)
    body: dict[str, Any] = {"searchTerm": "app", "sortConfiguration": {"sortKey": "POPULARITY"}}
    found = post(client, "searchRepositoryCatalogData", content_type="text/plain;charset=UTF-8", **body)
    assert found["totalResults"] == 3
    row = next(each for each in found["repositoryCatalogSearchResultList"] if each["repositoryName"] == "app")
    assert row["primaryRegistryAliasName"] == alias and row["displayName"] == "Alice & Co"
    assert (row["repositoryDescription"], row["registryVerified"], row["downloadCount"]) == ("Serves", False, 0)
    assert row["operatingSystems"] == ["Linux"] and row["architectures"] == ["x86-64"]


def test_pages_hold_each_repository_once(client: Client, alias: str) -> None:
    names, token = [], ""
    for _ in range(5):
        more: dict[str, Any] = {"nextToken": token} if token else {}
        found = post(client, "searchRepositoryCatalogData", searchTerm="app", maxResults=1, **more)
        names += [each["repositoryName"] for each in found["repositoryCatalogSearchResultList"]]
        token = found.get("nextToken", "")
        if not token:
            break
    assert sorted(names) == ["app", "apple", "application"]
    assert post(client, "searchRepositoryCatalogData", maxResults=100)["totalResults"] == 3


def test_registries_repositories_and_tags(client: Client, alias: str) -> None:
    registry = post(client, "getRegistryCatalogData", registryAliasName=alias)
    assert registry["registryCatalogData"]["displayName"] == "Alice & Co"
    place: dict[str, Any] = {"registryAliasName": alias, "repositoryName": "app"}
    found = post(client, "getRepositoryCatalogData", **place)
    assert found["catalogData"]["sourceCodeRepository"] == "https://example.com/source"
    assert found["insightData"] == {"downloadCount": 0}
    assert (
        post(client, "getRepositoryCatalogData", **place | {"repositoryName": "apple"})["catalogData"]["aboutText"]
        == ""
    )
    first = post(client, "describeImageTags", maxResults=1, **place)
    rest = post(client, "describeImageTags", nextToken=first["nextToken"], **place)
    rows = first["imageTagDetails"] + rest["imageTagDetails"]
    assert [row["imageTag"] for row in rows] == ["1.0", "1.1"] and "nextToken" not in rest
    assert rows[0]["imageDetail"]["imageDigest"].startswith("sha256:") and rows[0]["createdAt"].endswith("Z")


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("searchRepositoryCatalogData", {"searchTerm": 7}, 400),
        ("searchRepositoryCatalogData", {"maxResults": 0}, 400),
        ("searchRepositoryCatalogData", {"maxResults": True}, 400),
        ("searchRepositoryCatalogData", {"maxResults": 101}, 400),
        ("searchRepositoryCatalogData", {"nextToken": "forged"}, 400),
        ("searchRepositoryCatalogData", {"sortConfiguration": {"sortKey": "LUCK"}}, 400),
        ("searchRepositoryCatalogData", {"sortConfiguration": "x"}, 400),
        ("searchRepositoryCatalogData", {"sortConfiguration": {"sortKey": []}}, 400),
        ("searchRepositoryCatalogData", {"searchTerm": "\ud800"}, 400),
        ("getRegistryCatalogData", {}, 400),
        ("getRegistryCatalogData", {"registryAliasName": "nobody"}, 404),
        ("getRepositoryCatalogData", {"registryAliasName": "nobody", "repositoryName": "app"}, 404),
        ("describeImageTags", {"registryAliasName": "a\x00b", "repositoryName": "app"}, 400),
        ("describeImageTags", {"registryAliasName": "nobody", "repositoryName": "app"}, 404),
        ("getRegistryCatalogData", {"registryAliasName": "\ud800"}, 400),
    ],
)
def test_it_refuses(client: Client, alias: str, call: str, body: dict[str, Any], status: int) -> None:
    assert post(client, call, status, **body)["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, b" " * 70_000])
def test_broken_bodies_get_an_error(client: Client, alias: str, body: bytes) -> None:
    answer = client.post("/describeImageTags", body, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["detail"]


def test_tokens_are_of_their_request(client: Client, alias: str) -> None:
    place: dict[str, Any] = {"registryAliasName": alias, "repositoryName": "app"}
    token = post(client, "describeImageTags", maxResults=1, **place)["nextToken"]
    post(client, "searchRepositoryCatalogData", 400, nextToken=token)
    post(client, "describeImageTags", 400, nextToken=token, **place | {"repositoryName": "apple"})
    assert client.get("/describeImageTags").status_code == 405
