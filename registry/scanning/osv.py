"""A record in the OSV schema (ossf.github.io/osv-schema, 1.7) -> what is kept of it. Pure.

Records come from anybody: every text has a length, every list an end, and what is not understood is left out or, where
nothing would be left, refused in words.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from registry.scanning import ecosystems, severity
from registry.scanning.ecosystems import MODULAR
from registry.scanning.severity import Score
from registry.scanning.versions import EVENTS, FIRST, OF_RPM, SCHEMES, Event, NotComparable, compare, scheme_of

LARGEST: Final = 8 * 1024 * 1024
"""Bytes of one record."""
ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{2,127}")
MODULE: Final = re.compile(r"(?:[A-Za-z]+: )?(?P<module>[a-z][a-z0-9.+_-]*:[a-z0-9][a-z0-9._-]*) ")
"""Beginning of the summary of an advisory about a module of rpm."""
CVE: Final = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")
LONGEST_TEXT: Final = 10_000
LONGEST_SUMMARY: Final = 500
LONGEST_NAME: Final = 255
NO_TEXT: Final = re.compile(r"[\x00\ud800-\udfff]")
"""What no database keeps: NUL, and halves of characters."""
LONGEST_MODULE: Final = 128
MOST_REFERENCES: Final = 50
MOST_NAMES: Final = 500
MOST_AFFECTED: Final = 20_000
MOST_EVENTS: Final = 2_000
MOST_VERSIONS: Final = 20_000
RANGES: Final = ("ECOSYSTEM", "SEMVER")
RELATED_ARE_ITS_OWN: Final = ("AL", "RL", "RH")
"""Beginnings of ids whose `related` names what the advisory is about, for want of `upstream`."""
KINDS_OF_LINKS: Final = ("ADVISORY", "WEB", "REPORT", "ARTICLE")


class NotAnAdvisory(ValueError):
    """Not a record of the OSV schema; the message says why."""


@dataclass(frozen=True, slots=True)
class Affected:
    """A package that an advisory is about, and which of its versions; `module` is rpm's, as `postgresql:16`."""

    ecosystem: str
    name: str
    ranges: tuple[tuple[Event, ...], ...]
    versions: tuple[str, ...]
    level: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """An advisory. `names` are the CVEs that it is about, or its own id without any."""

    id: str
    names: tuple[str, ...]
    summary: str
    details: str
    level: str
    scores: tuple[Score, ...]
    url: str
    references: tuple[str, ...]
    published: datetime | None
    modified: datetime
    withdrawn: datetime | None
    affected: tuple[Affected, ...]
    content_digest: str


def read(content: bytes) -> Record:
    """Read one record. NotAnAdvisory."""
    if len(content) > LARGEST:
        raise NotAnAdvisory(f"it has more than {LARGEST} bytes")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise NotAnAdvisory("it is not JSON") from error
    if not isinstance(value, dict):
        raise NotAnAdvisory("it is not a JSON object")
    name = value.get("id")
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise NotAnAdvisory("it has no usable id")
    modified = _moment(value.get("modified"))
    if modified is None:
        raise NotAnAdvisory("it does not say when it was modified")
    found = tuple(severity.scores(_objects(value.get("severity"))))
    return Record(
        id=name,
        names=_names(value, name),
        summary=_text(value.get("summary"), LONGEST_SUMMARY),
        details=_text(value.get("details"), LONGEST_TEXT),
        level=severity.level_of(found, _words(value)),
        scores=found,
        url=_url(value),
        references=_references(value),
        published=_moment(value.get("published")),
        modified=modified,
        withdrawn=_moment(value.get("withdrawn")),
        affected=tuple(_affected(value)),
        content_digest=hashlib.sha256(content).hexdigest(),
    )


