"""Values -> answers by shape: JSON 1.1, and the XML of query services."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any, Final
from xml.sax.saxutils import escape

ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML can't hold."""


def json_output(shape: Any, value: dict[str, Any]) -> bytes:
    """The body of an answer; members without a value are left out."""
    return json.dumps(_json(shape, value) if shape is not None else {}).encode()


def _json(shape: Any, value: Any) -> Any:
    match shape.type_name:
        case "structure":
            members = shape.members
            return {
                name: _json(members[name], each) for name, each in value.items() if each is not None and name in members
            }
        case "list":
            return [_json(shape.member, each) for each in value]
        case "map":
            return {key: _json(shape.value, each) for key, each in value.items()}
        case "timestamp":
            return value.timestamp()
        case "blob":
            return base64.b64encode(value).decode()
    return value


def json_error(code: str, message: str, members: dict[str, Any]) -> bytes:
    """The body of an error."""
    return json.dumps({"__type": code, "message": message} | members).encode()


def xml_output(operation: str, shape: Any, value: dict[str, Any], namespace: str, request_id: str) -> bytes:
    """The body of a query service's answer."""
    result = ""
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{operation}Result")
        result = f"<{wrapper}>{_members(shape, value)}</{wrapper}>"
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    return f'<{operation}Response xmlns="{namespace}">{result}{metadata}</{operation}Response>'.encode()


def _members(shape: Any, value: dict[str, Any]) -> str:
    written = []
    for name, member in shape.members.items():
        if value.get(name) is not None:
            tag = member.serialization.get("name", name)
            written.append(f"<{tag}>{_xml(member, value[name])}</{tag}>")
    return "".join(written)


def _xml(shape: Any, value: Any) -> str:
    match shape.type_name:
        case "structure":
            return _members(shape, value)
        case "list":
            return "".join(f"<member>{_xml(shape.member, each)}</member>" for each in value)
        case "map":
            return "".join(
                f"<entry><key>{_text(key)}</key><value>{_xml(shape.value, each)}</value></entry>"
                for key, each in value.items()
            )
        case "timestamp":
            return moment(value)
        case "blob":
            return base64.b64encode(value).decode()
        case "boolean":
            return str(value).lower()
    return _text(str(value))


def moment(value: datetime) -> str:
    """ISO 8601 in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(text: str) -> str:
    return escape(ILLEGAL.sub("\ufffd", text))


def xml_error(code: str, message: str, status: int, namespace: str, request_id: str) -> bytes:
    """The body of a query service's error."""
    whose = "Sender" if status < 500 else "Receiver"
    return (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>{whose}</Type><Code>{code}</Code>'
        f"<Message>{_text(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()
