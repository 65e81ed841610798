"""A manifest's bytes as lines of text in which digests are links."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from registry.content import image_configs
from registry.content.readable import readable
from registry.core.image_details import Child, Detail
from registry.manifests.parse import ParsedManifest

DIGEST: Final = re.compile(r"(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})")
MOST_LINES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line, and where it leads, if it does."""

    text: str
    url: str = ""
    is_missing: bool = False


def lines(content: bytes, urls: Mapping[str, str], missing: set[str], *, indented: bool) -> list[list[Part]]:
    """Return the text's lines in parts; the JSON is written anew only if asked for, and not nested too deeply."""
    if indented:
        text = image_configs.indented(content)
    else:
        text = content.decode("utf-8", "replace")
        text = readable(text, len(text))
    return [_parts(line, urls, missing) for line in text.split("\n")[:MOST_LINES]]


def _parts(line: str, urls: Mapping[str, str], missing: set[str]) -> list[Part]:
    return [Part(piece, urls.get(piece, ""), piece in missing) for piece in DIGEST.split(line) if piece]


def is_one_line(content: bytes) -> bool:
    """Whether a person would want to see the JSON written anew."""
    return len(content) > 200 and b"\n" not in content.strip()


def urls(detail: Detail, parsed: ParsedManifest | None, images_url: str, page_url: str) -> dict[str, str]:
    """Where each digest of a manifest leads: children, subject, config and layers."""
    known = {child.digest: f"{images_url}/{child.digest}" for child in detail.children if child.size is not None}
    if parsed is None:
        return known
    known |= {str(layer.digest): f"{page_url}/layers#layer-{number}" for number, layer in enumerate(parsed.layers, 1)}
    if parsed.config:
        known[str(parsed.config.digest)] = f"{page_url}/config"
    if parsed.subject:
        known[str(parsed.subject.digest)] = f"{images_url}/{parsed.subject.digest}"
    return known


def missing(children: list[Child]) -> set[str]:
    """The digests that an index names and the repository does not have."""
    return {child.digest for child in children if child.size is None}
