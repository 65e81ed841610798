"""A JSON schema from anybody -> rows of a table: key, type, default, whether it is required, description. Pure."""

import json
from dataclasses import dataclass
from typing import Any, Final

from registry.content.readable import readable

MOST_ROWS: Final = 2000
DEEPEST: Final = 12
LONGEST: Final = 1000


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
    found: list[Row] = []
    _below(schema, schema, "", 0, found)
    return found


def _below(schema: dict[str, Any], root: dict[str, Any], path: str, depth: int, found: list[Row]) -> None:
    """Add the rows of an object's properties and of a list's elements."""
    if depth >= DEEPEST:
        return
    properties = schema.get("properties")
    required = schema.get("required")
    needed = {name for name in required if isinstance(name, str)} if isinstance(required, list) else set()
    for key, said in properties.items() if isinstance(properties, dict) else ():
        if len(found) >= MOST_ROWS:
            return
        if not isinstance(said, dict):
            continue
        name = readable(key, 200)
        place = f"{path}.{name}" if path else name
        inner = _followed(said, root)
        found.append(_row(place, inner, key in needed))
        _below(inner, root, place, depth + 1, found)
        items = inner.get("items")
        if isinstance(items, dict):
            _below(_followed(items, root), root, f"{place}[]", depth + 1, found)


def _followed(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """The schema with what a reference into the same file says; references elsewhere are not followed."""
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    target: Any = root
    for part in reference[2:].split("/")[:DEEPEST]:
        target = target.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
    return {**target, **schema} if isinstance(target, dict) else schema


def _row(path: str, schema: dict[str, Any], is_required: bool) -> Row:
    allowed = schema.get("enum", [schema["const"]] if "const" in schema else None)
    return Row(
        path=path,
        type=_type(schema),
        default=_json(schema["default"]) if "default" in schema else "",
        allowed=", ".join(_json(value) for value in allowed[:50]) if isinstance(allowed, list) else "",
        is_required=is_required,
        description=readable(schema.get("description") or schema.get("title"), LONGEST),
    )


def _type(schema: dict[str, Any]) -> str:
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
