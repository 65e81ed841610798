"""Trivy as an engine: runs the program, and reads its CycloneDX (1.4 to 1.6) into packages.

`KHO_TRIVY` names the program, which does not come with Kho. It lists packages only: which of them have vulnerabilities
is told by the advisories that are here. It is given a folder of regular files, and asked to stay off the network.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from django.conf import settings

from registry.scanning import products, sandbox
from registry.scanning.ecosystems import DISTRIBUTION_TYPES
from registry.scanning.engine import EngineFailed, EngineKilled
from registry.scanning.products import ProductUnknown
from registry.scanning.sandbox import ProgramFailed, ProgramKilled, ProgramLimits
from registry.scanning.sboms import MOST_PACKAGES, Distribution, Package, Sbom

LARGEST_ANSWER: Final = 256 * 1024 * 1024
LONGEST: Final = 512
MOST_LICENCES: Final = 20
OWN: Final = "aquasecurity:trivy:"
"""Beginning of the names of Trivy's own properties."""
FAMILIES: Final[Mapping[str, str]] = {"alma": "almalinux", "opensuse.leap": "opensuse-leap"}
"""What Trivy calls distributions, where os-release has another word."""
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "deb": ("var/lib/dpkg/status",),
    "apk": ("lib/apk/db/installed", "usr/lib/apk/db/installed"),
    "rpm": (
        *("var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/Packages"),
        *("var/lib/rpm/Packages.db", "usr/lib/sysimage/rpm/Packages.db"),
    ),
}
"""Type of package -> where a distribution lists them, which Trivy does not say."""


class Trivy:
    """The engine."""

    def packages(self, folder: Path, work: Path) -> Sbom:
        """Return the packages of a folder. EngineFailed, EngineKilled, OSError."""
        answer = work / "packages.json"
        alone = ("--quiet", "--offline-scan", "--skip-db-update", "--skip-java-db-update")
        options = (*alone, "--format", "cyclonedx", "--timeout", f"{settings.SCAN_SECONDS}s")
        places = ("--cache-dir", str(settings.TRIVY_CACHE or work / "cache"), "--output", str(answer))
        limits = ProgramLimits(settings.SCAN_SECONDS, settings.SCAN_MEMORY_BYTES, LARGEST_ANSWER)
        try:
            sandbox.run([program(), "rootfs", *options, *places, str(folder)], work, limits)
        except ProgramKilled as error:
            raise EngineKilled("Trivy could not list the packages: it was killed.") from error
        except ProgramFailed as error:
            raise EngineFailed(f"Trivy could not list the packages: {error}.") from error
        try:
            return read(json.loads(answer.read_bytes()), folder)
        except (FileNotFoundError, ValueError, RecursionError, MemoryError) as error:
            raise EngineFailed("Trivy's answer can't be read.") from error


def program() -> str:
    """Where the program is. EngineFailed if it is not there."""
    found = shutil.which(settings.TRIVY)
    if found is None:
        raise EngineFailed(f"Trivy is not installed: KHO_TRIVY is {settings.TRIVY!r}, and there is no such program.")
    return found


def read(value: Any, folder: Path) -> Sbom:
    """What Trivy's CycloneDX says of a folder. ValueError for another shape."""
    if not isinstance(value, dict) or value.get("bomFormat") != "CycloneDX":
        raise ValueError("no CycloneDX")
    listed = value.get("components", [])
    if not isinstance(listed, list):
        raise ValueError("no list of components")
    components = [each for each in listed if isinstance(each, dict)]
    parents = dict(_parents(value, components))
    lists = {kind: next((each for each in of if (folder / each).is_file()), "") for kind, of in LISTS.items()}
    found: dict[Package, None] = {}
    for each in components[:MOST_PACKAGES]:
        if (package := _package(each, parents, lists)) is not None:
            found[package] = None
    order = sorted(found, key=lambda package: (package.type, package.name, package.version, package.path))
    return Sbom(_distribution(components), tuple(order), _generator(value))


