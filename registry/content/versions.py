"""Image tags as versions: their natural order, and which one is the newest. Pure.

Semantic versions with or without a `v` and with one to four numbers (`1`, `v1.27`, `2026.1.3`) are versions; what
follows a `-` or `+` after the numbers is a variant (`1.27-alpine`), or a prerelease if it is a usual word for one.
"""

import re
from collections.abc import Iterable
from typing import Final

VERSION: Final = re.compile(
    r"v?(?P<numbers>\d{1,18}(?:\.\d{1,18}){0,3})(?P<rest>(?:[-+_.].*)?)", re.IGNORECASE | re.DOTALL
)
PRERELEASE: Final = re.compile(
    r"(?:^|[-+_.\d])(?:a|alpha|b|beta|c|dev|devel|edge|m|milestone|nightly|pre|preview|rc|snapshot|test|unstable)"
    r"(?=[-+_.\d]|$)",
    re.IGNORECASE,
)
DIGITS: Final = re.compile(r"\d+")
LONGEST_KEY: Final = 400


def is_version(tag: str) -> bool:
    """Whether a tag reads as a version."""
    return VERSION.fullmatch(tag) is not None


def is_prerelease(tag: str) -> bool:
    """Whether a tag reads as a version before a release."""
    found = VERSION.fullmatch(tag)
    return found is not None and PRERELEASE.search(found["rest"]) is not None


def sort_key(tag: str) -> str:
    """Return a text whose byte order is the natural order of tags: words, then versions, prereleases below releases.

    `1.2-rc1` < `1.2-alpine` < `1.2` < `1.2.1` < `1.10`.
    """
    found = VERSION.fullmatch(tag)
    if found is None:
        return f"0{_natural(tag)}"[:LONGEST_KEY]
    numbers = found["numbers"].split(".")
    main = "".join(_number(part) for part in numbers + ["0"] * (4 - len(numbers)))
    rest = found["rest"]
    rank = "1" if is_prerelease(tag) else "2" if rest else "3"
    return f"1{main}{rank}{_natural(rest)}{5 - len(numbers)}"[:LONGEST_KEY]


def _number(digits: str) -> str:
    """Digits so that longer numbers come after shorter ones: two digits that count them, and the digits."""
    plain = digits.lstrip("0") or "0"
    return f"{min(len(plain), 99):02d}{plain}"


def _natural(text: str) -> str:
    """Text in lower case with its numbers in their natural order."""
    return DIGITS.sub(lambda found: _number(found[0]), text.casefold())


def newest(tags: Iterable[str]) -> str:
    """Return the tag that a pull line names, of tags that are given newest first; empty for none.

    The highest version that is no prerelease and no variant, else no prerelease, else `latest`, else the newest tag.
    """
    known = list(tags)
    versions = [tag for tag in known if is_version(tag) and not is_prerelease(tag)]
    plain = [tag for tag in versions if not VERSION.fullmatch(tag)["rest"]]  # type: ignore[index]  # they all match
    if plain or versions:
        return max(plain or versions, key=sort_key)
    return "latest" if "latest" in known else next(iter(known), "")
