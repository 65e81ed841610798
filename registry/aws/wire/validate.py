"""Checks parsed input by its shape: required, length, range, pattern, enum."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

LEFT_TO_THE_CORE: Final = frozenset(
    {"RepositoryName", "PublicRepositoryName", "RepositoryFilterValue", "ScanningRepositoryFilterValue"}
)
"""Shapes whose pattern in the models is narrower than what registries take, or takes for ever: the core has its own."""
OURS: Final = {"RepositoryFilterType": ("TAG_WILDCARD",)}
"""What enumerations of the models don't have, and the core takes."""
LONGEST_PATTERN_TEXT: Final = 4096


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong with a member: where, which value, and the constraint in the words of AWS."""

    path: str
    value: Any
    constraint: str


def violations(shape: Any, value: Any, path: str = "") -> Iterator[Violation]:
    """Yield what the value breaks, in the order of the shape."""
    match shape.type_name:
        case "structure":
            for name in shape.required_members:
                if value.get(name) is None:
                    yield Violation(_below(path, name), None, "Member must not be null")
            for name, member in shape.members.items():
                if value.get(name) is not None:
                    yield from violations(member, value[name], _below(path, name))
        case "list":
            yield from _bounds(shape, value, len(value), path, "length")
            for number, each in enumerate(value, start=1):
                yield from violations(shape.member, each, f"{path}.{number}.member")
        case "map":
            yield from _bounds(shape, value, len(value), path, "length")
            for key, each in value.items():
                yield from violations(shape.key, key, f"{path}.key")
                yield from violations(shape.value, each, f"{path}.{key}")
        case "string":
            yield from _text(shape, value, path)
        case "blob":
            yield from _bounds(shape, value, len(value), path, "length")
        case "integer" | "long" | "float" | "double":
            yield from _bounds(shape, value, value, path, "value")


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _text(shape: Any, value: str, path: str) -> Iterator[Violation]:
    yield from _bounds(shape, value, len(value), path, "length")
    if "\x00" in value:  # no text of a database holds it
        yield Violation(path, value, "Member must not contain the character NUL")
    if shape.enum and value not in (*shape.enum, *OURS.get(shape.name, ())):
        yield Violation(path, value, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = shape.metadata.get("pattern")
    longest = min(shape.metadata.get("max", LONGEST_PATTERN_TEXT), LONGEST_PATTERN_TEXT)
    if pattern and shape.name not in LEFT_TO_THE_CORE and len(value) <= longest:
        compiled = _compiled(pattern)
        if compiled is not None and not compiled.fullmatch(value):
            yield Violation(path, value, f"Member must satisfy regular expression pattern: {pattern}")


def _bounds(shape: Any, value: Any, measure: Any, path: str, what: str) -> Iterator[Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and measure < least:
        yield Violation(path, value, f"Member must have {what} greater than or equal to {least}")
    if most is not None and measure > most:
        yield Violation(path, value, f"Member must have {what} less than or equal to {most}")


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, which the models write for Java; None if it says something else here."""
    try:
        return re.compile(pattern.replace("\\p{L}\\p{M}\\p{Z}\\p{S}\\p{N}\\p{P}", "\\w\\W"), re.DOTALL)
    except re.error:
        return None
