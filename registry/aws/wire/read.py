"""Requests -> values by shape: JSON 1.1, and the flat parameters of query services."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

DEEPEST: Final = 30
MOST_MEMBERS: Final = 1000


class Malformed(Exception):
    """The request can't be read; the message says why."""


def json_input(shape: Any, body: bytes) -> dict[str, Any]:
    """Read a JSON body; members that the shape does not have are ignored. Malformed."""
    try:
        value = json.loads(body.decode("utf-8") or "{}", parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed("The request body is not JSON") from error
    if not isinstance(value, dict):
        raise Malformed("The request body is not a JSON object")
    found = _json(shape, value, "", 0) if shape is not None else {}
    return dict(found)


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _json(shape: Any, value: Any, path: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise Malformed("The request body is nested too deeply")
    kind = shape.type_name
    wrong = Malformed(f"{path or 'The request body'} is not of the type {kind}")
    if kind == "structure" and isinstance(value, dict):
        return {
            name: _json(member, value[name], f"{path}.{name}" if path else name, depth + 1)
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if kind == "list" and isinstance(value, list):
        return [_json(shape.member, each, f"{path}[{number}]", depth + 1) for number, each in enumerate(value)]
    if kind == "map" and isinstance(value, dict):
        return {key: _json(shape.value, each, f"{path}.{key}", depth + 1) for key, each in value.items()}
    if isinstance(value, (dict, list)):
        raise wrong
    return _json_scalar(kind, value, wrong)


def _json_scalar(kind: str, value: Any, wrong: Malformed) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match kind:
        case "string" if isinstance(value, str):
            try:
                value.encode("utf-8")
            except UnicodeEncodeError as error:
                raise wrong from error
            return value
        case "boolean" if isinstance(value, bool):
            return value
        case "integer" | "long" if isinstance(value, int) and is_number:
            return value
        case "float" | "double" if is_number:
            return float(value)
        case "timestamp" if is_number:
            return _moment(value, wrong)
        case "blob" if isinstance(value, str):
            return _decoded(value, wrong)
    raise wrong


def _moment(value: Any, wrong: Malformed) -> datetime:
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise wrong from error


def _decoded(text: str, wrong: Malformed) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong from error


def query_input(shape: Any, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Read the parameters of a query request, such as `Tags.member.1.Key=a`. Malformed."""
    if shape is None:
        return {}
    nested: dict[str, Any] = {}
    for name, value in parameters.items():
        if name.count(".") > DEEPEST:
            raise Malformed("A parameter is nested too deeply")
        place = nested
        *around, last = name.split(".")
        for part in around:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise Malformed(f"{name} contradicts another parameter")
        if isinstance(place.get(last), dict):
            raise Malformed(f"{name} contradicts another parameter")
        place[last] = value
    return dict(_query(shape, nested, ""))


def _query(shape: Any, value: Any, path: str) -> Any:
    kind = shape.type_name
    wrong = Malformed(f"{path or 'The request'} is not of the type {kind}")
    if kind == "structure":
        return {
            name: _query(member, value[key], name)
            for name, member in shape.members.items()
            if isinstance(value, dict) and (key := member.serialization.get("name", name)) in value
        }
    if kind == "list":
        return [_query(shape.member, each, path) for each in _numbered(value, "member", wrong)]
    if kind == "map":
        entries = _numbered(value, "entry", wrong)
        return {str(each["key"]): _query(shape.value, each["value"], path) for each in entries}
    if not isinstance(value, str):
        raise wrong
    return _query_scalar(kind, value, wrong)


def _numbered(value: Any, word: str, wrong: Malformed) -> list[Any]:
    """The items of `<word>.1`, `<word>.2` and so on; an empty text stands for an empty list."""
    if value == "":
        return []
    items = value.get(word, {}) if isinstance(value, dict) else None
    if not isinstance(items, dict) or len(items) > MOST_MEMBERS:
        raise wrong
    if not all(key.isascii() and key.isdecimal() and len(key) < 6 for key in items):
        raise wrong
    return [items[key] for key in sorted(items, key=int)]


def _query_scalar(kind: str, value: str, wrong: Malformed) -> Any:
    try:
        match kind:
            case "boolean":
                return {"true": True, "false": False}[value.lower()]
            case "integer" | "long":
                return int(value)
            case "timestamp":
                read = datetime.fromisoformat(value)
                return read if read.tzinfo else read.replace(tzinfo=UTC)
            case "blob":
                return _decoded(value, wrong)
    except (KeyError, ValueError) as error:
        raise wrong from error
    return value
