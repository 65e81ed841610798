"""Patterns with `*` and `?`, and policy variables in them, compiled once. IAM User Guide: "Policy elements"."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

VARIABLE: Final = re.compile(r"\$\{([^${}]*|[$])\}")
NAMED: Final = re.compile(r"\s*([^,'\s]+)\s*(?:,\s*'([^']*)'\s*)?")
MARKS: Final = {"*": "\ue000", "?": "\ue001"}
"""Stand for characters that are no wildcards while a pattern is matched; private use, so no name holds them."""
TO_MARKS: Final = str.maketrans(MARKS)
LITERALS: Final = {"*": MARKS["*"], "?": MARKS["?"], "$": "$"}
"""`${*}`, `${?}` and `${$}` stand for the characters themselves."""

Context = Mapping[str, tuple[str, ...]]
Test = Callable[[str], bool]


def like(pattern: str) -> Test:
    """Return a test of texts against a pattern; the cheapest that does it."""
    if pattern == "*":
        return lambda text: True
    plain = pattern.rstrip("*")
    if "*" not in plain and "?" not in plain:
        return equal(plain) if plain == pattern else (lambda text: text.startswith(plain))
    return _pieces(pattern)


def equal(text: str) -> Test:
    """Return a test for the text itself."""
    return lambda other: other == text


def like_any_case(pattern: str) -> Test:
    """The same as `like` without regard to case."""
    test = like(pattern.lower())
    return lambda text: test(text.lower())


def equal_any_case(text: str) -> Test:
    """The same as `equal` without regard to case."""
    lower = text.lower()
    return lambda other: other.lower() == lower


def _pieces(pattern: str) -> Test:
    """Match piece by piece from the left: no backtracking, however many stars there are."""
    first, *rest = (re.compile(".".join(map(re.escape, piece.split("?"))), re.DOTALL) for piece in pattern.split("*"))
    if not rest:
        return lambda text: first.fullmatch(text) is not None
    *middle, last = rest
    length_of_last = len(pattern.rpartition("*")[2])

    def test(text: str) -> bool:
        found = first.match(text)
        position = found.end() if found else -1
        for piece in middle:
            if position < 0:
                return False
            found = piece.search(text, position)
            position = found.end() if found else -1
        start = len(text) - length_of_last
        return 0 <= position <= start and last.fullmatch(text, start) is not None

    return test


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text of a policy, made into a test by `make`; one with variables is filled in at each request.

    `parts` are empty without variables, else literal texts and (key, default).
    """

    text: str
    make: Callable[[str], Test]
    test: Test | None
    parts: tuple[str | tuple[str, str | None], ...] = ()

    @classmethod
    def of(cls, text: str, make: Callable[[str], Test], *, variables: bool) -> "Pattern":
        """Compile. ValueError for a variable that is not closed or has no name."""
        parts = _parts(text) if variables and "${" in text else ()
        return cls(text, make, None if parts else make(text), parts)

    def matches(self, value: str, context: Context) -> bool:
        """Whether the value is like the pattern in this request."""
        if self.test is not None:
            return self.test(value)
        filled = self._filled(context)
        return filled is not None and self.make(filled)(_marked(value, filled))

    def _filled(self, context: Context) -> str | None:
        """The pattern with the request's values in it; None if a key without default has not exactly one value."""
        filled = []
        for part in self.parts:
            if isinstance(part, str):
                filled.append(part)
                continue
            values = context.get(part[0])
            value = values[0] if values is not None and len(values) == 1 else part[1]
            if value is None:
                return None
            filled.append(value.translate(TO_MARKS))
        return "".join(filled)


def _marked(value: str, filled: str) -> str:
    """The value with its own stars and question marks written as in the filled pattern."""
    return value.translate(TO_MARKS) if any(mark in filled for mark in MARKS.values()) else value


def _parts(text: str) -> tuple[str | tuple[str, str | None], ...]:
    parts: list[str | tuple[str, str | None]] = []
    position = 0
    for found in VARIABLE.finditer(text):
        parts += [text[position : found.start()], _variable(found[1])]
        position = found.end()
    parts.append(text[position:])
    if any(isinstance(part, str) and "${" in part for part in parts):
        raise ValueError("holds a policy variable that is not closed")
    return tuple(part for part in parts if part)


def _variable(name: str) -> str | tuple[str, str | None]:
    if name in LITERALS:
        return LITERALS[name]
    named = NAMED.fullmatch(name)
    if named is None:
        raise ValueError(f"holds a policy variable without a name: ${{{name}}}")
    return named[1].lower(), named[2]
