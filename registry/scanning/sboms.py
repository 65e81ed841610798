"""What is in an image: packages as every engine tells them, and as they are kept. Pure."""

import gzip
import json
from dataclasses import asdict, dataclass
from typing import Any, Final

MOST_PACKAGES: Final = 200_000
LICENCES: Final = 7
"""Place of the licences among the fields of a package."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package that is installed. `type` is Syft's word for its kind: deb, rpm, apk, python, npm and so on.

    A package of a distribution may be built from a source package of another name and version. `layer` is the digest
    of the layer that its list came from; `module` is rpm's label of the module that it is of.
    """

    name: str
    version: str
    type: str
    arch: str = ""
    source_name: str = ""
    source_version: str = ""
    purl: str = ""
    licences: tuple[str, ...] = ()
    path: str = ""
    layer: str = ""
    module: str = ""


@dataclass(frozen=True, slots=True)
class Distribution:
    """What os-release says: ID, VERSION_ID and the name for people; all empty if there is none."""

    id: str = ""
    version: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sbom:
    """The packages of one image, and which program found them."""

    distribution: Distribution
    packages: tuple[Package, ...]
    generator: str


def packed(sbom: Sbom) -> bytes:
    """The bytes under which an SBOM is kept: the same for the same packages."""
    rows = [[value or None for value in _row(each)] for each in sbom.packages]
    value = {"distribution": asdict(sbom.distribution), "generator": sbom.generator, "packages": rows}
    return gzip.compress(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(), mtime=0)


def _row(package: Package) -> list[Any]:
    return [
        package.name,
        package.version,
        package.type,
        package.arch,
        package.source_name,
        package.source_version,
        package.purl,
        list(package.licences),
        package.path,
        package.layer,
        package.module,
    ]


def unpacked(content: bytes) -> Sbom:
    """The SBOM that `packed` made bytes of."""
    value = json.loads(gzip.decompress(content))
    packages = []
    for row in value["packages"]:
        values: list[Any] = [each or "" for each in row]
        values[LICENCES] = tuple(values[LICENCES])
        packages.append(Package(*values))
    return Sbom(Distribution(**value["distribution"]), tuple(packages), value["generator"])
