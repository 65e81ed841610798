"""The rules that say how a registry's images are scanned: changed step by step, with what they cover."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any, Final

from django.db.models import Q

from registry.core import registries
from registry.errors import InvalidValue
from registry.models import Repository
from registry.values import SCAN_FILTER, RegistryId

LONGEST: Final = 256
NO_FILTER, THERE_ALREADY, TOO_MANY = "is no filter such as team/*", "is there already", "is one too many"
"""Why a filter can't be added."""
NOTHING: Final = Q(pk__in=())
Configuration = Mapping[str, Any]
"""`{"scanType": "BASIC", "rules": [...]}`, as ECR writes it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One filter of a rule, and how many repositories have a name that it covers."""

    frequency: str
    filter: str
    covered: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The filters, and how many repositories are scanned at which frequency in the end; `unmatched` fit no filter."""

    rows: list[Row]
    by_frequency: dict[str, int]
    total: int
    unmatched: int


def coverage(registry: RegistryId, *configurations: Configuration) -> list[Coverage]:
    """What each of several configurations comes to with the repositories that are there."""
    found = Repository.objects.filter(account_id=registry.account_id, region=registry.region, deleted_at=None)
    repositories = list(found.values_list("name", "scan_on_push"))
    return [_of(configuration, repositories) for configuration in configurations]


def _of(configuration: Configuration, repositories: list[tuple[str, bool]]) -> Coverage:
    scans = [registries.scan_by(configuration, name, on_push=on_push) for name, on_push in repositories]
    rows = [
        Row(frequency, text, sum(registries.covers(text, name) for name, _ in repositories))
        for frequency, texts in filters(configuration).items()
        for text in texts
    ]
    counts = dict(Counter(scan.frequency for scan in scans))
    return Coverage(rows, counts, len(scans), sum(not scan.filters for scan in scans))


def filters(configuration: Configuration) -> dict[str, list[str]]:
    """The filters of each frequency that has a rule."""
    found: dict[str, list[str]] = {}
    for rule in configuration["rules"]:
        texts = [each["filter"] for each in rule["repositoryFilters"]]
        found.setdefault(rule["scanFrequency"], []).extend(texts)
    return found


def with_filter(configuration: Configuration, frequency: str, text: str) -> dict[str, Any]:
    """The configuration with one filter more. InvalidValue."""
    if frequency not in registries.RULE_FREQUENCIES[configuration["scanType"]]:
        raise InvalidValue(frequency, "is no scan frequency of this scan type")
    if len(text) > LONGEST or not SCAN_FILTER.fullmatch(text):
        raise InvalidValue(text, NO_FILTER)
    known = filters(configuration)
    if text in known.get(frequency, []):
        raise InvalidValue(text, THERE_ALREADY)
    if len(known) >= registries.MOST_SCAN_RULES and frequency not in known:
        raise InvalidValue(frequency, TOO_MANY)
    known.setdefault(frequency, []).append(text)
    if len(known[frequency]) > registries.MOST_FILTERS:
        raise InvalidValue(text, TOO_MANY)
    return _made(configuration["scanType"], known)


def without_filter(configuration: Configuration, frequency: str, text: str) -> dict[str, Any]:
    """The configuration without one of its filters. InvalidValue if there is no such filter."""
    known = filters(configuration)
    if text not in known.get(frequency, []):
        raise InvalidValue(text, "is no filter of the registry")
    known[frequency] = [each for each in known[frequency] if each != text]
    return _made(configuration["scanType"], known)


def of_type(configuration: Configuration, scan_type: str) -> dict[str, Any]:
    """The configuration with another scan type, without the rules that this one does not know. InvalidValue."""
    if scan_type not in registries.RULE_FREQUENCIES or scan_type == configuration["scanType"]:
        raise InvalidValue(scan_type, "is no other scan type")
    return _made(scan_type, filters(configuration))


def scanned_at(configuration: Configuration, frequency: str) -> Q:
    """Which repositories of a registry are scanned at a frequency in the end: those of which `scan_by` says so."""
    known = filters(configuration)
    ways = (registries.CONTINUOUS, registries.ON_PUSH, registries.MANUAL)
    fitting = {each: reduce(or_, map(_covered, known.get(each, [])), NOTHING) for each in ways}
    rest = reduce(and_, (~fits for fits in fitting.values()))
    found, before = fitting[frequency], ways[: ways.index(frequency)]
    for each in before:
        found &= ~fitting[each]
    if configuration["scanType"] == registries.BASIC:
        by_itself = {registries.ON_PUSH: Q(scan_on_push=True), registries.MANUAL: Q(scan_on_push=False)}
        return found | (rest & by_itself.get(frequency, NOTHING))
    otherwise = registries.MANUAL if configuration["rules"] else registries.CONTINUOUS
    return found | rest if frequency == otherwise else found


def _covered(pattern: str) -> Q:
    """What `registries.covers` says, for a query."""
    if "*" not in pattern:
        return Q(name__contains=pattern)
    return Q(name__regex="^" + ".*".join(re.escape(part) for part in pattern.split("*")) + "$")


def _made(scan_type: str, known: Mapping[str, list[str]]) -> dict[str, Any]:
    """The configuration, without frequencies that the scan type does not know: an earlier Kho took them."""
    rules = [
        {
            "scanFrequency": frequency,
            "repositoryFilters": [{"filter": each, "filterType": "WILDCARD"} for each in texts],
        }
        for frequency, texts in known.items()
        if texts and frequency in registries.RULE_FREQUENCIES[scan_type]
    ]
    return {"scanType": scan_type, "rules": rules}
