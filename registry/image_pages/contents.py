"""Configs and charts for pages: read, or a word for why they can't be."""

from dataclasses import dataclass
from enum import StrEnum

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry.content import image_configs
from registry.content.chart_archives import Chart, ChartUnreadable
from registry.content.image_configs import ImageConfig
from registry.core import image_contents
from registry.errors import BlobNotFound, BlobTooLarge, StorageError
from registry.manifests import media_types
from registry.manifests.parse import Descriptor, ParsedManifest
from registry.values import Address


class Problem(StrEnum):
    """Why a page can't show a content; what is in the way of an archive has words of its own (chart_archives)."""

    NONE = ""
    ABSENT = "absent"
    MISSING = "missing"
    TOO_LARGE = "too-large"
    DENIED = "denied"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class ConfigText:
    """A config and its bytes, or the problem."""

    config: ImageConfig
    content: bytes
    problem: str


@dataclass(frozen=True, slots=True)
class ChartText:
    """A chart, or the problem; then `chart` is empty."""

    chart: Chart
    problem: str


def config(caller: Caller, address: Address, parsed: ParsedManifest | None) -> ConfigText:
    """Read the config that a manifest names."""
    if parsed is None or parsed.config is None:
        return ConfigText(ImageConfig(), b"", Problem.ABSENT)
    try:
        content = image_contents.config(caller, address, parsed.config)
    except (BlobNotFound, BlobTooLarge, AccessDenied, CredentialsMissing, StorageError) as error:
        return ConfigText(ImageConfig(), b"", _problem(error))
    is_of_image = parsed.config.media_type in media_types.IMAGE_CONFIGS
    read = image_configs.read(content) if is_of_image else ImageConfig()
    return ConfigText(read, content, read.problem)


def chart(caller: Caller, address: Address, parsed: ParsedManifest | None) -> ChartText:
    """Read the chart whose archive a manifest names."""
    nothing = Chart(name="", version="")
    archive = chart_layer(parsed)
    if archive is None:
        return ChartText(nothing, Problem.ABSENT)
    try:
        return ChartText(image_contents.chart(caller, address, archive), Problem.NONE)
    except ChartUnreadable as error:
        return ChartText(nothing, error.reason)
    except (BlobNotFound, BlobTooLarge, AccessDenied, CredentialsMissing, StorageError) as error:
        return ChartText(nothing, _problem(error))


def chart_layer(parsed: ParsedManifest | None) -> Descriptor | None:
    """The layer that holds a chart's archive."""
    layers = parsed.layers if parsed else ()
    return next((layer for layer in layers if layer.media_type == media_types.HELM_CHART), None)


def _problem(error: Exception) -> Problem:
    if isinstance(error, BlobTooLarge):
        return Problem.TOO_LARGE
    if isinstance(error, BlobNotFound):
        return Problem.MISSING
    return Problem.UNAVAILABLE if isinstance(error, StorageError) else Problem.DENIED
