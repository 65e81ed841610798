"""Packages beside advisories: every real record finds the version before its fix, and leaves the fixed one alone."""

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry.models import AffectedPackage
from registry.scanning import importing, matching
from registry.scanning.ecosystems import normal_name
from registry.scanning.sboms import Distribution, Package, Sbom
from registry.scanning.versions import compare
from tests.registry.scanning.test_importing import DATA, zipped
from tests.registry.scanning.test_osv import record

pytestmark = pytest.mark.django_db
BULLSEYE = Distribution("debian", "11", "Debian GNU/Linux 11 (bullseye)")


def sbom(*packages: Package, distribution: Distribution = BULLSEYE) -> Sbom:
    """An SBOM of some packages."""
    return Sbom(distribution, packages, "test 1")


def records(ecosystem: str) -> Iterator[dict[str, Any]]:
    """The real records."""
    with zipfile.ZipFile(DATA / f"{ecosystem}.zip") as archive:
        for name in archive.namelist():
            yield json.loads(archive.read(name))


def fixes(affected: dict[str, Any]) -> list[str]:
    """The versions in which a record says that a package is fixed."""
    ranges = [each for each in affected["ranges"] if each["type"] == "ECOSYSTEM"]
    return [event["fixed"] for each in ranges for event in each["events"] if "fixed" in event]


def told(advisory: str, distribution: Distribution, *packages: Package) -> set[tuple[str, str]]:
    """The packages that an advisory is about, with their versions; no other is looked at, to be quick."""
    things = matching.installed(sbom(*packages, distribution=distribution), with_languages=True)
    rows = AffectedPackage.objects.filter(advisory=advisory).select_related("advisory")
    identities = (hit.installed.identity for hit in matching.hits(things, rows))
    return {(identity.name, identity.version) for identity in identities}


def distribution_of(ecosystem: str) -> Distribution:
    """The release that an ecosystem stands for."""
    name, _, release = ecosystem.partition(":")
    return Distribution(name.lower(), f"{release}.4" if name == "AlmaLinux" else release)


@pytest.mark.parametrize(("ecosystem", "count"), [("Debian", 410), ("AlmaLinux", 884)])
def test_every_record_of_a_distribution(ecosystem: str, count: int) -> None:
    """A tilde makes a version that is just before another, for dpkg and for rpm."""
    importing.run(str(DATA / f"{ecosystem}.zip"))
    seen = 0
    for each in records(ecosystem):
        by_name: dict[tuple[str, str], list[str]] = defaultdict(list)
        for affected in each["affected"]:
            by_name[affected["package"]["ecosystem"], affected["package"]["name"]] += fixes(affected)
        for release in {release for release, _ in by_name}:
            fixed = {name: found for (at, name), found in by_name.items() if at == release}
            before = [installed(name, f"{lowest(release, found)}~", release) for name, found in fixed.items()]
            after = [installed(name, version, release) for name, found in fixed.items() for version in found]
            expected = {(one.source_name or one.name, one.source_version or one.version) for one in before}
            assert told(each["id"], distribution_of(release), *before) == expected, each["id"]
            assert told(each["id"], distribution_of(release), *after) == set(), each["id"]
        seen += 1
    assert seen == count


def installed(name: str, version: str, release: str) -> Package:
    """A package of a release; Debian's advisories name sources."""
    if release.startswith("Debian"):
        return Package(f"lib{name}1", "0", "deb", "amd64", name, version)
    return Package(name, version, "rpm", "x86_64")


def lowest(release: str, found: list[str]) -> str:
    """The first of some versions: an advisory may name several builds of one."""
    first = found[0]
    for each in found[1:]:
        first = each if compare(release, each, first) < 0 else first
    return first


def test_every_record_of_pypi() -> None:
    """Each version that a record lists is found, and each that fixes it is not; names as pip compares them."""
    importing.run(str(DATA / "PyPI.zip"))
    seen = 0
    for each in records("PyPI"):
        for affected in each["affected"]:
            name, listed = affected["package"]["name"], set(affected.get("versions", []))
            vulnerable = [Package(name.title().replace("-", "_"), version, "python") for version in listed]
            found = told(each["id"], BULLSEYE, *vulnerable)
            assert found == {(normal_name("PyPI", name), version) for version in listed}, each["id"]
            fixed = [Package(name, version, "python") for version in set(fixes(affected)) - listed]
            assert told(each["id"], BULLSEYE, *fixed) == set(), each["id"]
        seen += 1
    assert seen == 158


def match(*packages: Package, with_languages: bool = True, distribution: Distribution = BULLSEYE) -> list[Any]:
    """What is found, in a few words each."""
    things = matching.installed(sbom(*packages, distribution=distribution), with_languages=with_languages)
    return [
        (each.name, each.installed.identity.name, each.level, each.fixed_in, each.advisory_id)
        for each in matching.match(things)
    ]


