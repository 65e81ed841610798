"""Replication rules, pure: which destinations a registry's configuration has, and which of them a repository goes to.

The configuration is ECR's: rules of destinations and PREFIX_MATCH filters; a rule without filters is for every name.
One type of filters is ours, TAG_WILDCARD: with some of them, only what is pushed under a tag that fits one goes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from accounts.iam.matching import like
from registry.values import RegistryId

Configuration = Mapping[str, Any]

PREFIX_MATCH: Final = "PREFIX_MATCH"
TAG_WILDCARD: Final = "TAG_WILDCARD"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `prefixes` and `tags` are its filters, `deletes` whether deletions follow."""

    destinations: tuple[RegistryId, ...]
    prefixes: tuple[str, ...] = ()
    deletes: bool = False
    tags: tuple[str, ...] = ()

    def covers(self, name: str) -> bool:
        """Whether the rule is for a repository of this name."""
        return not self.prefixes or name.startswith(self.prefixes)

    def takes(self, tag: str) -> bool:
        """Whether an image goes under a tag (empty: under none)."""
        return not self.tags or any(like(each)(tag) for each in self.tags if tag)


def read(configuration: Configuration) -> tuple[Rule, ...]:
    """The rules of a stored configuration, in order."""
    return tuple(
        Rule(
            tuple(RegistryId(each["registryId"], each["region"]) for each in rule["destinations"]),
            filters(rule, PREFIX_MATCH),
            bool((rule.get("deleteReplication") or {}).get("enabled", False)),
            filters(rule, TAG_WILDCARD),
        )
        for rule in configuration.get("rules", ())
    )


def filters(rule: Configuration, kind: str) -> tuple[str, ...]:
    """The filters of one kind of a rule that is written as ECR writes it."""
    return tuple(each["filter"] for each in rule.get("repositoryFilters") or () if each["filterType"] == kind)


def destinations(rules: Sequence[Rule], name: str, tag: str) -> tuple[RegistryId, ...]:
    """Where an image of a repository goes under a tag (empty: under none), each place once."""
    return _places(rule for rule in rules if rule.covers(name) and rule.takes(tag))


def destinations_of_deletions(rules: Sequence[Rule], name: str) -> tuple[RegistryId, ...]:
    """Where a repository's deletions go, whatever the tag: they meet only what came from there."""
    return _places(rule for rule in rules if rule.covers(name) and rule.deletes)


def _places(found: Iterable[Rule]) -> tuple[RegistryId, ...]:
    return tuple(dict.fromkeys(each for rule in found for each in rule.destinations))


def towards(rules: Sequence[Rule], destination: RegistryId) -> Iterator[Rule]:
    """The rules that have a destination."""
    return (rule for rule in rules if destination in rule.destinations)
