"""A JSON schema from anybody -> rows of a table: key, type, default, whether it is required, description. Pure."""

import json
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry.content.readable import readable

MOST_ROWS: Final = 2000
MOST_LOOKS: Final = 50_000
"""Entries of properties that are looked at, also of those that make no row."""
DEEPEST: Final = 12
LONGEST: Final = 1000

Schema = Mapping[str, Any]


class SchemaUnreadable(ValueError):
    """Not a JSON object."""


@dataclass(frozen=True, slots=True)
class Row:
    """A key of the values; `default` and `allowed` are JSON, empty if nothing is said."""

    path: str
    type: str
    default: str
    allowed: str
    is_required: bool
    description: str


def rows(content: bytes) -> list[Row]:
    """Return the keys that a schema describes, each before those inside it; SchemaUnreadable."""
    try:
        schema = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SchemaUnreadable("it is not JSON") from error
    if not isinstance(schema, dict):
        raise SchemaUnreadable("it is not a JSON object")
    walk = _Walk(schema)
    walk.below(schema, "", 0)
    return walk.found


class _Walk:
    """Goes through a schema. Many keys may refer to one place: what that says is worked out once, and never copied."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.found: list[Row] = []
        self._root = root
        self._left = MOST_LOOKS
        self._json: dict[int, str] = {}
        self._required: dict[int, frozenset[str]] = {}

    def below(self, schema: Schema, path: str, depth: int) -> None:
        """Add the rows of an object's properties and of a list's elements."""
        if depth >= DEEPEST:
            return
        properties, needed = schema.get("properties"), self._needed(schema.get("required"))
        for key, said in properties.items() if isinstance(properties, dict) else ():
            self._left -= 1
            if len(self.found) >= MOST_ROWS or self._left < 0:
                return
            if not isinstance(said, dict):
                continue
            name = readable(key, 200)
            place = f"{path}.{name}" if path else name
            inner = self._followed(said)
            self.found.append(self._row(place, inner, key in needed))
            self.below(inner, place, depth + 1)
            items = inner.get("items")
            if isinstance(items, dict):
                self.below(self._followed(items), f"{place}[]", depth + 1)

    def _needed(self, required: Any) -> frozenset[str]:
        if not isinstance(required, list):
            return frozenset()
        if id(required) not in self._required:
            self._required[id(required)] = frozenset(name for name in required if isinstance(name, str))
        return self._required[id(required)]

    def _followed(self, schema: dict[str, Any]) -> Schema:
        """The schema with what a reference into the same file says; references elsewhere are not followed."""
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        target: Any = self._root
        for part in reference[2:].split("/", DEEPEST)[:DEEPEST]:
            target = target.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
        return ChainMap(schema, target) if isinstance(target, dict) else schema

    def _row(self, path: str, schema: Schema, is_required: bool) -> Row:
        allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
        return Row(
            path=path,
            type=_type(schema),
            default=self._written(schema["default"]) if "default" in schema else "",
            allowed=", ".join(self._written(value) for value in allowed[:50]) if isinstance(allowed, list) else "",
            is_required=is_required,
            description=readable(schema.get("description") or schema.get("title"), LONGEST),
        )

    def _written(self, value: Any) -> str:
        """A value of the schema as JSON."""
        if id(value) not in self._json:
            self._json[id(value)] = _json(value)
        return self._json[id(value)]


def _type(schema: Schema) -> str:
    """The type, or the types; of alternatives those of each."""
    said = schema.get("type")
    if isinstance(said, str):
        return readable(said, 60)
    if isinstance(said, list):
        return " | ".join(readable(each, 60) for each in said[:10] if isinstance(each, str))
    for key in ("oneOf", "anyOf"):
        choices = schema.get(key)
        if isinstance(choices, list):
            types = [readable(each.get("type"), 60) for each in choices[:10] if isinstance(each, dict)]
            return " | ".join(dict.fromkeys(filter(None, types)))
    return "object" if isinstance(schema.get("properties"), dict) else ""


def _json(value: Any) -> str:
    try:
        return readable(json.dumps(value, ensure_ascii=False), LONGEST)
    except RecursionError:
        return "…"
