"""What VEX documents name by package URLs: a package, or an image -> what findings call it. Pure.

Package URL specification: "purl", types apk, cargo, composer, deb, gem, golang, maven, npm, nuget, oci, pypi, rpm.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from registry.errors import InvalidDigest
from registry.scanning.ecosystems import LANGUAGES, normal_name, normal_version
from registry.values import Digest

TYPES: Final[Mapping[str, str]] = {
    "apk": "apk",
    "cargo": "rust-crate",
    "composer": "php-composer",
    "deb": "deb",
    "gem": "gem",
    "golang": "go-module",
    "maven": "java-archive",
    "npm": "npm",
    "nuget": "dotnet",
    "pypi": "python",
    "rpm": "rpm",
}
"""Type of a package URL -> Syft's word for it."""
OF_DISTRIBUTION: Final = frozenset({"apk", "deb", "rpm"})
BOM_LINK: Final = re.compile(r"urn:cdx:[^#]+#(?P<ref>.+)", re.DOTALL)
NAMED: Final = re.compile(r"[^@]+@(?P<digest>sha(?:256|512):[0-9a-f]{64,128})")
LONGEST: Final = 512


class ProductUnknown(Exception):
    """It can't be told what a document means; the message says why."""


@dataclass(frozen=True, slots=True)
class Product:
    """A package, an image, or a package in one image; what is empty limits nothing. One of both is there."""

    package: str = ""
    package_type: str = ""
    version: str = ""
    image_digest: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """The image that a document is attached to; `name` is the last part of its repository's name."""

    digest: str
    name: str


def read(value: dict[str, Any], within: dict[str, Any] | None = None, subject: Subject | None = None) -> Product:
    """The product of OpenVEX, or the part `value` of the product `within`. ProductUnknown."""
    found = _named(value, subject)
    if within is None:
        return found
    try:
        outer = _named(within, subject)
    except ProductUnknown as error:
        raise ProductUnknown(f"the product that it is of: {error}") from error
    if not outer.image_digest or found.image_digest:
        raise ProductUnknown("parts are known of images only")
    return replace(found, image_digest=outer.image_digest)


def _named(value: dict[str, Any], subject: Subject | None) -> Product:
    """What is named: the subject by its digest in any place of OpenVEX, or something by a package URL."""
    if subject is not None:
        name, hashes, (algorithm, _, digits) = value.get("@id"), value.get("hashes"), subject.digest.partition(":")
        known = hashes.get(f"{algorithm[:3]}-{algorithm[3:]}") if isinstance(hashes, dict) else None
        is_named = isinstance(name, str) and f"@{name}".endswith(f"@{subject.digest}")
        if is_named or known == digits:
            return Product(image_digest=subject.digest)
    return of_purl(_purl(value), subject)


def _purl(value: dict[str, Any]) -> str:
    """The package URL that names it."""
    identifiers = value.get("identifiers")
    given = [identifiers.get("purl") if isinstance(identifiers, dict) else None, value.get("@id")]
    for each in given:
        if isinstance(each, str) and each.startswith("pkg:"):
            return each
    raise ProductUnknown("it is not named by a package URL (pkg:)")


def of_purl(text: str, subject: Subject | None = None) -> Product:
    """What a package URL names; an image without a version is the subject, if that is its name. ProductUnknown."""
    path, _, query = text.removeprefix("pkg:").partition("#")[0].partition("?")
    kind, _, rest = path.lstrip("/").partition("/")
    kind = kind.lower()
    place, at, version = rest.rpartition("@") if "@" in rest[1:] else (rest, "", "")
    names, version = [unquote(each) for each in place.strip("/").split("/") if each], unquote(version)
    if not names or max(len(place), len(version)) > LONGEST or "\0" in unquote(text):
        raise ProductUnknown("its package URL has no name, or too long a one")
    if kind == "oci":
        is_subject = subject is not None and not at and names[-1].lower() == subject.name.lower()
        return Product(image_digest=subject.digest if subject is not None and is_subject else _digest(version))
    if kind not in TYPES:
        raise ProductUnknown(f"packages of the type {kind[:50]!r} are not scanned")
    if at and not version:
        raise ProductUnknown("its package URL has an empty version")
    epoch = dict(parse_qsl(query)).get("epoch", "0")
    if kind in {"deb", "rpm"} and version and epoch != "0" and ":" not in version:
        version = f"{epoch}:{version}"
    if kind not in OF_DISTRIBUTION:
        version = normal_version(LANGUAGES[TYPES[kind]], version)
    return Product(_name(kind, names), TYPES[kind], version)


def _name(kind: str, names: list[str]) -> str:
    """What findings call a package: without the distribution, and as its ecosystem compares names."""
    if kind in OF_DISTRIBUTION:
        return names[-1]
    joined = (":" if kind == "maven" else "/").join(names)
    return normal_name(LANGUAGES[TYPES[kind]], joined)


def _digest(version: str) -> str:
    """The digest of an image; a tag may move on to another one."""
    try:
        return str(Digest.parse(version))
    except InvalidDigest as error:
        raise ProductUnknown("the image is not named by its digest") from error


def of_components(bom: dict[str, Any]) -> dict[str, str]:
    """The package URLs of a CycloneDX document's components, and of the image that it is about, by their references."""
    found: dict[str, str] = {}
    metadata = bom.get("metadata")
    own = metadata.get("component") if isinstance(metadata, dict) else None
    digest = about(bom)
    if isinstance(own, dict) and isinstance(own.get("bom-ref"), str) and digest:
        found[own["bom-ref"]] = f"pkg:oci/image@{digest}"
    listed = bom.get("components")
    waiting = [own, *(listed if isinstance(listed, list) else [])]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, dict):
            continue
        reference, purl, inner = each.get("bom-ref"), each.get("purl"), each.get("components")
        if isinstance(reference, str) and isinstance(purl, str):
            found[reference] = purl
        waiting += inner if isinstance(inner, list) else []
    return found


def about(bom: dict[str, Any]) -> str:
    """The digest of the image that a CycloneDX document is about, as far as it says so; else empty."""
    metadata = bom.get("metadata")
    own = metadata.get("component") if isinstance(metadata, dict) else None
    if not isinstance(own, dict):
        return ""
    purl, name, version = own.get("purl"), own.get("name"), own.get("version")
    if isinstance(purl, str) and purl.startswith("pkg:oci/"):
        try:
            return of_purl(purl).image_digest
        except ProductUnknown:
            return ""
    for each in (name, f"{name}@{version}"):
        if isinstance(each, str) and (match := NAMED.fullmatch(each)):
            return match["digest"]
    return ""


def of_reference(
    reference: str, known: Mapping[str, str], image_digest: str, subject: Subject | None = None
) -> Product:
    """What a reference of CycloneDX names, in the image that the document is about. ProductUnknown."""
    link = BOM_LINK.fullmatch(reference)
    inner = unquote(link["ref"]) if link else reference
    purl = known.get(inner, inner)
    if not purl.startswith("pkg:"):
        raise ProductUnknown("no component of the document with a package URL has this reference")
    found = of_purl(purl, subject)
    return found if found.image_digest else replace(found, image_digest=image_digest)
