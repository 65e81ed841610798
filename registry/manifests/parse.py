"""Bytes -> a checked manifest. OCI Image Specification 1.1 (manifest, index) and Docker schema 2 (manifest, list).

What is refused names its place, as in "layers[2].size is not a number of bytes".
"""

import base64
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from registry.errors import InvalidDigest, ManifestInvalid
from registry.manifests import media_types
from registry.values import Digest

LARGEST_SIZE: Final = 2**62
"""Of one descriptor and of all together, in bytes; so that a sum of two still fits into 64 bits."""

LONGEST_SHOWN: Final = 100
"""Characters of a client's text that a message repeats."""


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

    @property
    def is_elsewhere(self) -> bool:
        """Whether clients fetch the content from other places: it has urls, or a type that says so."""
        return bool(self.urls) or media_types.is_non_distributable(self.media_type)


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
        return tuple(blob for blob in self.blobs if blob is self.config or not blob.is_elsewhere)


def parse(content: bytes, media_type: str) -> ParsedManifest:
    """Check a manifest's bytes against the type that the client declared (empty: as the body says).

    Raises ManifestInvalid, whose message names the place.
    """
    body = _decode(content)
    if body.get("schemaVersion") == 1:
        raise ManifestInvalid("schemaVersion is 1: Docker's schema 1 is not served")
    media_type = _agreed_type(body, media_type)
    if type(body.get("schemaVersion")) is not int or body["schemaVersion"] != 2:
        raise ManifestInvalid("schemaVersion is not 2")
    if "layers" in body and "manifests" in body:
        raise ManifestInvalid("a manifest can't have both layers and manifests")
    parsed = (_index if media_type in media_types.INDEXES else _image)(body, media_type)
    if sum(descriptor.size for descriptor in (*parsed.blobs, *parsed.children)) > LARGEST_SIZE:
        raise ManifestInvalid("the sizes add up to more than any registry holds")
    return parsed


def _decode(content: bytes) -> dict[str, Any]:
    """Read JSON strictly: an object, UTF-8, no duplicate keys, no NaN, nothing behind it."""
    try:
        body = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
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
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ManifestInvalid(f"an object in the manifest has the key {_shown(twice)} twice")
    return read


