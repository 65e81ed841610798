"""Images whose packages are listed by the real Syft, and programs that crash, hang or take too much instead of it."""

import io
import json
import signal
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from pytest_django import Settings

from registry.scanning import contents, engine, syft
from registry.scanning.contents import NoSbom, sbom_of
from registry.scanning.ecosystems import identity
from registry.scanning.sboms import Sbom, packed, unpacked
from tests.registry.scanning.making import layer, tree

OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\nID=debian\nVERSION_ID="11"\n'
STATUS = """\
Package: libssl1.1
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 1.1.1k-1

Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.31-13)
Version: 2.31-13+b1

Package: left-over
Status: deinstall ok config-files
Architecture: all
Version: 1.0-1
"""
METADATA = "Metadata-Version: 2.1\nName: Django\nVersion: 3.2.1\nLicense: BSD-3-Clause\n"
DJANGO = "usr/lib/python3/dist-packages/Django-3.2.1.dist-info/METADATA"


@pytest.fixture(autouse=True)
def folders(settings: Settings, tmp_path: Path) -> Path:
    """Where images are laid out; nothing may be left there."""
    settings.SCAN_ROOT = tmp_path / "scans"
    engine.default.cache_clear()
    return tmp_path


def scanned() -> Sbom:
    """A Debian image of two layers."""
    lower, upper = tree({"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": STATUS}), tree({DJANGO: METADATA})
    return sbom_of([layer(lower, 1), layer(upper, 2)])


def test_it_works(folders: Path) -> None:
    found = scanned()
    assert (found.distribution.id, found.distribution.version) == ("debian", "11")
    assert found.generator.startswith("syft 1.")
    by_name = {package.name: package for package in found.packages}
    assert by_name.keys() == {"libssl1.1", "libc6", "django"}
    ssl, libc, django = by_name["libssl1.1"], by_name["libc6"], by_name["django"]
    assert (ssl.type, ssl.version, ssl.source_name, ssl.source_version) == ("deb", "1.1.1k-1", "openssl", "")
    assert libc.version == "2.31-13+b1"
    assert (libc.source_name, libc.source_version, libc.layer) == ("glibc", "2.31-13", f"sha256:{1:064x}")
    assert (django.type, django.version, django.path) == ("python", "3.2.1", f"/{DJANGO}")
    assert django.layer == f"sha256:{2:064x}" and django.licences == ("BSD-3-Clause",)
    assert unpacked(packed(found)) == found and packed(found) == packed(found)
    assert list((folders / "scans").iterdir()) == []


def program(folder: Path, text: str) -> str:
    """A program that stands for Syft."""
    made = folder / "program"
    made.write_text(f"#!/bin/sh\n{text}\n")
    made.chmod(0o755)
    return str(made)