def _parents(value: dict[str, Any], components: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Reference of a package -> path of the program or list that it was found in.

    What a program was made of hangs below its main module.
    """
    rows = value.get("dependencies")
    inner = {
        _text(row.get("ref")): [each for each in row["dependsOn"] if isinstance(each, str)]
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict) and isinstance(row.get("dependsOn"), list)
    }
    for each in components:
        if each.get("type") != "application":
            continue
        seen, ahead = set(), [_text(each.get("bom-ref"))]
        while ahead:
            for reference in inner.get(ahead.pop(), ()):
                if reference not in seen:
                    seen.add(reference)
                    ahead.append(reference)
                    yield reference, _text(each.get("name"))


def _package(value: dict[str, Any], parents: Mapping[str, str], lists: Mapping[str, str]) -> Package | None:
    """One component; None for what is no package, or has no version or a package URL of an unknown kind."""
    purl = _text(value.get("purl"))
    if value.get("type") != "library" or not purl:
        return None
    try:
        product = products.of_purl(purl)
    except ProductUnknown:
        return None
    if not product.package or not product.version:
        return None
    said = _properties(value)
    is_of_distribution = product.package_type in DISTRIBUTION_TYPES
    path = lists.get(product.package_type, "") if is_of_distribution else said.get("FilePath", "")
    path = path or parents.get(_text(value.get("bom-ref")), "")
    return Package(
        name=product.package,
        version=product.version,
        type=product.package_type,
        arch=dict(parse_qsl(purl.partition("?")[2])).get("arch", "") if is_of_distribution else "",
        source_name=said.get("SrcName", ""),
        source_version=_source_version(said),
        purl=purl,
        licences=_licences(value.get("licenses")),
        path=f"/{path}" if path and not path.startswith("/") else path,
        module=said.get("Modularitylabel", "") if product.package_type == "rpm" else "",
    )


def _source_version(said: Mapping[str, str]) -> str:
    """Epoch, version and release of the source package, which Trivy tells one by one."""
    version, release, epoch = (said.get(f"Src{name}", "") for name in ("Version", "Release", "Epoch"))
    if not version:
        return ""
    return (f"{epoch}:" if epoch not in {"", "0"} else "") + version + (f"-{release}" if release else "")


def _properties(value: dict[str, Any]) -> dict[str, str]:
    """Trivy's own properties, by their names without the beginning."""
    listed = value.get("properties")
    rows = [each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict)]
    return {_text(each.get("name")).removeprefix(OWN): _text(each.get("value")) for each in rows}


def _licences(value: Any) -> tuple[str, ...]:
    names = []
    for each in value if isinstance(value, list) else ():
        inner = each.get("license") if isinstance(each, dict) else None
        if isinstance(inner, dict):
            names.append(_text(inner.get("id") or inner.get("name")))
        elif isinstance(each, dict):
            names.append(_text(each.get("expression")))
    return tuple(dict.fromkeys(name for name in names if name))[:MOST_LICENCES]


def _distribution(components: list[dict[str, Any]]) -> Distribution:
    for each in components:
        if each.get("type") == "operating-system":
            name, version = _text(each.get("name")), _text(each.get("version"))
            return Distribution(FAMILIES.get(name, name), version, f"{name} {version}".strip())
    return Distribution()


def _generator(value: dict[str, Any]) -> str:
    """`trivy 0.57.1`; the list of tools has two shapes, by the version of CycloneDX."""
    metadata = value.get("metadata")
    tools = metadata.get("tools") if isinstance(metadata, dict) else None
    listed = tools.get("components") if isinstance(tools, dict) else tools
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    return f"{_text(first.get('name')) or 'trivy'} {_text(first.get('version'))}".strip()


def _text(value: Any) -> str:
    """A text that can be kept in any database."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST]
