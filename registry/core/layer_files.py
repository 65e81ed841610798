"""The layers of an image as files, for whoever looks inside of them; nobody is asked, no pull is counted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import BinaryIO

from registry.core import blobs
from registry.errors import ManifestInvalid
from registry.manifests.parse import Descriptor, parse
from registry.models import Blob, Image, ImageBlob


@dataclass(frozen=True, slots=True)
class LayerFile:
    """A layer, the lowest first; `open` is None if the repository does not have its bytes.

    Opening raises BlobNotFound for bytes that are missing or cut short, and what the storage raises.
    """

    digest: str
    media_type: str
    open: Callable[[], BinaryIO] | None
    annotations: Mapping[str, str] = field(default_factory=dict)


def of_image(image: Image) -> list[LayerFile]:
    """Return the layers of an image; none of what is no image."""
    try:
        parsed = parse(bytes(image.manifest.content), image.media_type)
    except ManifestInvalid:
        return []
    rows = ImageBlob.objects.filter(image=image, is_config=False, blob__state=Blob.State.LIVE).select_related("blob")
    there = {row.blob.digest: row.blob for row in rows}
    return [_layer(each, there.get(str(each.digest))) for each in parsed.layers]


def _layer(layer: Descriptor, blob: Blob | None) -> LayerFile:
    open_it = partial(_open, blob) if blob else None
    return LayerFile(str(layer.digest), layer.media_type, open_it, layer.annotations)


def _open(blob: Blob) -> BinaryIO:
    return blobs.read(blob).file
