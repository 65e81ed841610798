"""Bytes -> a checked manifest. OCI Image Specification 1.1 (manifest, index) and Docker schema 2 (manifest, list)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from registry.errors import InvalidDigest, ManifestInvalid
from registry.manifests import media_types
from registry.values import Digest

LARGEST_SIZE: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Platform:
    """What an entry of an index runs on."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Names content by type, digest and size in bytes."""

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str = ""
    platform: Platform | None = None
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedManifest:
    """A manifest or an index. `artifact_type` follows the OCI rule: the field, else the config's media type."""

    media_type: str
    artifact_type: str
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_index(self) -> bool:
        """Whether it names manifests instead of blobs."""
        return self.media_type in media_types.INDEXES

    @property
    def children(self) -> tuple[Descriptor, ...]:
        """The entries of an index that are manifests."""
        return tuple(entry for entry in self.manifests if entry.media_type in media_types.MANIFESTS)

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """The config, if there is one, then the layers; of an index the entries that are no manifests.

        BuildKit writes such indexes for its caches.
        """
        others = tuple(entry for entry in self.manifests if entry.media_type not in media_types.MANIFESTS)
        return (self.config, *self.layers) if self.config else (*self.layers, *others)

    @property
    def required_blobs(self) -> tuple[Descriptor, ...]:
        """The blobs that must be in the repository; layers that are fetched from elsewhere are not among them."""
        return tuple(
            blob for blob in self.blobs if not blob.urls and not media_types.is_non_distributable(blob.media_type)
        )


def parse(content: bytes, media_type: str) -> ParsedManifest:
    """Check a manifest's bytes against the type that the client declared (empty: as the body says).

    Raises ManifestInvalid, whose message names the place.
    """
    body = _decode(content)
    media_type = _media_type(body, media_type)
    if "layers" in body and "manifests" in body:
        raise ManifestInvalid("a manifest can't have both layers and manifests")
    if body.get("schemaVersion") != 2 or isinstance(body["schemaVersion"], bool):
        raise ManifestInvalid("schemaVersion is not 2")
    read = _index if media_type in media_types.INDEXES else _image
    return read(body, media_type)


def _decode(content: bytes) -> dict[str, Any]:
    """Read JSON strictly: an object, UTF-8, no duplicate keys, no NaN, nothing behind it."""
    try:
        body = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except ManifestInvalid:
        raise
    except RecursionError as error:
        raise ManifestInvalid("the manifest is nested too deeply") from error
    except ValueError as error:
        raise ManifestInvalid(f"the manifest is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ManifestInvalid("the manifest is not a JSON object")
    return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that has a key twice: readers would disagree on what it says."""
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ManifestInvalid("an object in the manifest has a key twice")
    return read


def _refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity are not JSON."""
    raise ManifestInvalid(f"the manifest holds {name}, which is not JSON")


def _media_type(body: dict[str, Any], declared: str) -> str:
    """Return the type that header and body agree on."""
    said = body.get("mediaType", "")
    if not isinstance(said, str):
        raise ManifestInvalid("mediaType is not a text")
    declared = declared.partition(";")[0].strip()
    if said and declared and said != declared:
        raise ManifestInvalid(f"mediaType is {said!r}, but the Content-Type is {declared!r}")
    media_type = said or declared
    if media_type not in media_types.MANIFESTS:
        raise ManifestInvalid(f"the media type {media_type!r} is not that of a manifest that is served")
    return media_type


def _image(body: dict[str, Any], media_type: str) -> ParsedManifest:
    """An image manifest, or an artifact in its shape."""
    if "manifests" in body:
        raise ManifestInvalid(f"a manifest of type {media_type} can't have manifests")
    config = _descriptor(body.get("config"), "config")
    layers = body.get("layers")
    if not isinstance(layers, list):
        raise ManifestInvalid("layers is not a list")
    return ParsedManifest(
        media_type=media_type,
        artifact_type=_type(body, "artifactType", "artifactType", required=False) or config.media_type,
        config=config,
        layers=tuple(_descriptor(layer, f"layers[{place}]") for place, layer in enumerate(layers)),
        subject=_subject(body),
        annotations=_annotations(body, "annotations"),
    )


def _index(body: dict[str, Any], media_type: str) -> ParsedManifest:
    """An image index, or a Docker manifest list."""
    for key in ("layers", "config"):
        if key in body:
            raise ManifestInvalid(f"a manifest of type {media_type} can't have {key}")
    manifests = body.get("manifests")
    if not isinstance(manifests, list):
        raise ManifestInvalid("manifests is not a list")
    return ParsedManifest(
        media_type=media_type,
        artifact_type=_type(body, "artifactType", "artifactType", required=False),
        manifests=tuple(_descriptor(entry, f"manifests[{place}]") for place, entry in enumerate(manifests)),
        subject=_subject(body),
        annotations=_annotations(body, "annotations"),
    )


def _subject(body: dict[str, Any]) -> Descriptor | None:
    """The manifest that this one is about."""
    return _descriptor(body["subject"], "subject") if body.get("subject") is not None else None


def _descriptor(raw: Any, place: str) -> Descriptor:
    """Check one descriptor."""
    if not isinstance(raw, dict):
        raise ManifestInvalid(f"{place} is not a descriptor")
    size = raw.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= LARGEST_SIZE:
        raise ManifestInvalid(f"{place}.size is not a number of bytes")
    try:
        digest = Digest.parse(_text(raw, "digest", f"{place}.digest"))
    except InvalidDigest as error:
        raise ManifestInvalid(f"{place}.digest {error}") from error
    urls = raw.get("urls") or []
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ManifestInvalid(f"{place}.urls is not a list of texts")
    return Descriptor(
        media_type=_type(raw, "mediaType", f"{place}.mediaType"),
        digest=digest,
        size=size,
        annotations=_annotations(raw, f"{place}.annotations"),
        artifact_type=_type(raw, "artifactType", f"{place}.artifactType", required=False),
        platform=_platform(raw.get("platform"), f"{place}.platform"),
        urls=tuple(urls),
    )


def _type(raw: dict[str, Any], key: str, place: str, *, required: bool = True) -> str:
    """Read a media type by its grammar; empty if it may be missing."""
    if not required and raw.get(key) in (None, ""):
        return ""
    value = _text(raw, key, place)
    if not media_types.GRAMMAR.fullmatch(value):
        raise ManifestInvalid(f"{place} {value!r} is not a media type")
    return value


def _text(raw: dict[str, Any], key: str, place: str) -> str:
    """Read a text that must be there."""
    value = raw.get(key)
    if not isinstance(value, str):
        raise ManifestInvalid(f"{place} is not a text")
    return value


def _annotations(raw: dict[str, Any], place: str) -> Mapping[str, str]:
    """Read a map of texts."""
    value = raw.get("annotations")
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise ManifestInvalid(f"{place} is not a map of texts")
    return value


def _platform(raw: Any, place: str) -> Platform | None:
    """Read a platform; what it leaves out is empty."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        raise ManifestInvalid(f"{place} is not a platform")
    values = {key: raw.get(key) or "" for key in ("os", "architecture", "variant", "os.version")}
    if not all(isinstance(value, str) for value in values.values()):
        raise ManifestInvalid(f"{place} holds something that is not a text")
    return Platform(values["os"], values["architecture"], values["variant"], values["os.version"])
