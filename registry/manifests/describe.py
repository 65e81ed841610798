"""What a person would call a manifest, and what its config says of it. Never raises: configs are anybody's bytes."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from registry.manifests import media_types
from registry.manifests.parse import ParsedManifest

TITLE: Final = "org.opencontainers.image.title"
DESCRIPTION: Final = "org.opencontainers.image.description"
VERSION: Final = "org.opencontainers.image.version"
LICENSES: Final = "org.opencontainers.image.licenses"
SOURCE: Final = "org.opencontainers.image.source"
URL: Final = "org.opencontainers.image.url"
CREATED: Final = "org.opencontainers.image.created"
PREDICATE: Final = "dev.sigstore.bundle.predicateType"
SIGNED: Final = "https://sigstore.dev/cosign/sign/v1"
LONGEST_TEXT: Final = 1024
MOST_LABELS: Final = 64

_KIND_OF_CONFIG: Final = {media_types.HELM_CONFIG: "chart", media_types.BUILDKIT_CACHE: "cache"}
_KINDS_OF_CONTENT: Final = {
    "signature": media_types.SIGNATURES,
    "attestation": media_types.ATTESTATIONS,
    "sbom": media_types.SBOMS,
}


@dataclass(frozen=True, slots=True)
class ConfigFacts:
    """What manifest and config say of an image or chart; empty where they don't."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    created: str = ""
    title: str = ""
    description: str = ""
    version: str = ""
    app_version: str = ""
    licenses: str = ""
    source: str = ""
    url: str = ""
    labels: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The facts that have no column of their own and are not empty."""
        return {
            name: value
            for name, value in asdict(self).items()
            if value and name not in {"os", "architecture", "variant"}
        }


def kind(parsed: ParsedManifest) -> str:
    """Return one of index, image, chart, signature, attestation, sbom, cache, artifact."""
    if parsed.is_index:
        cached = any(entry.media_type == media_types.BUILDKIT_CACHE for entry in parsed.manifests)
        return "cache" if cached else "index"
    config_type = parsed.config.media_type if parsed.config else ""
    if config_type in _KIND_OF_CONFIG:
        return _KIND_OF_CONFIG[config_type]
    types = {parsed.artifact_type, *(layer.media_type for layer in parsed.layers)}
    if any(media_type.startswith(media_types.SIGSTORE_BUNDLE) for media_type in types):
        return "signature" if parsed.annotations.get(PREDICATE, SIGNED) == SIGNED else "attestation"
    for name, prefixes in _KINDS_OF_CONTENT.items():
        if any(media_type.startswith(prefixes) for media_type in types):
            return name
    return "image" if config_type in media_types.IMAGE_CONFIGS and parsed.artifact_type == config_type else "artifact"


def config_facts(parsed: ParsedManifest, config: bytes) -> ConfigFacts:
    """Read the facts from the manifest's annotations and the config's bytes (empty if there are none)."""
    body = _object(config)
    annotations = {key: value for key, value in parsed.annotations.items() if value.strip()}
    if parsed.config and parsed.config.media_type == media_types.HELM_CONFIG:
        return _chart(body, annotations)
    if not parsed.config or parsed.config.media_type not in media_types.IMAGE_CONFIGS:
        body = {}
    inner = body.get("config")
    labels = inner.get("Labels") if isinstance(inner, dict) else None
    labels = {key: value for key, value in labels.items() if isinstance(value, str)} if isinstance(labels, dict) else {}
    said = labels | annotations
    return ConfigFacts(
        os=_text(body.get("os")),
        architecture=_text(body.get("architecture")),
        variant=_text(body.get("variant")),
        created=_text(body.get("created")) or _text(annotations.get(CREATED)),
        title=_text(said.get(TITLE)),
        description=_text(said.get(DESCRIPTION)),
        version=_text(said.get(VERSION)),
        licenses=_text(said.get(LICENSES)),
        source=_link(said.get(SOURCE)),
        url=_link(said.get(URL)),
        labels={_text(key): _text(value) for key, value in list(labels.items())[:MOST_LABELS]},
    )


def _chart(body: dict[str, Any], annotations: dict[str, str]) -> ConfigFacts:
    """Helm stores Chart.yaml as the config, in JSON."""
    sources = body.get("sources")
    first_source = sources[0] if isinstance(sources, list) and sources else ""
    chart_annotations = body.get("annotations")
    licenses = chart_annotations.get("artifacthub.io/license") if isinstance(chart_annotations, dict) else ""
    return ConfigFacts(
        title=_text(body.get("name")) or _text(annotations.get(TITLE)),
        description=_text(body.get("description")) or _text(annotations.get(DESCRIPTION)),
        version=_text(body.get("version")) or _text(annotations.get(VERSION)),
        app_version=_text(body.get("appVersion")),
        licenses=_text(licenses) or _text(annotations.get(LICENSES)),
        source=_link(first_source) or _link(annotations.get(SOURCE)),
        url=_link(body.get("home")) or _link(annotations.get(URL)),
        created=_text(annotations.get(CREATED)),
    )


def _object(content: bytes) -> dict[str, Any]:
    """Read a JSON object; anything else is an empty one."""
    try:
        body = json.loads(content) if content else {}
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _text(value: Any) -> str:
    """A text of bearable length, or nothing."""
    return value[:LONGEST_TEXT] if isinstance(value, str) else ""


def _link(value: Any) -> str:
    """An address that a page may link to, or nothing."""
    text = _text(value).strip()
    return text if text.startswith(("https://", "http://")) else ""
