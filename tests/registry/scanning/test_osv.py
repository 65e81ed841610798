"""Records of advisories read, and what is none refused in words."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.scanning import osv, versions
from registry.scanning.osv import NotAnAdvisory

V3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V4 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:N/SC:N/SI:N/SA:N"


def record(**more: Any) -> bytes:
    """A record as OSV publishes it."""
    known = {
        "id": "DSA-1-1",
        "modified": "2023-04-01T00:00:00Z",
        "upstream": ["CVE-2023-10", "CVE-2023-1234", "CVE-2022-99999", "GHSA-1"],
        "affected": [
            {
                "package": {"ecosystem": "Debian:11", "name": "openssl"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1.1n-0+deb11u4"}]}],
            }
        ],
    }
    return json.dumps(known | more).encode()


def test_it_works() -> None:
    found = osv.read(record(published="2023-03-31T12:00:00+02:00", summary="openssl - security update"))
    assert found.names == ("CVE-2022-99999", "CVE-2023-1234")
    assert found.published == datetime(2023, 3, 31, 10, tzinfo=UTC) and found.withdrawn is None
    (openssl,) = found.affected
    assert (openssl.ecosystem, openssl.name, openssl.level) == ("Debian:11", "openssl", "")
    assert openssl.ranges == ((("introduced", "0"), ("fixed", "1.1.1n-0+deb11u4")),)
    assert found.level == "UNDEFINED"


@pytest.mark.parametrize(
    ("more", "level"),
    [
        ({"severity": [{"type": "CVSS_V3", "score": V3}]}, "CRITICAL"),
        ({"severity": [{"type": "CVSS_V3", "score": V3}, {"type": "CVSS_V4", "score": V4}]}, "MEDIUM"),
        ({"severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}]}, "HIGH"),
        ({"severity": [{"type": "CVSS_V3", "score": "nonsense"}], "summary": "Moderate: x"}, "MEDIUM"),
        ({"summary": "Important: kernel security update"}, "HIGH"),
        ({"database_specific": {"severity": "LOW"}}, "LOW"),
        ({"severity": "high"}, "UNDEFINED"),
    ],
)
def test_severity_is_that_of_the_newest_cvss_or_of_words(more: dict[str, Any], level: str) -> None:
    assert osv.read(record(**more)).level == level


def test_related_cves_are_those_of_almalinuxs_advisories_only() -> None:
    assert osv.read(record(id="ALSA-2025:1", upstream=[], related=["CVE-2025-1111"])).names == ("CVE-2025-1111",)
    assert osv.read(record(id="PYSEC-2025-1", upstream=[], related=["CVE-2025-1111"])).names == ("PYSEC-2025-1",)


def test_a_package_that_comes_twice_has_all_its_ranges() -> None:
    package = {"ecosystem": "PyPI", "name": "Django_Utils"}
    first = {"package": package, "versions": ["1", "2"]}
    events = [{"introduced": "3"}, {"last_affected": "4"}, {"limit": "9"}, {"fixed": 7}]
    second = {"package": package, "versions": ["2"], "ranges": [{"type": "SEMVER", "events": events}, {"type": "GIT"}]}
    (found,) = osv.read(record(affected=[first, second, {"package": {"ecosystem": "Nowhere", "name": "x"}}])).affected
    assert (found.name, found.versions) == ("django-utils", ("1", "2"))
    assert found.ranges == ((("introduced", "3"), ("last_affected", "4")),)


def test_what_no_database_keeps_is_left_out() -> None:
    package = {"ecosystem": "PyPI", "name": "django"}
    events = [{"introduced": "0"}, {"fixed": "\ud800"}]
    said = {"package": package, "versions": ["1", "\udfff", "2\0"], "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    found = osv.read(record(upstream=["CVE-2025-1000", "CVE-2025-\ud800"], affected=[said]))
    (affected,) = found.affected
    assert (affected.versions, affected.ranges, found.names) == (("1",), ((("introduced", "0"),),), ("CVE-2025-1000",))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not JSON"),
        (b"{" * 100_000, "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no usable id"),
        (record(id="../../x"), "no usable id"),
        (record(modified="yesterday"), "when it was modified"),
        (b" " * (osv.LARGEST + 1), "more than"),
    ],
)
def test_it_refuses(content: bytes, why: str) -> None:
    with pytest.raises(NotAnAdvisory, match=why):
        osv.read(content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
FIELDS = ("aliases", "upstream", "affected", "severity", "references", "summary", "database_specific", "withdrawn")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), JSON, JSON)
def test_any_fields_are_read_or_left_out(more: dict[str, Any], package: Any, ranges: Any) -> None:
    affected = [
        {"package": package, "ranges": ranges},
        {"package": {"name": "x", "ecosystem": "npm"}, "ranges": ranges},
    ]
    assert osv.read(record(**({"affected": affected} | more))).id == "DSA-1-1"


def test_one_package_over_and_over_takes_no_longer_than_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is looked at once, not with all before it."""
    asked = 0

    def compare(ecosystem: str, left: str, right: str) -> int:
        nonlocal asked
        asked += 1
        return versions.compare(ecosystem, left, right)

    monkeypatch.setattr(osv, "compare", compare)
    package = {"ecosystem": "AlmaLinux:9", "name": "kernel"}
    affected = [
        {
            "package": package,
            "versions": [f"0-{number}"],
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": f"1-{number}"}]}],
        }
        for number in range(2000, 0, -1)
    ]
    (found,) = osv.read(record(affected=affected)).affected
    assert asked < 2000
    assert found.ranges == ((("introduced", "0"), ("fixed", "1-1")),) and len(found.versions) == 2000
