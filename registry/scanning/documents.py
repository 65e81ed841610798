"""An SBOM in the forms that other programs read: CycloneDX 1.5 and SPDX 2.3, as JSON. Pure.

An image may name 200,000 packages, and everybody may ask for the list: it is written piece by piece.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from registry.scanning.sboms import Package, Sbom

NO_ASSERTION: Final = "NOASSERTION"


def written(document: Mapping[str, Any]) -> Iterator[str]:
    """A document as JSON in pieces; of its members that are iterators one line for each element."""
    for place, (key, value) in enumerate(document.items()):
        yield ("," if place else "{") + f"\n{_json(key)}: "
        if isinstance(value, Iterator):
            yield "["
            for number, each in enumerate(value):
                yield (",\n" if number else "\n") + _json(each)
            yield "\n]"
        else:
            yield _json(value)
    yield "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def cyclonedx(sbom: Sbom, name: str, made_at: datetime | None) -> dict[str, Any]:
    """CycloneDX for `written`; `name` is that of the image, with its digest. Without a time it is always the same."""
    root = {"bom-ref": "image", "type": "container", "name": name}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, name)}",
        "version": 1,
        "metadata": {
            **({"timestamp": _time(made_at)} if made_at else {}),
            "tools": {"components": [{"type": "application", "name": sbom.generator}]},
            "component": root,
        },
        "components": chain(_operating_system(sbom), map(_component, range(len(sbom.packages)), sbom.packages)),
    }


def _operating_system(sbom: Sbom) -> list[dict[str, Any]]:
    found = sbom.distribution
    if not found.id:
        return []
    known = {"bom-ref": "os", "type": "operating-system", "name": found.id}
    return [known | ({"version": found.version} if found.version else {})]


def _component(number: int, package: Package) -> dict[str, Any]:
    known: dict[str, Any] = {
        "bom-ref": f"package-{number}",
        "type": "library",
        "name": package.name,
        "version": package.version,
    }
    if package.purl:
        known["purl"] = package.purl
    if package.licences:
        known["licenses"] = [{"license": {"name": each}} for each in package.licences]
    said = {"kho:type": package.type, "kho:path": package.path, "kho:layer": package.layer, "kho:arch": package.arch}
    if package.source_name:
        source = {"kho:source": package.source_name, "kho:sourceVersion": package.source_version or package.version}
        said |= source
    known["properties"] = [{"name": key, "value": value} for key, value in said.items() if value]
    return known


def spdx(sbom: Sbom, name: str, made_at: datetime) -> dict[str, Any]:
    """SPDX for `written`; `name` is that of the image, with its digest."""
    image: dict[str, Any] = {"SPDXID": "SPDXRef-Image", "name": name, "downloadLocation": NO_ASSERTION}
    image |= {"primaryPackagePurpose": "CONTAINER", "filesAnalyzed": False}
    contained = (
        {"spdxElementId": "SPDXRef-Image", "relationshipType": "CONTAINS", "relatedSpdxElement": _id(number)}
        for number in range(len(sbom.packages))
    )
    describes = {
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relationshipType": "DESCRIBES",
        "relatedSpdxElement": "SPDXRef-Image",
    }
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"urn:uuid:{uuid5(NAMESPACE_URL, name)}",
        "creationInfo": {"created": _time(made_at), "creators": [f"Tool: {sbom.generator.replace(' ', '-')}"]},
        "packages": chain([image], map(_package, range(len(sbom.packages)), sbom.packages)),
        "relationships": chain([describes], contained),
    }


def _package(number: int, package: Package) -> dict[str, Any]:
    known: dict[str, Any] = {
        "SPDXID": _id(number),
        "name": package.name,
        "versionInfo": package.version,
        "downloadLocation": NO_ASSERTION,
        "filesAnalyzed": False,
        "licenseConcluded": NO_ASSERTION,
        "licenseDeclared": NO_ASSERTION,
        "copyrightText": NO_ASSERTION,
    }
    if package.licences:
        known["licenseComments"] = "; ".join(package.licences)
    if package.source_name:
        known["sourceInfo"] = f"built from {package.source_name} {package.source_version or package.version}"
    if package.purl:
        purl = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": package.purl}
        known["externalRefs"] = [purl]
    return known


def _id(number: int) -> str:
    return f"SPDXRef-Package-{number}"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


WRITERS: Final[Mapping[str, Callable[[Sbom, str, datetime], dict[str, Any]]]] = {"cdx": cyclonedx, "spdx": spdx}
CONTENT_TYPES: Final[Mapping[str, str]] = {
    "cdx": "application/vnd.cyclonedx+json",
    "spdx": "application/spdx+json",
}
