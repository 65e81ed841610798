"""Which destinations a repository goes to."""

import pytest

from registry.replication import rules
from registry.values import RegistryId
from tests.registry.replication.making import rule

A, B, C = (RegistryId(digit * 12, "us-east-1") for digit in "123")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("prod/app", (A, B)), ("production", (A, B)), ("dev/app", (B,)), ("prod", (A, B))],
)
def test_prefixes(name: str, expected: tuple[RegistryId, ...]) -> None:
    found = rules.read({"rules": [rule(A, B, prefixes=("prod",)), rule(B)]})
    assert rules.destinations(found, name, "1.0") == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("v1", (A, B)), ("release", (A, B)), ("1.0-rc", (A, B)), ("V1", (B,)), ("1.0", (B,)), ("", (B,))],
)
def test_tags(tag: str, expected: tuple[RegistryId, ...]) -> None:
    found = rules.read({"rules": [rule(A, prefixes=("prod",), tags=("v*", "release", "*-rc")), rule(B)]})
    assert rules.destinations(found, "prod/app", tag) == expected
    assert rules.destinations(found, "dev/app", tag) == (B,)


def test_no_rules() -> None:
    assert rules.destinations(rules.read({}), "app", "1.0") == ()


def test_deletions_go_where_a_rule_says_so() -> None:
    found = rules.read({"rules": [rule(A, deletes=True), rule(B), rule(C, prefixes=("x/",), deletes=True)]})
    assert rules.destinations_of_deletions(found, "app") == (A,)
    assert rules.destinations_of_deletions(found, "x/app") == (A, C)


def test_a_switch_that_is_off() -> None:
    off = rule(A) | {"deleteReplication": {"enabled": False}}
    assert rules.destinations_of_deletions(rules.read({"rules": [off]}), "app") == ()
