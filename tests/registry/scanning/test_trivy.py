"""Trivy as an engine: a program that writes what Trivy writes, and programs that fail instead of it."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from registry.scanning import engine, trivy
from registry.scanning.contents import NoSbom, sbom_of
from registry.scanning.ecosystems import identity
from registry.scanning.sboms import Sbom
from tests.registry.scanning.making import layer, tree
from tests.registry.scanning.test_contents import DJANGO, METADATA, OS_RELEASE, STATUS


def said(**values: str) -> list[dict[str, str]]:
    """Trivy's properties."""
    return [{"name": f"aquasecurity:trivy:{name}", "value": value} for name, value in values.items()]


SSL = "pkg:deb/debian/libssl1.1@1.1.1k-1?arch=amd64&distro=debian-11.3"
LOGIN = "pkg:deb/debian/login@4.8.1-1?arch=amd64&distro=debian-11.3&epoch=1"
GO = "pkg:golang/github.com/aquasecurity/tool@v1.2.3"
STDLIB = "pkg:golang/stdlib@v1.22.5"
ANSWER: dict[str, Any] = {
    "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "serialNumber": "urn:uuid:0c6d8b4e-6c6e-4a5c-9d5a-6c7a5a0f2c11",
    "version": 1,
    "metadata": {
        "timestamp": "2026-11-29T10:00:00+00:00",
        "tools": {
            "components": [{"type": "application", "group": "aquasecurity", "name": "trivy", "version": "0.57.1"}]
        },
        "component": {"bom-ref": "root", "type": "application", "name": "image", "properties": said(SchemaVersion="2")},
    },
    "components": [
        {
            "bom-ref": "os",
            "type": "operating-system",
            "name": "debian",
            "version": "11.3",
            "properties": said(Class="os-pkgs", Type="debian"),
        },
        {"bom-ref": "bin", "type": "application", "name": "usr/bin/tool", "properties": said(Type="gobinary")},
        {
            "bom-ref": SSL,
            "type": "library",
            "supplier": {"name": "Debian OpenSSL Team"},
            "name": "libssl1.1",
            "version": "1.1.1k-1",
            "licenses": [{"license": {"name": "OpenSSL"}}, {"license": {"id": "MIT"}}],
            "purl": SSL,
            "properties": said(PkgType="debian", SrcName="openssl", SrcVersion="1.1.1k", SrcRelease="1"),
        },
        {
            "bom-ref": LOGIN,
            "type": "library",
            "name": "login",
            "version": "1:4.8.1-1",
            "purl": LOGIN,
            "properties": said(SrcName="shadow", SrcVersion="4.8.1", SrcRelease="1", SrcEpoch="1"),
        },
        {
            "bom-ref": "pkg:pypi/django@3.2.1",
            "type": "library",
            "name": "Django",
            "version": "3.2.1",
            "purl": "pkg:pypi/django@3.2.1",
            "properties": said(FilePath=DJANGO, PkgType="python-pkg"),
        },
        {"bom-ref": GO, "type": "library", "name": "github.com/aquasecurity/tool", "version": "v1.2.3", "purl": GO},
        {"bom-ref": STDLIB, "type": "library", "name": "stdlib", "version": "v1.22.5", "purl": STDLIB},
        {
            "bom-ref": "jar",
            "type": "library",
            "group": "org.apache.logging.log4j",
            "name": "log4j-core",
            "version": "2.14.1",
            "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
        },
        {"bom-ref": "none", "type": "library", "name": "no-purl", "version": "1"},
        {"bom-ref": "odd", "type": "library", "name": "odd", "version": "1", "purl": "pkg:hex/odd@1"},
    ],
    "dependencies": [
        {"ref": "bin", "dependsOn": [GO]},
        {"ref": "os", "dependsOn": [SSL]},
        {"ref": GO, "dependsOn": [STDLIB, GO]},
    ],
    "vulnerabilities": [],
}


