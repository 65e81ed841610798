"""Commands of a build -> the same without what looks like a secret, by the rules for variables. Pure."""

import re
from collections.abc import Iterator
from typing import Final

from registry.content.secret_signs import SECRET_NAME, SECRET_VALUE

DOTS: Final = "••••••••"

_VALUE: Final = r"""(?P<value>"(?:[^"\\]|\\.)*+"|'[^']*+'|[^\s;&|"'()]++)"""
ASSIGNED: Final = re.compile(rf"(?<![\w.-])(?P<name>[\w.-]++)={_VALUE}")
"""`NAME=value`, also behind `ENV`, `--build-arg` and `--`."""
OPTION: Final = re.compile(rf"(?<!\S)--?(?P<name>[A-Za-z][\w-]*+)[ \t]++{_VALUE}")
"""`--password value`"""
OLD_ENV: Final = re.compile(r"^(?:ENV|ARG)[ \t]++(?P<name>[\w.-]++)[ \t]++(?P<value>[^\n]++)")
"""`ENV NAME value`"""
HEADER: Final = re.compile(r"(?<![\w-])(?P<name>[A-Za-z][\w-]*+):[ \t]*+(?P<value>[^\s\"'][^\"'\n]*+)")
"""`Private-Token: value`, as a header of a request."""
AUTHORIZATION: Final = re.compile(
    r"(?<![\w-])(?:proxy-)?authorization:[ \t]*+(?P<value>[^\s\"'][^\"'\n]*+)", re.IGNORECASE
)
USER: Final = re.compile(r"(?<!\S)(?:-u|--user)[ \t=]*+[\"']?[^\s:\"']++:(?P<value>[^\s\"']++)")
"""`curl -u name:password`"""
GLUED: Final = re.compile(
    r"\b(?:mysql|mysqladmin|mysqldump|mariadb(?:-\w++)?)\b[^;&|\n]{0,400}?\s-p(?P<value>[^\s;&|\"']++)"
)
"""`mysql -pvalue`, which takes no blank between."""
SCHEME: Final = re.compile(r"(?:bearer|basic|token|digest)\s+", re.IGNORECASE)
KEY_END: Final = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")
REST: Final = re.compile(r"[^\s\"']*")
IN_URL: Final = re.compile(r"\w://[^\s/:@]+:(?P<value>[^\s/@]+)@")
NUMBERS: Final = re.compile(r"[0-9]+")


def masked(command: str) -> str:
    """Return a command with dots for what looks like a secret; empty if nothing does.

    What a shell puts in later (`$TOKEN`) is no secret, and so is no file's name (`TOKEN_FILE=…`).
    """
    pieces, end = [], 0
    for start, stop in sorted(_spans(command)):
        if stop <= end:
            continue
        pieces += [command[end : max(start, end)], DOTS if start >= end else ""]
        end = stop
    return "".join([*pieces, command[end:]]) if end else ""


def _spans(command: str) -> Iterator[tuple[int, int]]:
    """Where the secrets are."""
    for pattern in (ASSIGNED, OPTION, OLD_ENV, HEADER):
        for match in pattern.finditer(command):
            if SECRET_NAME.search(match["name"]):
                yield from _value(match)
    for match in AUTHORIZATION.finditer(command):
        yield from _value(match)
    for match in GLUED.finditer(command):
        yield from _value(match)
    for match in USER.finditer(command):
        if not NUMBERS.fullmatch(match["value"]):
            yield from _value(match)
    for match in SECRET_VALUE.finditer(command):
        yield _whole(command, match)


def _value(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    """The value without its quotes, and without the word that says what kind it is."""
    start, stop = match.span("value")
    text = match["value"]
    if text[0] in "\"'" and len(text) > 1:
        start, stop, text = start + 1, stop - 1, text[1:-1]
    if scheme := SCHEME.match(text):
        start, text = start + scheme.end(), text[scheme.end() :]
    if text and not text.startswith("$"):
        yield start, stop


def _whole(command: str, match: re.Match[str]) -> tuple[int, int]:
    """A secret that is known by how it begins, to its end; of an address only the password."""
    if in_url := IN_URL.fullmatch(match[0]):
        return match.start() + in_url.start("value"), match.start() + in_url.end("value")
    if "PRIVATE KEY" in match[0]:
        end = KEY_END.search(command, match.end())
        return match.start(), end.end() if end else len(command)
    rest = REST.match(command, match.end())
    return match.start(), rest.end() if rest else match.end()