def jar(group: str, artifact: str, version: str) -> bytes:
    """An archive of Java's, as Maven builds it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        text = f"groupId={group}\nartifactId={artifact}\nversion={version}\n"
        archive.writestr(f"META-INF/maven/{group}/{artifact}/pom.properties", text)
    return made.getvalue()


def test_each_languages_lists_are_read() -> None:
    """By the names under which advisories know the packages."""
    gemspec = 'Gem::Specification.new do |s|\n  s.name = "rack".freeze\n  s.version = "2.2.3"\nend\n'
    composer = {"packages": [{"name": "symfony/http-kernel", "version": "v5.4.1", "type": "library"}]}
    json_net = {"type": "package", "serviceable": True, "sha512": "sha512-x", "path": "newtonsoft.json/12.0.1"}
    dotnet = {
        "runtimeTarget": {"name": ".NETCoreApp,Version=v6.0"},
        "targets": {
            ".NETCoreApp,Version=v6.0": {
                "web/1.0.0": {"dependencies": {"Newtonsoft.Json": "12.0.1"}, "runtime": {"web.dll": {}}},
                "Newtonsoft.Json/12.0.1": {"runtime": {"lib/x.dll": {}}},
            }
        },
        "libraries": {"web/1.0.0": {"type": "project", "sha512": ""}, "Newtonsoft.Json/12.0.1": json_net},
    }
    files: dict[str, str | bytes] = {
        "etc/os-release": OS_RELEASE,
        "app/lib/log4j-core-2.14.1.jar": jar("org.apache.logging.log4j", "log4j-core", "2.14.1"),
        "usr/lib/ruby/gems/3.1.0/specifications/rack-2.2.3.gemspec": gemspec,
        "app/vendor/composer/installed.json": json.dumps(composer),
        "app/web.deps.json": json.dumps(dotnet),
        "app/node_modules/@babel/traverse/package.json": json.dumps({"name": "@babel/traverse", "version": "7.23.0"}),
        "app/old.egg-info/PKG-INFO": "Metadata-Version: 1.0\nName: Old_Thing\nVersion: 1.0\n",
    }
    found = sbom_of([layer(tree(files))])
    known = [each for package in found.packages if (each := identity(package, found.distribution)) is not None]
    assert {(each.ecosystems[0], each.name, each.version) for each in known} == {
        ("Maven", "org.apache.logging.log4j:log4j-core", "2.14.1"),
        ("RubyGems", "rack", "2.2.3"),
        ("Packagist", "symfony/http-kernel", "v5.4.1"),
        ("NuGet", "newtonsoft.json", "12.0.1"),
        ("NuGet", "web", "1.0.0"),
        ("npm", "@babel/traverse", "7.23.0"),
        ("PyPI", "old-thing", "1.0"),
    }
    assert all(package.layer == f"sha256:{1:064x}" for package in found.packages)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("echo 'no such thing' >&2; exit 3", "ended with code 3: no such thing"),
        (f"kill -{signal.SIGSEGV.value} $$", "ended by signal 11"),
        ("sleep 60", "did not end within 1 seconds"),
        ("while :; do :; done", "did not end within 1 seconds|took more than 1 seconds"),
        ("sleep 60 & sleep 60", "did not end within 1 seconds"),
        ("exit 0", "answer can't be read"),
        ('for last; do :; done; echo "{" > "${last#syft-json=}"', "answer can't be read"),
        ('for last; do :; done; echo "[]" > "${last#syft-json=}"', "answer can't be read"),
    ],
)
def test_a_program_that_fails_is_told_of(settings: Settings, folders: Path, text: str, why: str) -> None:
    settings.SYFT, settings.SCAN_SECONDS = program(folders, text), 1
    with pytest.raises(NoSbom, match=why):
        sbom_of([layer(tree({"etc/os-release": OS_RELEASE}))])
    assert list((folders / "scans").iterdir()) == []


def test_a_program_gets_no_more_memory_than_it_may(settings: Settings, folders: Path) -> None:
    settings.SCAN_MEMORY_BYTES = 64 * 1024**2
    greedy = "exec /usr/bin/python3 -c 'bytearray(10**9)'"
    settings.SYFT = program(folders, greedy)
    with pytest.raises(NoSbom, match="MemoryError"):
        sbom_of([layer(tree({"etc/os-release": OS_RELEASE}))])


def test_a_program_sees_nothing_of_our_environment(
    settings: Settings, folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KHO_MASTER_KEY", "secret")
    settings.SYFT = program(folders, 'env >&2; exit "$(env | grep -c KHO)"')
    with pytest.raises(NoSbom, match="answer can't be read"):
        sbom_of([layer(tree({"etc/os-release": OS_RELEASE}))])


def test_it_refuses_without_a_program(settings: Settings) -> None:
    settings.SYFT = "/none/syft"
    with pytest.raises(NoSbom, match=r"ended with code 1: .*No such file"):
        sbom_of([layer(tree({"etc/os-release": OS_RELEASE}))])


def test_an_unreadable_layer_is_told_of() -> None:
    with pytest.raises(NoSbom, match=r"The layer sha256:0.*1 can't be read"):
        sbom_of([layer(b"no layer" * 100)])


@pytest.mark.parametrize("value", [None, [], {}, {"artifacts": 1}])
def test_it_refuses_another_shape(value: object) -> None:
    with pytest.raises(ValueError, match="no list"):
        syft.read(value)


def test_strange_artifacts_say_what_they_can() -> None:
    """Names that no database keeps, wrong types in every place, the same package twice."""
    good = {"name": "a\0b", "version": "1", "type": "deb", "metadata": [], "licenses": [1, {"value": 2}]}
    strange = [1, {}, {"name": "x"}, {"name": ["y"], "version": {}, "locations": ["z"]}, good, good]
    found = syft.read({"artifacts": json.loads(json.dumps(strange)), "distro": None})
    assert [package.name for package in found.packages] == ["ab"]


def test_a_list_of_dpkg_takes_no_memory_however_long_it_is(tmp_path: Path) -> None:
    """It is up to the image how long it is: four gigabytes, if nobody looks."""
    status, stanza = tmp_path / "status", "Package: a{}\nStatus: {} ok {}\nVersion: 1\nDescription: {}\n\n"
    with status.open("w") as file:
        for number in range(20_000):
            state = ("install", "installed") if number else ("deinstall", "config-files")
            file.write(stanza.format(number, *state, "x" * 2000))
    tracemalloc.start()
    contents._leave_out_removed(status)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * 1024 * 1024 < status.stat().st_size
    text = status.read_text()
    assert text.startswith("Package: a1\n") and text.count("Package: ") == 19_999
    assert [each.name for each in tmp_path.iterdir()] == ["status"]


@pytest.mark.parametrize(
    ("bound", "words"), [("LARGEST_STATUS", "has more than 999"), ("LARGEST_STANZA", "an entry of more than 999")]
)
def test_a_list_of_dpkg_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, folders: Path, bound: str, words: str
) -> None:
    monkeypatch.setattr(contents, bound, 999)
    with pytest.raises(NoSbom, match=words):
        sbom_of([layer(tree({"var/lib/dpkg/status": "x" * 1000}))])
