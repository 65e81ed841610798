"""YAML from anybody: values within limits, and where each key of a text stands. Pure.

A text is read as events first, which takes no recursion and expands no alias; only then as values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from registry.content.readable import readable

LARGEST: Final = 1024 * 1024
"""Characters of a text that is read."""
DEEPEST: Final = 60
MOST_EVENTS: Final = 200_000
MOST_ALIASES: Final = 16
"""So that merged aliases of aliases stay few; values that are only looked through may have any number."""
NUMBERS: Final = frozenset({"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"})
LONGEST_VALUE: Final = 400
LONGEST_COMMENT: Final = 2000
LONGEST_PATH: Final = 400
MOST_ENTRIES: Final = 20_000

LONGEST_NUMBER: Final = 400
"""Characters. YAML counts in sixties, too (`1:30:00`), which takes quadratic time; and Python writes no longer ones."""

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]  # known at run time only
    """Reads no number that is too long, and merges (`<<`) no more than there could be without merging."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._pairs_left = MOST_EVENTS

    def flatten_mapping(self, node: Any) -> None:
        """Put what is merged into a map in its place."""
        super().flatten_mapping(node)
        self._pairs_left -= len(node.value)
        if self._pairs_left < 0:
            raise yaml.constructor.ConstructorError(problem="it merges too much", problem_mark=node.start_mark)

    def construct_scalar(self, node: Any) -> Any:
        """Return the text of a scalar."""
        if node.tag in NUMBERS and len(node.value) > LONGEST_NUMBER:
            raise yaml.constructor.ConstructorError(problem="a number is too long", problem_mark=node.start_mark)
        return super().construct_scalar(node)


class YamlUnreadable(ValueError):
    """Not YAML, or more of it than is read; the message says where."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key or an element, and where it stands.

    `path` is written as for `helm --set`; `value` is the text of a scalar, `{}` or `[]` for what is empty, and ""
    for what has entries of its own; `comment` are the comment lines above it.
    """

    path: str
    line: int
    depth: int
    kind: str
    value: str
    comment: str


def load(text: str) -> Any:
    """Return the value of the first document; YamlUnreadable."""
    aliases = sum(isinstance(event, yaml.AliasEvent) for event in _events(text))
    if aliases > MOST_ALIASES:
        raise YamlUnreadable("it has too many aliases")
    loader = _Loader(text)
    try:
        return loader.get_data() if loader.check_data() else None
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError, OverflowError) as error:
        raise YamlUnreadable(_reason(error)) from error
    finally:
        loader.dispose()


def entries(text: str) -> list[Entry]:
    """Return the keys and elements of all documents, at most MOST_ENTRIES, in the order of the text; YamlUnreadable."""
    walk = _Walk(text.split("\n"))
    for event in _events(text):
        walk.see(event)
        if len(walk.found) == MOST_ENTRIES:
            break
    return walk.found


def _events(text: str) -> Iterator[Any]:
    """The events of a text, within the limits."""
    if len(text) > LARGEST:
        raise YamlUnreadable(f"it has more than {LARGEST} characters")
    depth = 0
    try:
        for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST or number > MOST_EVENTS:
                raise YamlUnreadable("it is nested too deeply" if depth > DEEPEST else "it has too many entries")
            yield event
    except (yaml.YAMLError, UnicodeError) as error:
        raise YamlUnreadable(_reason(error)) from error


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = readable(getattr(error, "problem", None) or str(error), 200)
    return f"line {mark.line + 1}: {problem}" if mark else problem


class _Level:
    """An open collection: the path to it, the key that waits for a value, the number of elements."""

    __slots__ = ("count", "is_map", "key", "path", "place")

    def __init__(self, path: str, *, is_map: bool, place: int) -> None:
        self.path, self.is_map, self.place = path, is_map, place
        self.key: str | None = None
        self.count = 0


class _Walk:
    """Follows the events and notes an entry for each key and element."""

    def __init__(self, lines: list[str]) -> None:
        self.found: list[Entry] = []
        self._lines = lines
        self._open: list[_Level] = []
        self._line = 0

    def see(self, event: Any) -> None:
        """Take in one event."""
        if isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.CollectionStartEvent):
            is_map = isinstance(event, yaml.MappingStartEvent)
            place = self._note(event, "map" if is_map else "list", "{}" if is_map else "[]")
            path = self.found[place].path if place >= 0 else ""
            self._open.append(_Level(path, is_map=is_map, place=place))
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.AliasEvent):
            self._note(event, "alias", f"*{event.anchor}")

    def _scalar(self, event: Any) -> None:
        level = self._open[-1] if self._open else None
        if level and level.is_map and level.key is None:
            level.key = readable(event.value, LONGEST_VALUE)
            self._line = event.start_mark.line
            return
        self._note(event, _kind(event), readable(event.value, LONGEST_VALUE))

    def _close(self) -> None:
        level = self._open.pop()
        if level.place >= 0 and level.count:
            entry = self.found[level.place]
            self.found[level.place] = Entry(entry.path, entry.line, entry.depth, entry.kind, "", entry.comment)

    def _note(self, event: Any, kind: str, value: str) -> int:
        """Note what begins here; return its place in the list, -1 for a document's root and for a key."""
        if not self._open:
            return -1
        level = self._open[-1]
        if level.is_map and level.key is None:
            level.key = "?"  # a key that is no scalar
            self._line = event.start_mark.line
            return -1
        if level.is_map:
            name = re.sub(r"([.,\[\]=\\])", r"\\\1", (level.key or "")[:LONGEST_PATH])
            path, line = f"{level.path}.{name}" if level.path else name, self._line
        else:
            path, line = f"{level.path}[{level.count}]", event.start_mark.line
        level.key = None
        level.count += 1
        path = path if len(path) <= LONGEST_PATH else f"{path[:LONGEST_PATH]}…"
        # Elements on one line share the comment above it; it is told once.
        comment = "" if self.found and self.found[-1].line == line + 1 else self._comment(line)
        self.found.append(Entry(path, line + 1, len(self._open), kind, value, comment))
        return len(self.found) - 1

    def _comment(self, line: int) -> str:
        """The comment lines right above a line, without their signs."""
        above: list[str] = []
        while line > 0 and len(above) < 40 and self._lines[line - 1].lstrip().startswith("#"):
            line -= 1
            above.append(re.sub(r"^#+ ?(?:-- ?)?", "", self._lines[line].strip()))
        return readable("\n".join(reversed(above)).strip(), LONGEST_COMMENT)


def _kind(event: Any) -> str:
    """What a scalar is, as its plain form says."""
    if not event.implicit[0]:
        return "text"
    if event.value in {"", "~", "null", "Null", "NULL"}:
        return "null"
    if event.value.lower() in {"true", "false"}:
        return "boolean"
    return (
        "number" if re.fullmatch(r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?", event.value, re.IGNORECASE) else "text"
    )
