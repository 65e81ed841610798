"""SBOMs as CycloneDX and SPDX: what the schemas want, and nothing that would break them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from registry.scanning import documents
from registry.scanning.documents import cyclonedx, spdx
from registry.scanning.sboms import Distribution, Package, Sbom

AT = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
NAME = "team/app@sha256:" + "7f" * 32
PACKAGES = (
    Package("libssl3", "3.0.1-1", "deb", "amd64", "openssl", "", "pkg:deb/debian/libssl3@3.0.1-1", ("OpenSSL", "MIT")),
    Package("Django", "3.2.1", "python", path="/app/Django.dist-info/METADATA", layer="sha256:" + "1" * 64),
)
SBOM = Sbom(Distribution("debian", "12"), PACKAGES, "syft 1.18.1")


def read(document: Mapping[str, Any]) -> Any:
    """A document as programs read it."""
    return json.loads("".join(documents.written(document)))


def test_cyclonedx() -> None:
    made = read(cyclonedx(SBOM, NAME, AT))
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.5", 1)
    assert made["serialNumber"].startswith("urn:uuid:") and made["metadata"]["timestamp"] == "2026-11-29T08:00:00Z"
    system, ssl, django = made["components"]
    assert system == {"bom-ref": "os", "type": "operating-system", "name": "debian", "version": "12"}
    assert ssl["purl"] == "pkg:deb/debian/libssl3@3.0.1-1" and ssl["licenses"][1] == {"license": {"name": "MIT"}}
    assert {"name": "kho:sourceVersion", "value": "3.0.1-1"} in ssl["properties"]
    assert "licenses" not in django and "purl" not in django
    references = [each["bom-ref"] for each in made["components"]]
    assert len(set(references)) == len(references)
    assert read(cyclonedx(Sbom(Distribution(), (), ""), NAME, AT))["components"] == []


def test_spdx() -> None:
    made = read(spdx(SBOM, NAME, AT))
    assert (made["spdxVersion"], made["dataLicense"], made["name"]) == ("SPDX-2.3", "CC0-1.0", NAME)
    assert made["creationInfo"] == {"created": "2026-11-29T08:00:00Z", "creators": ["Tool: syft-1.18.1"]}
    ids = {each["SPDXID"] for each in made["packages"]}
    assert len(ids) == 3 and all(each["relatedSpdxElement"] in ids for each in made["relationships"])
    assert made["packages"][1]["externalRefs"][0]["referenceType"] == "purl"


def test_a_long_list_is_written_in_small_pieces() -> None:
    many = Sbom(Distribution("debian", "12"), PACKAGES * 5000, "syft 1")
    pieces = list(documents.written(spdx(many, NAME, AT)))
    assert len(pieces) > 20_000 and max(map(len, pieces)) < 1000