def package(name: str, **more: Any) -> dict[str, Any]:
    """What a record says of a package of bullseye."""
    events = [{"introduced": "0"}] + ([{"fixed": more["fixed"]}] if "fixed" in more else [])
    said = {"ecosystem": more.get("ecosystem", "Debian:11"), "name": name}
    return {"package": said, "ranges": [{"type": "ECOSYSTEM", "events": events}]}


def test_a_source_package_is_told_once_with_the_packages_built_from_it() -> None:
    importing.run(str(DATA / "Debian.zip"))
    built = [Package(name, "1.1.1k-1", "deb", "amd64", "openssl", "") for name in ("libssl1.1", "openssl")]
    found = matching.match(matching.installed(sbom(*built), with_languages=False))
    assert len({each.name for each in found}) == len(found) > 5
    assert {each.installed.also for each in found} == {("libssl1.1", "openssl")}
    later = Package("libssl1.1", "1.1.1n-0+deb11u4", "deb", "amd64", "openssl", "")
    assert match(later) == []


def test_the_worst_comes_first_and_what_can_be_fixed_before_what_cant(tmp_path: Path) -> None:
    files = {
        "1.json": record(id="A-1", upstream=[], affected=[package("a")], database_specific={"severity": "LOW"}),
        "2.json": record(id="A-2", upstream=[], affected=[package("b")], database_specific={"severity": "HIGH"}),
        "3.json": record(
            id="A-3", upstream=[], affected=[package("c", fixed="2")], database_specific={"severity": "HIGH"}
        ),
    }
    importing.run(zipped(tmp_path, files))
    found = match(*(Package(name, "1", "deb") for name in "abc"))
    assert [each[0] for each in found] == ["A-3", "A-2", "A-1"]


def test_what_two_advisories_say_of_one_cve_is_one_finding_with_the_later_fix(tmp_path: Path) -> None:
    cve = ["CVE-2024-1111"]
    files = {
        "1.json": record(id="A-1", upstream=cve, affected=[package("a", fixed="2")]),
        "2.json": record(id="A-2", upstream=cve, affected=[package("a", fixed="3")], summary="Critical: a"),
    }
    importing.run(zipped(tmp_path, files))
    assert match(Package("a", "1", "deb")) == [("CVE-2024-1111", "a", "CRITICAL", "3", "A-2")]
    assert match(Package("a", "2", "deb")) == [("CVE-2024-1111", "a", "CRITICAL", "3", "A-2")]
    assert match(Package("a", "3", "deb")) == []


def test_withdrawn_advisories_and_other_releases_tell_of_nothing(tmp_path: Path) -> None:
    importing.run(zipped(tmp_path, {"1.json": record(affected=[package("a", fixed="2", ecosystem="Debian:12")])}))
    assert match(Package("a", "1", "deb")) == []
    bookworm = Distribution("debian", "12")
    assert len(match(Package("a", "1", "deb"), distribution=bookworm)) == 2
    withdrawn = record(affected=[package("a", fixed="2", ecosystem="Debian:12")], withdrawn="2024-01-01T00:00:00Z")
    importing.run(zipped(tmp_path, {"1.json": withdrawn}))
    assert match(Package("a", "1", "deb"), distribution=bookworm) == []


def test_packages_of_languages_are_left_to_enhanced_scanning() -> None:
    importing.run(str(DATA / "PyPI.zip"))
    django = Package("Django", "3.2.1", "python")
    assert match(django, with_languages=False) == [] and len(match(django)) > 10
    assert match(Package("made.up", "1", "unknown-type")) == []


def test_streams_of_a_module_go_side_by_side(tmp_path: Path) -> None:
    """A lower version of another stream is not an older one; without a label the version has to do."""
    fixed = "16.8-1.module_el9.5.0+141+f4b0f9b7"
    said = package("postgresql", fixed=fixed, ecosystem="AlmaLinux:9")
    content = record(id="ALSA-2025:1", related=["CVE-2025-1094"], summary="Important: postgresql:16 security update")
    importing.run(zipped(tmp_path, {"1.json": json.dumps(json.loads(content) | {"affected": [said]}).encode()}))
    alma = Distribution("almalinux", "9.5")

    def found(version: str, module: str = "") -> bool:
        one = Package("postgresql", version, "rpm", "x86_64", module=module)
        return bool(match(one, distribution=alma))

    assert found("16.7-1.module_el9.5.0+1+a", "postgresql:16:9050020250101:rhel9")
    assert not found("15.9-1.module_el9.5.0+1+a", "postgresql:15:9050020250101:rhel9")
    assert not found("13.20-1.el9_5") and found("16.7-1.module_el9.5.0+1+a") and not found(fixed)
