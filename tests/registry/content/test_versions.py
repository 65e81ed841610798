"""Keys that sort tags as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.content.versions import NUMBERED, RELEASED, natural_key, version_key
from registry.models.sort_key import LONGEST

TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True)


def test_it_works_for_versions() -> None:
    ordered = [
        *("edge", "latest"),
        *("20240101", "20240923"),
        *("1", "1.9", "1.9.12", "1.10-rc.1", "1.10-rc.2", "1.10-alpine", "1.10-slim", "1.10", "1.10.1"),
        *("2.0-SNAPSHOT", "2.0b1", "2.0rc1", "v2.0", "v10.0.0-beta", "V10.0.0"),
    ]
    assert sorted(ordered, key=version_key) == ordered
    assert version_key("1.0") == version_key("v1.00")


@pytest.mark.parametrize("tag", ["1.0", "v2", "10.4.3.1", "22.04"])
def test_releases_are_known(tag: str) -> None:
    assert version_key(tag)[0] == NUMBERED and version_key(tag).endswith(RELEASED)


@pytest.mark.parametrize("tag", ["latest", "1.0-rc1", "1.0a2", "1.0-alpine", "20240101", "1e3f4a5", "1-", "v", "3days"])
def test_it_refuses_to_call_others_releases(tag: str) -> None:
    key = version_key(tag)
    assert not (key[0] == NUMBERED and key.endswith(RELEASED))


def test_names_with_numbers() -> None:
    ordered = ["1.9", "1.10", "9", "10", "a1", "A2", "a10", "b"]
    assert sorted(ordered, key=natural_key) == ordered


@given(TAGS)
def test_keys_fit_their_column_whatever_the_tag(tag: str) -> None:
    assert 0 < len(natural_key(tag)) <= LONGEST and len(version_key(tag)) <= LONGEST


def test_the_longest_key_fits() -> None:
    assert max(len(version_key("1." * 64)), len(version_key("1a" * 64)), len(version_key("1-" * 64))) <= LONGEST
