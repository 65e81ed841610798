"""Versions of packages compared as their ecosystem compares them, and what an advisory's ranges mean. Pure.

The comparisons are those of `univers`, but for Composer's, which it takes for semantic versions, and for some words of
Alpine's and Maven's; the ranges are those of the OSV schema, "affected[].ranges[].events".
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cmp_to_key, lru_cache
from typing import Any, Final

from univers import versions as known

FIRST: Final = "0"
"""What an event says of a version before all others."""
EVENTS: Final = ("introduced", "fixed", "last_affected")
COMMITS: Final = re.compile(r"_(?:cvs|svn|git|hg)")
MAVEN_RELEASE: Final = re.compile(r"(?<=[.-])release(?=$|[.-])", re.IGNORECASE)
COMPOSER: Final = re.compile(
    r"v?(?P<numbers>[0-9]+(?:\.[0-9]+){0,3})"
    r"(?:[._-]?(?P<word>beta|b|rc|alpha|a|patch|pl|p)(?P<number>(?:[.-]?[0-9]+)*))?(?:[._-]?stable)?"
    r"(?P<dev>[.-]?dev)?(?:\+\S*)?",
    re.IGNORECASE | re.ASCII,
)
COMPOSER_WORDS: Final = ("a", "b", "r", "", "p")
"""First letters of what versions of Composer are before a release and after it, in order."""
Event = tuple[str, str]
"""Kind and version."""
Compare = Callable[[str, str], int]


class NotComparable(ValueError):
    """A version that is none in its ecosystem, or an ecosystem whose versions can't be compared."""


def _by(made: Callable[[str], Any]) -> Compare:
    """Compare by what a class of univers, or a function, makes of a text, which has an order."""

    @lru_cache(maxsize=20_000)
    def read(text: str) -> Any:
        try:
            return made(text)
        except Exception as error:  # each class refuses in its own way
            raise NotComparable(text) from error

    def compare(left: str, right: str) -> int:
        one, other = read(left), read(right)
        try:
            return int(one > other) - int(one < other)
        except Exception as error:  # some refuse when they are compared
            raise NotComparable(f"{left}, {right}") from error

    return compare


def _alpine(text: str) -> Any:
    """Alpine's version; univers does not know its suffixes of commits after a release, such as `_git20230717`."""
    return known.AlpineLinuxVersion(COMMITS.sub("_p", text))


def _maven(text: str) -> Any:
    """Maven's version; univers does not know that `release` says as little as `final` (Maven's ComparableVersion)."""
    return known.MavenVersion(MAVEN_RELEASE.sub("final", text))


def _composer(text: str) -> Any:
    """Composer's version: numbers, how stable it is, the number of that; a patch comes after the release."""
    found = COMPOSER.fullmatch(text)
    if found is None:
        raise NotComparable(text)
    numbers = [int(each) for each in found["numbers"].split(".")]
    word, number = (found["word"] or "").lower(), re.findall(r"[0-9]+", found["number"] or "")
    is_plain = found["dev"] is None
    place = COMPOSER_WORDS.index(word[:1]) if word or is_plain else -1
    return numbers + [0] * (4 - len(numbers)), place, [int(each) for each in number], is_plain


SCHEMES: Final[Mapping[str, Compare]] = {
    "Debian": _by(known.DebianVersion),
    "Ubuntu": _by(known.DebianVersion),
    "AlmaLinux": _by(known.RpmVersion),
    "Rocky Linux": _by(known.RpmVersion),
    "Red Hat": _by(known.RpmVersion),
    "Azure Linux": _by(known.RpmVersion),
    "SUSE": _by(known.RpmVersion),
    "openSUSE": _by(known.RpmVersion),
    "openEuler": _by(known.RpmVersion),
    "Alpine": _by(_alpine),
    "Wolfi": _by(_alpine),
    "Chainguard": _by(_alpine),
    "PyPI": _by(known.PypiVersion),
    "npm": _by(known.SemverVersion),
    "crates.io": _by(known.SemverVersion),
    "Go": _by(known.GolangVersion),
    "Maven": _by(_maven),
    "RubyGems": _by(known.RubygemsVersion),
    "Packagist": _by(_composer),
    "NuGet": _by(known.NugetVersion),
}
"""First part of an ecosystem's name in OSV -> how its versions are compared."""

OF_RPM: Final = frozenset({"AlmaLinux", "Rocky Linux", "Red Hat", "Azure Linux", "SUSE", "openSUSE", "openEuler"})


def scheme_of(ecosystem: str) -> str:
    """`Debian` of `Debian:11`; what is before the first colon."""
    return ecosystem.partition(":")[0]


def compare(ecosystem: str, left: str, right: str) -> int:
    """Return -1, 0 or 1. NotComparable."""
    found = SCHEMES.get(scheme_of(ecosystem))
    if found is None:
        raise NotComparable(ecosystem)
    return found(left, right)


def evaluate(
    ecosystem: str, version: str, ranges: Iterable[Sequence[Event]], listed: Iterable[str]
) -> tuple[bool, str]:
    """Whether a version is in one of the ranges or in the list, and the first version after it that has a fix.

    The latter is empty if there is none. What can't be compared is in no range.
    """
    affected, fix = version in listed, ""
    for events in ranges:
        try:
            is_within, its_fix = _within(ecosystem, version, events)
        except NotComparable:
            continue
        affected |= is_within
        if is_within and its_fix:
            fix = its_fix if not fix or compare(ecosystem, its_fix, fix) < 0 else fix
    return affected, fix if affected else ""


def _within(ecosystem: str, version: str, events: Sequence[Event]) -> tuple[bool, str]:
    """Go through the events by their versions; the last one before the version counts, and the first fix after it."""
    affected, fix = False, ""
    for kind, at in events if _is_plain(events) else _sorted(ecosystem, events):
        order = 1 if (kind, at) == ("introduced", FIRST) else compare(ecosystem, version, at)
        if kind == "introduced" and order >= 0:
            affected = True
        elif (kind == "fixed" and order >= 0) or (kind == "last_affected" and order > 0):
            affected = False
        elif kind == "fixed" and not fix:
            fix = at
    return affected, fix


def _is_plain(events: Sequence[Event]) -> bool:
    """Whether it is one fix of all versions before it, as most ranges are."""
    return len(events) == 2 and tuple(events[0]) == ("introduced", FIRST) and events[1][0] == "fixed"


def _sorted(ecosystem: str, events: Sequence[Event]) -> list[Event]:
    """The events in the order of their versions; at the same version a fix comes before a new introduction."""

    def order(left: Event, right: Event) -> int:
        if FIRST in {left[1], right[1]}:
            return int(right[1] == FIRST) - int(left[1] == FIRST)
        return compare(ecosystem, left[1], right[1]) or int(left[0] == "introduced") - int(right[0] == "introduced")

    return sorted(events, key=cmp_to_key(order))


def highest(ecosystem: str, versions: Iterable[str]) -> str:
    """The highest of some versions; empty of none."""
    found = ""
    for each in versions:
        if not found or (each and compare(ecosystem, each, found) > 0):
            found = each
    return found
