"""Tags -> keys by which a database sorts them: by version, and by name with numbers as numbers. Pure.

Keys compare byte by byte. `1.10` comes after `1.9`, `1.27.3` after `1.27`; of one version the release comes after its
variants (`1.27-alpine`), those after its prereleases (`1.27-rc.1`). Dates and build numbers come before all versions,
words (`latest`) before them.
"""

import re
from typing import Final

DIGITS: Final = re.compile(r"[0-9]+")
VERSION: Final = re.compile(r"v?(?P<numbers>[0-9]+(?:\.[0-9]+){0,5})(?P<rest>.*)", re.IGNORECASE)
PRERELEASE: Final = re.compile(
    r"(?:^|[._-])(?:alpha|beta|rc|pre|preview|dev|snapshot|nightly|canary|next|test|ea|m|a|b)[._-]?[0-9]*(?:$|[._-])",
    re.IGNORECASE,
)
LONGEST_VERSION_NUMBER: Final = 5
"""Digits of a number that stands alone: more are a date or a build, not a version."""
WORD, DATE, NUMBERED = "1", "2", "3"
RELEASE, VARIANT, EARLY = "9", "5", "1"
END: Final = "!"
"""Sorts before all signs that tags have."""
RELEASED: Final = f"{END}{RELEASE}"
"""How the key of a release ends; no other key does."""


def natural_key(text: str) -> str:
    """Return the key that sorts by letters without case, and by numbers as numbers; 4 times as long at most."""
    return DIGITS.sub(_number, text.lower())


def version_key(tag: str) -> str:
    """Return the key that sorts tags by version."""
    match = VERSION.fullmatch(tag)
    rest = match["rest"] if match else ""
    if match is None or not _is_version(match["numbers"], rest):
        return f"{WORD}{natural_key(tag)}"
    numbers = match["numbers"]
    kind = DATE if "." not in numbers and len(numbers) > LONGEST_VERSION_NUMBER else NUMBERED
    rank = RELEASE if not rest else EARLY if PRERELEASE.search(rest) else VARIANT
    return f"{kind}{natural_key(numbers)}{END}{rank}{natural_key(rest)}"


def _is_version(numbers: str, rest: str) -> bool:
    """Whether what follows the numbers belongs to a version: it is set apart, or says that it is early (`1.0rc1`)."""
    return not rest or rest[0] in "._-" or ("." in numbers and bool(PRERELEASE.match(rest)))


def _number(match: re.Match[str]) -> str:
    """The number after how long it is, so that longer ones are larger."""
    digits = match[0].lstrip("0") or "0"
    return f"{len(digits):03}{digits}"
