"""Schemas of values as rows."""

import json
from time import process_time

import pytest

from registry.content import json_schemas
from registry.content.json_schemas import Row, SchemaUnreadable

SCHEMA = {
    "$defs": {"port": {"type": "integer", "description": "A port"}},
    "required": ["image"],
    "properties": {
        "image": {
            "type": "object",
            "properties": {"tag": {"type": ["string", "null"], "default": "latest"}},
        },
        "port": {"$ref": "#/$defs/port", "default": 80},
        "mode": {"enum": ["a", "b"], "title": "Mode"},
        "hosts": {"type": "array", "items": {"properties": {"name": {"type": "string"}}, "required": ["name"]}},
        "either": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        "odd": "not a schema",
    },
}


def test_it_lists_keys_before_what_is_inside() -> None:
    assert json_schemas.rows(json.dumps(SCHEMA).encode()) == [
        Row("image", "object", "", "", True, ""),
        Row("image.tag", "string | null", '"latest"', "", False, ""),
        Row("port", "integer", "80", "", False, "A port"),
        Row("mode", "", "", '"a", "b"', False, "Mode"),
        Row("hosts", "array", "", "", False, ""),
        Row("hosts[].name", "string", "", "", True, ""),
        Row("either", "string | number", "", "", False, ""),
    ]


def test_circles_and_giants_end() -> None:
    circle = {"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}}
    assert len(json_schemas.rows(json.dumps(circle).encode())) <= json_schemas.MOST_ROWS
    wide: dict[str, dict[str, object]] = {"properties": {str(number): {} for number in range(5000)}}
    assert len(json_schemas.rows(json.dumps(wide).encode())) == json_schemas.MOST_ROWS


@pytest.mark.parametrize(
    "target",
    [
        {"default": list(range(100_000))},
        {"enum": [list(range(100_000))]},
        {"required": [f"a{number}" for number in range(90_000)], "properties": {}},
        {"properties": {f"a{number}": 1 for number in range(90_000)}},
        {f"a{number}": 1 for number in range(90_000)},
    ],
    ids=["default", "enum", "required", "properties", "keys"],
)
def test_what_two_thousand_keys_refer_to_is_read_once(target: dict[str, object]) -> None:
    """Else a page of a chart would keep its server from everything else for a minute."""
    keys = {f"p{number}": {"$ref": "#/$defs/b"} for number in range(2000)}
    content, began = json.dumps({"$defs": {"b": target}, "properties": keys}).encode(), process_time()
    assert json_schemas.rows(content)
    assert process_time() - began < 2


@pytest.mark.parametrize("content", [b"", b"[]", b"1", b"\xff", b"[" * 100_000])
def test_it_refuses_what_is_no_schema(content: bytes) -> None:
    with pytest.raises(SchemaUnreadable):
        json_schemas.rows(content)


@pytest.mark.parametrize("part", [{"properties": []}, {"properties": {"a": {"type": {}, "enum": 1, "items": []}}}, {}])
def test_odd_parts_are_passed_over(part: object) -> None:
    assert all(row.type == "" for row in json_schemas.rows(json.dumps(part).encode()))
