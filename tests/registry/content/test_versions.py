"""Tags in the order in which people count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.content.versions import LONGEST_KEY, is_prerelease, is_version, newest, sort_key

ORDERED = [
    "edge",
    "latest",
    "release-2",
    "release-10",
    "0.9",
    "1.0.0-alpha",
    "1.0.0-rc1",
    "1.0.0-rc2",
    "1.0.0-rc10",
    "1.0.0-alpine",
    "1.0.0",
    "1.0",
    "1.9.3",
    "1.10.0-beta.2",
    "1.10.0",
    "v2.0",
    "10.0.0",
    "2026.1",
]


def test_it_works() -> None:
    assert sorted([*ORDERED[9:], *ORDERED[:9]], key=sort_key) == ORDERED


@pytest.mark.parametrize("tag", ["1.0-rc1", "2.0.0-beta", "1.2.3-SNAPSHOT", "3-dev", "1.0-alpha.1", "2.0-pre"])
def test_prereleases(tag: str) -> None:
    assert is_version(tag) and is_prerelease(tag)


@pytest.mark.parametrize("tag", ["1.0-alpine", "1.27", "v3", "2.1-bookworm-slim", "1.0-arm64", "1-perl"])
def test_variants_are_none(tag: str) -> None:
    assert is_version(tag) and not is_prerelease(tag)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["latest", "1.2", "1.10", "2.0-rc1"], "1.10"),
        (["1.10-alpine", "latest", "1.9"], "1.9"),
        (["2.0-alpine", "latest"], "2.0-alpine"),
        (["edge", "latest"], "latest"),
        (["main", "edge"], "main"),
        (["2.0-rc1"], "2.0-rc1"),
        ([], ""),
    ],
)
def test_the_newest(tags: list[str], expected: str) -> None:
    assert newest(tags) == expected


@given(st.text(max_size=300))
def test_every_text_has_a_key(text: str) -> None:
    assert 0 < len(sort_key(text)) <= LONGEST_KEY


@given(st.integers(0, 10**15), st.integers(0, 10**15))
def test_numbers_are_in_their_order(one: int, two: int) -> None:
    assert (sort_key(f"1.{one}") < sort_key(f"1.{two}")) == (one < two)
