"""What the description promises is what is answered: every address in it is asked, and every answer is checked."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from jsonschema import Draft202012Validator

from registry.models import DailyPulls, Image, Repository
from tests.gallery.api.conftest import Ask


@pytest.fixture
def described(client: Client, db: None) -> dict[str, Any]:
    """The description."""
    answer: dict[str, Any] = client.get("/api/openapi.json").json()
    return answer


def strict(schema: Any) -> Any:
    """OpenAPI 3.0 as JSON Schema, in which objects hold nothing that is not described."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items() if key != "nullable"}
    if "properties" in made and made.get("type") == "object":
        made["additionalProperties"] = False
    return {"anyOf": [{"type": "null"}, made]} if schema.get("nullable") is True else made


def test_every_answer_is_as_it_is_described(ask: Ask, described: dict[str, Any], app: str, shop: str) -> None:
    today = timezone.now().date()
    for by in ("client", "tag", "platform"):
        for repository in Repository.objects.all():
            DailyPulls.objects.create(repository=repository, by=by, name="x", day=today, count=2)
    digest = Image.objects.get(tags__name="1.0").digest
    components = strict(described["components"])
    questions = {"search": "?q=app", "search/suggestions": "?q=ap", f"{app}/-/tags": "?platform=linux/arm64"}
    for path, operations in described["paths"].items():
        place, tag = (shop, "1.0.0") if "/charts/" in path else (app, "1.0")
        _, alias, name = place.split("/", 2)
        known = {"alias": alias, "name": name, "tag": tag, "digest": digest, "before": "1.0", "after": "1.0-arm"}
        asked = path.removeprefix("/api/v1/").format(**known)
        asked += questions.get(asked, "")
        answered = ask(asked)
        assert answered, f"{asked} says nothing"
        schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator({**strict(schema), "components": components}).validate(answered)


def test_comparisons_of_charts_are_too(ask: Ask, described: dict[str, Any], shop: str) -> None:
    answered = ask(f"{shop}/-/compare/1.0.0...1.1.0")
    assert answered["chart"]["templates"] and answered["changes"]
    schema = {"$ref": "#/components/schemas/Comparison", "components": strict(described["components"])}
    Draft202012Validator(schema).validate(answered)


def test_every_operation_tells_how_it_fails(described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        assert operations.keys() == {"get"}
        responses = operations["get"]["responses"]
        assert "429" in responses, path
        if "{name}" in path:
            assert {"302", "404", "410"} <= responses.keys(), path
        for status, response in responses.items():
            if status != "200":
                reference = response["content"]["application/json"]["schema"]["$ref"]
                assert reference == "#/components/schemas/Problem", (path, status)