@pytest.fixture(autouse=True)
def engines(settings: Settings, tmp_path: Path) -> None:
    """Trivy is used, and none is there."""
    settings.SCAN_ROOT, settings.SCAN_ENGINE = tmp_path / "scans", "trivy"
    settings.TRIVY = str(tmp_path / "trivy")
    engine.default.cache_clear()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that writes the answer where it is told to, and its arguments beside it."""
    (tmp_path / "answer.json").write_text(json.dumps(ANSWER))
    return stands_for(
        tmp_path,
        'if not "--offline-scan" in sys.argv: sys.exit("network")\n'
        'place = sys.argv[sys.argv.index("--output") + 1]\n'
        f"open(place, 'w').write(open({str(tmp_path / 'answer.json')!r}).read())\n"
        f"open({str(tmp_path / 'seen')!r}, 'w').write(' '.join(sys.argv[1:]) + ' ' + ' '.join(sorted(os.environ)))\n",
    )


def stands_for(folder: Path, text: str) -> Path:
    """A program in Python in the place of Trivy."""
    made = folder / "trivy"
    made.write_text(f"#!/usr/bin/env python3\nimport os, sys, time\n{text}")
    made.chmod(0o755)
    return made


def scanned() -> Sbom:
    """A Debian image of two layers."""
    lower, upper = tree({"etc/os-release": OS_RELEASE, "var/lib/dpkg/status": STATUS}), tree({DJANGO: METADATA})
    return sbom_of([layer(lower, 1), layer(upper, 2)])


@pytest.mark.usefixtures("program")
def test_it_works(tmp_path: Path) -> None:
    found = scanned()
    assert (found.distribution.id, found.distribution.version) == ("debian", "11.3")
    assert found.generator == "trivy 0.57.1"
    by_name = {package.name: package for package in found.packages}
    assert by_name.keys() == {
        *("libssl1.1", "login", "django", "github.com/aquasecurity/tool", "stdlib"),
        "org.apache.logging.log4j:log4j-core",
    }
    ssl, login = by_name["libssl1.1"], by_name["login"]
    assert (ssl.type, ssl.version, ssl.source_name, ssl.source_version) == ("deb", "1.1.1k-1", "openssl", "1.1.1k-1")
    assert (ssl.arch, ssl.licences, ssl.layer) == ("amd64", ("OpenSSL", "MIT"), f"sha256:{1:064x}")
    assert (login.version, login.source_name, login.source_version) == ("1:4.8.1-1", "shadow", "1:4.8.1-1")
    django, tool = by_name["django"], by_name["github.com/aquasecurity/tool"]
    assert (django.type, django.path, django.layer) == ("python", f"/{DJANGO}", f"sha256:{2:064x}")
    assert (tool.type, tool.path) == ("go-module", "/usr/bin/tool") and by_name["stdlib"].path == "/usr/bin/tool"
    log4j = identity(by_name["org.apache.logging.log4j:log4j-core"], found.distribution)
    assert log4j is not None
    assert (log4j.ecosystems, log4j.name) == (("Maven",), "org.apache.logging.log4j:log4j-core")
    words = shlex.split((tmp_path / "seen").read_text())
    assert words[0] == "rootfs" and "--skip-db-update" in words and "cyclonedx" in words
    assert not {"SECRET_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"} & set(words)


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(NoSbom, match="Trivy is not installed: KHO_TRIVY is"):
        scanned()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sys.exit('FATAL java DB error')", "it ended with code 1: FATAL java DB error"),
        ("time.sleep(60)", "did not end within 1 seconds"),
        ("pass", "answer can't be read"),
        ("open(sys.argv[sys.argv.index('--output') + 1], 'w').write('{}')", "answer can't be read"),
    ],
)
def test_a_program_that_fails_is_told_of(text: str, words: str, settings: Settings, tmp_path: Path) -> None:
    settings.SCAN_SECONDS = 1 if "sleep" in text else 60
    stands_for(tmp_path, text)
    with pytest.raises(NoSbom) as caught:
        scanned()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"components": [1, {"type": "library", "purl": 3}, {"type": "library", "purl": "pkg:"}]},
        {"components": [{"type": "library", "purl": "pkg:deb/debian/a@1", "properties": 1, "licenses": [1]}]},
        {"dependencies": [1, {"ref": [], "dependsOn": 1}], "metadata": {"tools": [{"name": "trivy"}]}},
        {"metadata": 1, "dependencies": {}},
    ],
)
def test_a_strange_answer_is_no_crash(changes: dict[str, Any], tmp_path: Path) -> None:
    assert trivy.read(ANSWER | changes, tmp_path).generator.startswith("trivy")


def test_it_refuses_another_shape(tmp_path: Path) -> None:
    shapes: list[Any] = [[], {}, {"bomFormat": "CycloneDX", "components": {}}]
    for value in shapes:
        with pytest.raises(ValueError, match="no "):
            trivy.read(value, tmp_path)