def _names(value: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The CVEs that a record says that it is about."""
    said = [name, *_texts(value.get("aliases")), *_texts(value.get("upstream"))]
    if name.startswith(RELATED_ARE_ITS_OWN):
        said += _texts(value.get("related"))
    found = sorted({each for each in said if CVE.fullmatch(each)}, key=_by_year)
    return tuple(found[:MOST_NAMES]) or (name,)


def _by_year(name: str) -> tuple[int, int]:
    _, year, number = name.split("-")
    return int(year), int(number)


def _words(value: Mapping[str, Any]) -> list[str]:
    """The words that a record has for how bad it is."""
    said = value.get("database_specific")
    words = [_text(said.get("severity"), 32)] if isinstance(said, dict) else []
    return [*words, _text(value.get("summary"), LONGEST_SUMMARY).partition(":")[0]]


def _affected(value: Mapping[str, Any]) -> Iterable[Affected]:
    """Each package once, with all its ranges; packages of ecosystems whose versions can't be compared are left out."""
    ranges: dict[tuple[str, str], list[tuple[Event, ...]]] = defaultdict(list)
    listed: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    levels: dict[tuple[str, str], str] = {}
    for each in _objects(value.get("affected"))[:MOST_AFFECTED]:
        package = each.get("package")
        key = ecosystem, name = _package(package if isinstance(package, dict) else {})
        if not name or scheme_of(ecosystem) not in SCHEMES:
            continue
        its_ranges, its_versions = list(_ranges(each.get("ranges"))), _texts(each.get("versions"))[:MOST_VERSIONS]
        if its_ranges or its_versions:
            ranges[key] += its_ranges
            listed[key].update(dict.fromkeys(its_versions))
            levels[key] = _own_level(each)
    for (ecosystem, name), level in levels.items():
        its = tuple(ranges[ecosystem, name])
        if scheme_of(ecosystem) in OF_RPM:
            its = _without_rebuilds(ecosystem, its)
        yield Affected(ecosystem, name, its, tuple(listed[ecosystem, name]), level, _module(value, its))


def _without_rebuilds(ecosystem: str, ranges: tuple[tuple[Event, ...], ...]) -> tuple[tuple[Event, ...], ...]:
    """Of builds of one version that are all said to be fixes, the first one: whoever has it has the fix."""
    kept: dict[str, tuple[Event, ...]] = {}
    for events in ranges:
        if [kind for kind, _ in events] != ["introduced", "fixed"] or events[0][1] != FIRST:
            kept[repr(events)] = events
            continue
        version = events[1][1].rpartition("-")[0]
        before = kept.get(version)
        try:
            if before is None or compare(ecosystem, events[1][1], before[1][1]) < 0:
                kept[version] = events
        except NotComparable:
            kept[repr(events)] = events
    return tuple(kept.values())


def _module(value: Mapping[str, Any], ranges: Iterable[Sequence[Event]]) -> str:
    """The module that an advisory is about, if the fixes are of one."""
    if not any(MODULAR in at for events in ranges for _, at in events):
        return ""
    found = MODULE.match(_text(value.get("summary"), LONGEST_SUMMARY))
    return found["module"][:LONGEST_MODULE] if found else ""


def _own_level(each: Mapping[str, Any]) -> str:
    """How bad it is for one package, where that is said."""
    own = severity.scores(_objects(each.get("severity")))
    said = [each.get("ecosystem_specific"), each.get("database_specific")]
    words = [_text(value.get(key), 32) for value in said if isinstance(value, dict) for key in ("severity", "urgency")]
    level = severity.level_of(own, words)
    return "" if level == severity.UNDEFINED else level


def _package(said: Mapping[str, Any]) -> tuple[str, str]:
    ecosystem, name = _text(said.get("ecosystem"), 64), _text(said.get("name"), LONGEST_NAME)
    return ecosystem, ecosystems.normal_name(ecosystem, name)


def _ranges(said: Any) -> Iterable[tuple[Event, ...]]:
    for each in _objects(said):
        if each.get("type") not in RANGES:
            continue
        events = [
            (kind, at)
            for event in _objects(each.get("events"))[:MOST_EVENTS]
            for kind, at in event.items()
            if kind in EVENTS and isinstance(at, str) and 0 < len(at) <= LONGEST_NAME and not NO_TEXT.search(at)
        ]
        if events:
            yield tuple(events)


def _url(value: Mapping[str, Any]) -> str:
    """Where to read about it."""
    said = [each for each in _objects(value.get("references")) if _is_link(each.get("url"))]
    for kind in KINDS_OF_LINKS:
        for each in said:
            if each.get("type") == kind:
                return str(each["url"])
    return ""


def _references(value: Mapping[str, Any]) -> tuple[str, ...]:
    said = (each.get("url") for each in _objects(value.get("references")))
    return tuple(dict.fromkeys(str(url) for url in said if _is_link(url)))[:MOST_REFERENCES]


def _is_link(url: Any) -> bool:
    is_text = isinstance(url, str) and len(url) <= 1000 and url.isprintable()
    return is_text and url.startswith(("https://", "http://")) and " " not in url


def _moment(said: Any) -> datetime | None:
    """A time as RFC 3339 writes it."""
    if not isinstance(said, str) or len(said) > 40:
        return None
    try:
        found = datetime.fromisoformat(said)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _objects(said: Any) -> list[dict[str, Any]]:
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []


def _texts(said: Any) -> list[str]:
    found = [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
    return [each for each in found if 0 < len(each) <= LONGEST_NAME and not NO_TEXT.search(each)]


def _text(said: Any, most: int) -> str:
    """A text that can be kept in any database."""
    if not isinstance(said, str):
        return ""
    return said.replace("\0", "").encode("utf-8", "replace").decode().strip()[:most]
