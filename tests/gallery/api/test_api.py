"""The documented JSON API: what the pages show, for programs."""

import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from gallery.search import index
from registry.core import aliases, catalog, policies
from registry.models import Image
from registry.values import Address
from tests.factories.registry import make_public_repository, push_image, push_index


@pytest.fixture
def alias(alice: Caller, public_address: Address) -> str:
    """A publisher with a repository of two tags."""
    one = push_image(alice, public_address, "1.0")
    push_index(alice, public_address, "all", [one])
    push_image(alice, public_address, "1.1")
    subject = {"mediaType": one.media_type, "digest": one.digest, "size": one.manifest_size}
    signature = push_image(alice, public_address, "sig", subject=subject)
    Image.objects.filter(id=signature.id).update(kind=Image.Kind.SIGNATURE)
    said = {"description": "Serves pages", "about_text": "# Hi", "categories": ["databases"], "licence": "MIT"}
    catalog.put(alice, public_address, said)
    index.rebuild()
    return aliases.primary(alice.account_id)


def get(client: Client, path: str, status: int = 200) -> Any:
    """The value of an answer."""
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.content
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return answer.json()


def test_it_works_to_search(client: Client, alias: str) -> None:
    found = get(client, "search?q=pages&kind=image&category=databases")
    assert (found["total"], found["page"], found["pages"], found["is_many"]) == (1, 1, 1, False)
    [row] = found["results"]
    assert row["reference"] == f"testserver/{alias}/app" and row["url"] == f"http://testserver/{alias}/app"
    assert (row["newest_tag"], row["licence"], row["is_signed"]) == ("1.1", "MIT", True)
    assert found["facets"]["kind"] == {"image": 1}
    assert get(client, "search?q=pagse")["corrected"] == ""
    assert get(client, "search?q=zzz")["results"] == []


@pytest.mark.parametrize("bad", ["kind=x", "sort=x", "page=x", "arch=x", "deprecated=x"])
def test_it_refuses_filters_that_there_are_none_of(client: Client, db: None, bad: str) -> None:
    assert bad.partition("=")[0] in get(client, f"search?{bad}", 400)["detail"]


def test_publishers_and_categories(client: Client, alias: str) -> None:
    listed = get(client, "publishers")
    assert [row["alias"] for row in listed["results"]] == [alias] and listed["next"] == ""
    assert get(client, "publishers?verified=yes")["results"] == []
    one = get(client, f"publishers/{alias}")
    assert (one["name"], one["repositories"], one["is_verified"]) == ("Alice", 1, False)
    get(client, "publishers/nobody", 404)
    categories = {row["slug"]: row["repositories"] for row in get(client, "categories")}
    assert categories["databases"] == 1 and categories["storage"] == 0


def test_a_repository_with_its_tags_images_and_history(client: Client, alias: str) -> None:
    place = f"repositories/{alias}/app"
    repository = get(client, place)
    assert repository["about_text"] == "# Hi" and repository["created_at"].endswith("Z")
    tags = get(client, f"{place}/-/tags")
    assert [row["name"] for row in tags["results"]] == ["1.0", "1.1", "all", "sig"] and tags["next"] == ""
    image = get(client, f"{place}/-/tags/1.0")
    assert image == get(client, f"{place}/-/images/{image['digest']}")
    assert image["manifest"]["layers"] and image["tags"] == ["1.0"] and len(image["referrers"]) == 1
    history = get(client, f"{place}/-/history")
    assert [(row["tag"], row["kind"]) for row in history["results"]][-1] == ("1.0", "created")
    assert "principal" not in json.dumps(history)


def test_what_is_not_there_or_may_not_be_seen_is_404(
    client: Client, alias: str, alice: Caller, public_address: Address
) -> None:
    for path in ("repositories/nobody/app", f"repositories/{alias}/none", f"repositories/{alias}/app/-/tags/none"):
        get(client, path, 404)
    denied = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "ecr-public:*"}]}
    policies.put(alice, public_address, json.dumps(denied), force=True)
    for path in ("", "/-/tags", "/-/history", "/-/tags/1.0"):
        assert get(client, f"repositories/{alias}/app{path}", 404) == {"detail": "There is nothing of that name."}


def test_pages_of_tags_follow_each_other(client: Client, alias: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gallery.api.views.MOST", 3)
    first = get(client, f"repositories/{alias}/app/-/tags")
    rest = get(client, f"repositories/{alias}/app/-/tags?after={first['next']}")
    assert [row["name"] for row in first["results"] + rest["results"]] == ["1.0", "1.1", "all", "sig"]
    get(client, f"repositories/{alias}/app/-/tags?after={'x' * 301}", 400)
    get(client, f"repositories/{alias}/app/-/tags?sort=size&after=x~1", 400)


def test_only_reading_is_offered(client: Client, alias: str) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)("/api/v1/search").status_code == 405


def test_answers_cost_the_same_however_much_is_there(
    client: Client,
    alias: str,
    alice: Caller,
    public_address: Address,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        push_image(alice, public_address, f"more-{number}")
        make_public_repository(alice, f"more-{number}")
    index.rebuild()
    place = f"repositories/{alias}/app"
    for path, queries in (("search?q=app", 5), ("publishers", 1), (place, 4), (f"{place}/-/tags", 6)):
        with django_assert_num_queries(queries):
            get(client, path)


def test_it_is_described_in_openapi(client: Client, db: None, tmp_path: Any) -> None:
    described = client.get("/api/openapi.json")
    assert described.status_code == 200
    paths = described.json()["paths"]
    assert "/api/v1/search" in paths and not [path for path in paths if not path.startswith("/api/v1/")]
    parameters = {each["name"] for each in paths["/api/v1/search"]["get"]["parameters"]}
    assert {"q", "kind", "os", "arch", "verified", "category", "licence", "sort", "page"} <= parameters
    assert client.get("/api/openapi.yaml").status_code == 200
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))
