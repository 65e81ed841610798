"""Reads JSON and remembers where everything stands, so that errors can name line and column. RFC 8259."""

import json
import re
from dataclasses import dataclass, field
from json import JSONDecodeError
from math import isfinite
from typing import Any, Final

SPACE: Final = re.compile(r"[ \t\n\r]*")
NO_TEXT: Final = re.compile(r"[\x00\ud800-\udfff]")
"""What escapes can make and neither a page nor PostgreSQL takes: NUL, and halves of characters."""
NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
WORDS: Final = {"true": True, "false": False, "null": None}
DEEPEST: Final = 20
_decoder: Final = json.JSONDecoder()


class Unreadable(ValueError):
    """The text is no JSON, or more deeply nested than any policy; `position` is an index into it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


@dataclass
class Reader:
    """Reads one text; afterwards `places` has the index of each value by its path, such as `Statement[0].Action`."""

    text: str
    places: dict[str, int] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)

    def read(self) -> Any:
        """Return the value of the whole text. Unreadable."""
        value, end = self._value(self._skip(0), "", 0)
        if self._skip(end) != len(self.text):
            raise Unreadable("there is more text after the end of the policy", self._skip(end))
        return value

    def line_and_column(self, path: str) -> tuple[int, int]:
        """Where the value of a path stands, or the nearest one around it; both count from 1."""
        while path not in self.places and path:
            path = path.rpartition(".")[0] if not path.endswith("]") else path.rpartition("[")[0]
        return at(self.text, self.places.get(path, 0))

    def _skip(self, index: int) -> int:
        found = SPACE.match(self.text, index)
        return found.end() if found else index

    def _value(self, index: int, path: str, depth: int) -> tuple[Any, int]:
        if depth > DEEPEST:
            raise Unreadable("it is nested too deeply", index)
        self.places[path] = index
        first = self.text[index : index + 1]
        if first == "{":
            return self._object(index + 1, path, depth)
        if first == "[":
            return self._array(index + 1, path, depth)
        if first == '"':
            return self._string(index)
        for word, value in WORDS.items():
            if self.text.startswith(word, index):
                return value, index + len(word)
        found = NUMBER.match(self.text, index)
        if found is None:
            raise Unreadable("a value is missing here" if first else "the policy ends too early", index)
        try:
            value = json.loads(found[0])
            is_finite = isfinite(value)
        except (ValueError, OverflowError):  # more digits than Python reads, or than a number has
            is_finite = False
        if not is_finite:
            raise Unreadable("a number is too large", index)
        return value, found.end()

    def _string(self, index: int) -> tuple[str, int]:
        try:
            value, end = _decoder.raw_decode(self.text, index)
        except JSONDecodeError as error:
            raise Unreadable("a text is not closed, or holds a character that has to be escaped", error.pos) from error
        if NO_TEXT.search(value):
            raise Unreadable("a text holds what is no character", index)
        return str(value), end

    def _object(self, index: int, path: str, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        index = self._skip(index)
        while not self.text.startswith("}", index):
            if found:
                index = self._skip(self._expect(",", index))
            if not self.text.startswith('"', index):
                raise Unreadable("a name in double quotes is missing here", index)
            name, end = self._string(index)
            below = f"{path}.{name}" if path else name
            if name in found:
                self.repeated.append(below)
            value_at = self._skip(self._expect(":", self._skip(end)))
            found[name], index = self._value(value_at, below, depth + 1)
            index = self._skip(index)
        return found, index + 1

    def _array(self, index: int, path: str, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        index = self._skip(index)
        while not self.text.startswith("]", index):
            if found:
                index = self._skip(self._expect(",", index))
            value, index = self._value(index, f"{path}[{len(found)}]", depth + 1)
            found.append(value)
            index = self._skip(index)
        return found, index + 1

    def _expect(self, character: str, index: int) -> int:
        if not self.text.startswith(character, index):
            raise Unreadable(f"a {character!r} is missing here", index)
        return index + 1


def at(text: str, index: int) -> tuple[int, int]:
    """Line and column of an index, both from 1."""
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1