def _refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity are not JSON."""
    raise ManifestInvalid(f"the manifest holds {name}, which is not JSON")


def _agreed_type(body: dict[str, Any], declared: str) -> str:
    """Return the type that header and body agree on."""
    said = body.get("mediaType", "")
    if not isinstance(said, str):
        raise ManifestInvalid("mediaType is not a text")
    declared = declared.partition(";")[0].strip()
    if said and declared and said != declared:
        raise ManifestInvalid(f"mediaType is {_shown(said)}, but the Content-Type is {_shown(declared)}")
    media_type = said or declared
    if not media_type:
        raise ManifestInvalid("neither mediaType nor Content-Type says what the manifest is")
    if media_type not in media_types.MANIFESTS:
        raise ManifestInvalid(f"{_shown(media_type)} is not the media type of a manifest that is served")
    return media_type


def _image(body: dict[str, Any], media_type: str) -> ParsedManifest:
    """An image manifest, or an artifact in its shape; only an artifact may do without a config."""
    if "manifests" in body:
        raise ManifestInvalid(f"a manifest of type {media_type} can't have manifests")
    artifact_type = _type(body, "artifactType", "artifactType", required=False)
    is_bare = media_type == media_types.OCI_MANIFEST and artifact_type and body.get("config") is None
    config = None if is_bare else _descriptor(body.get("config"), "config")
    return ParsedManifest(
        media_type=media_type,
        artifact_type=artifact_type or (config.media_type if config else ""),
        config=config,
        layers=_descriptors(body, "layers"),
        subject=_subject(body),
        annotations=_annotations(body, "annotations"),
    )


def _index(body: dict[str, Any], media_type: str) -> ParsedManifest:
    """An image index, or a Docker manifest list."""
    for key in ("layers", "config"):
        if key in body:
            raise ManifestInvalid(f"a manifest of type {media_type} can't have {key}")
    return ParsedManifest(
        media_type=media_type,
        artifact_type=_type(body, "artifactType", "artifactType", required=False),
        manifests=_descriptors(body, "manifests"),
        subject=_subject(body),
        annotations=_annotations(body, "annotations"),
    )


def _subject(body: dict[str, Any]) -> Descriptor | None:
    """The manifest that this one is about."""
    return _descriptor(body["subject"], "subject") if body.get("subject") is not None else None


def _descriptors(body: dict[str, Any], key: str) -> tuple[Descriptor, ...]:
    """Read a list of descriptors. Programs in Go write an empty list as null."""
    if key not in body:
        raise ManifestInvalid(f"{key} is missing")
    entries = body[key] if body[key] is not None else []
    if not isinstance(entries, list):
        raise ManifestInvalid(f"{key} is not a list")
    return tuple(_descriptor(entry, f"{key}[{place}]") for place, entry in enumerate(entries))


def _descriptor(raw: Any, place: str) -> Descriptor:
    """Check one descriptor."""
    if not isinstance(raw, dict):
        raise ManifestInvalid(f"{place} is not a descriptor")
    media_type = _type(raw, "mediaType", f"{place}.mediaType")
    digest, size = _digest(raw, place), _size(raw, place)
    _check_data(raw, place, digest, size)
    return Descriptor(
        media_type=media_type,
        digest=digest,
        size=size,
        annotations=_annotations(raw, f"{place}.annotations"),
        artifact_type=_type(raw, "artifactType", f"{place}.artifactType", required=False),
        platform=_platform(raw.get("platform"), f"{place}.platform"),
        urls=_urls(raw, f"{place}.urls"),
    )


def _digest(raw: dict[str, Any], place: str) -> Digest:
    """Read a descriptor's digest."""
    text = _text(raw, "digest", f"{place}.digest")
    try:
        return Digest.parse(text)
    except InvalidDigest as error:
        raise ManifestInvalid(f"{place}.digest {error.why}: {_shown(text)}") from error


def _size(raw: dict[str, Any], place: str) -> int:
    """Read a descriptor's size in bytes."""
    size = raw.get("size")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= LARGEST_SIZE:
        raise ManifestInvalid(f"{place}.size is not a number of bytes")
    return size


def _check_data(raw: dict[str, Any], place: str, digest: Digest, size: int) -> None:
    """Refuse an embedded copy of the content that is another content: some readers take it without a look."""
    if raw.get("data") is None:
        return
    text = _text(raw, "data", f"{place}.data")
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ManifestInvalid(f"{place}.data is not base64") from error
    if len(content) != size or Digest.of(content, digest.algorithm) != digest:
        raise ManifestInvalid(f"{place}.data is not the content that size and digest describe")


def _urls(raw: dict[str, Any], place: str) -> tuple[str, ...]:
    """Read where else the content is."""
    urls = raw.get("urls") or []
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise ManifestInvalid(f"{place} is not a list of texts")
    return tuple(urls)


def _type(raw: dict[str, Any], key: str, place: str, *, required: bool = True) -> str:
    """Read a media type by its grammar; empty if it may be missing."""
    if not required and raw.get(key) in (None, ""):
        return ""
    value = _text(raw, key, place)
    if not media_types.is_legal(value):
        raise ManifestInvalid(f"{place} is not a media type: {_shown(value)}")
    return value


def _text(raw: dict[str, Any], key: str, place: str) -> str:
    """Read a text that must be there."""
    value = raw.get(key)
    if not isinstance(value, str):
        raise ManifestInvalid(f"{place} is {'not a text' if key in raw else 'missing'}")
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
    for key, value in values.items():
        if not isinstance(value, str):
            raise ManifestInvalid(f"{place}.{key} is not a text")
    return Platform(values["os"], values["architecture"], values["variant"], values["os.version"])


def _shown(value: str) -> str:
    """A client's text as a message repeats it, at bearable length."""
    return repr(value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…")
