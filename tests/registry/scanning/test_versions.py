"""Versions by ecosystem, and what ranges mean."""

import pytest

from registry.scanning.versions import NotComparable, compare, evaluate, highest


@pytest.mark.parametrize(
    ("ecosystem", "lower", "higher"),
    [
        ("Debian:11", "1.1.1k-1", "1.1.1k-1+deb11u1"),
        ("Debian:11", "2.0~rc1-1", "2.0-1"),
        ("Debian:11", "9:1.0", "10:0.1"),
        ("AlmaLinux:9", "5.14.0-503.21.1.el9_5", "5.14.0-503.22.1.el9_5"),
        ("AlmaLinux:9", "99.0-1.el9", "1:1.0-1.el9"),
        ("AlmaLinux:9", "1.0~rc1-1", "1.0-1"),
        ("AlmaLinux:9", "1.0-1", "1.0^git1-1"),
        ("PyPI", "5.0rc1", "5.0"),
        ("PyPI", "1.9", "1.10"),
        ("npm", "1.0.0-alpha", "1.0.0"),
        ("Go", "1.9.0", "1.10.0"),
        ("Maven", "1.0-SNAPSHOT", "1.0"),
        ("RubyGems", "1.0.pre", "1.0"),
        ("Alpine:v3.18", "3.1.0-r1", "3.1.0-r2"),
        ("Alpine:v3.19", "1.2.4-r9", "1.2.4_git20230717-r4"),
        ("Alpine:v3.19", "1.2.4_git20230717-r4", "1.2.4_git20230717-r5"),
        ("Wolfi", "0.0_rc1_git20240101-r0", "0.0_git20230101-r0"),
        ("Packagist", "1.0.0", "v1.0.1"),
        ("Packagist", "2.4.6", "2.4.6-p3"),
        ("Packagist", "2.4.6-p3", "2.4.6-p12"),
        ("Packagist", "2.4.6-p3", "2.4.7-beta1"),
        ("Packagist", "2.0.0-beta2", "2.0.0-RC1"),
        ("Packagist", "2.0.0-alpha.9", "2.0.0-alpha.10"),
        ("Packagist", "1.0-dev", "1.0-alpha"),
        ("Packagist", "1.0RC1-dev", "1.0-rc1"),
        ("Packagist", "6.4.9.1", "6.4.10+build"),
        ("NuGet", "1.0.0-beta", "1.0.0"),
        ("crates.io", "0.9.9", "0.10.0"),
    ],
)
def test_each_ecosystem_compares_in_its_own_way(ecosystem: str, lower: str, higher: str) -> None:
    assert (compare(ecosystem, lower, higher), compare(ecosystem, higher, lower)) == (-1, 1)
    assert compare(ecosystem, lower, lower) == 0


@pytest.mark.parametrize("same", ["5.2.20.RELEASE", "5.2.20.Final", "5.2.20-ga", "5.2.20"])
def test_what_maven_says_of_a_release_is_no_part_of_its_version(same: str) -> None:
    assert compare("Maven", same, "5.2.20.RELEASE") == compare("Maven", "5.2.20", same) == 0
    assert compare("Maven", same, "5.2.20.SP1") == compare("Maven", "5.2.20.RC1", same) == -1


@pytest.mark.parametrize(
    ("ecosystem", "version"),
    [("Debian:11", "not a version"), ("PyPI", "x y"), ("Packagist", "dev-main"), ("Nowhere", "1")],
)
def test_it_refuses_what_is_no_version(ecosystem: str, version: str) -> None:
    with pytest.raises(NotComparable):
        compare(ecosystem, version, "1")


RANGE = (("introduced", "5.0"), ("fixed", "5.0.8"), ("introduced", "4.2"), ("fixed", "4.2.15"))


@pytest.mark.parametrize(
    ("version", "fix"),
    [("4.1", ""), ("4.2", "4.2.15"), ("4.2.14", "4.2.15"), ("4.2.15", ""), ("5.0", "5.0.8"), ("5.0.8", ""), ("6", "")],
)
def test_events_count_in_the_order_of_their_versions(version: str, fix: str) -> None:
    assert evaluate("PyPI", version, [RANGE], []) == (bool(fix), fix)


def test_the_last_affected_version_is_affected_and_no_fix_is_known() -> None:
    events = (("introduced", "0"), ("last_affected", "2.0"))
    said = [evaluate("PyPI", each, [events], []) for each in ("1", "2.0", "2.0.1")]
    assert said == [(True, ""), (True, ""), (False, "")]


def test_of_several_ranges_the_first_fix_counts() -> None:
    ranges = [(("introduced", "0"), ("fixed", "3")), (("introduced", "0"), ("fixed", "2"))]
    assert evaluate("PyPI", "1", ranges, []) == (True, "2")
    assert evaluate("PyPI", "2", ranges, []) == (True, "3")


def test_a_listed_version_is_affected_without_a_range() -> None:
    assert evaluate("PyPI", "weird build", [], ["weird build"]) == (True, "")
    assert evaluate("PyPI", "other build", [(("introduced", "1"),)], ["weird build"]) == (False, "")


def test_what_cant_be_compared_is_in_no_range() -> None:
    assert evaluate("PyPI", "no version", [RANGE], []) == (False, "")


def test_highest() -> None:
    assert highest("Debian:11", ["1.2-1", "1.10-1", "", "1.9-1"]) == "1.10-1" and highest("PyPI", []) == ""
