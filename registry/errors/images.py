"""Errors about images and their manifests."""

from collections.abc import Sequence
from typing import Self

from registry.errors.values import RegistryError


class ImageError(RegistryError):
    """About one image of a repository; without a name, `reference` is all that there is to say."""

    def __init__(self, reference: str, name: str = "", registry_id: str = "") -> None:
        super().__init__(f"{reference} in {name} of {registry_id}" if name else reference)
        self.reference = reference
        self.name = name
        self.registry_id = registry_id


class ImageNotFound(ImageError):
    """No image with this tag, with this digest, or with both of them (`tag@digest`)."""

    @classmethod
    def named(cls, digest: object, tag: object, name: str, registry_id: str) -> Self:
        """Return the error about an image that was named by digest, by tag, or by both."""
        return cls("@".join(str(each) for each in (tag, digest) if each), name, registry_id)


class ImageArchived(ImageNotFound):
    """It is in the archive: it can be described and restored, but not pulled."""


class StorageClassUpdateNotSupported(ImageError):
    """An index that can be pulled names it."""


class ImageAlreadyExists(ImageError):
    """The same digest is there under the same tag."""


class ImageTagAlreadyExists(ImageError):
    """The tag is immutable and names another image."""


class ImageIsReferenced(ImageError):
    """An index of the repository names this image."""


class ScanNotFound(ImageError):
    """The image was never scanned."""


class ImageTypeUnsupported(ImageError):
    """What it is can't be scanned: an index, a chart, a signature."""


class SuppressionNotFound(ImageError):
    """No such suppression of findings in the registry."""

    def __init__(self, suppression_id: int) -> None:
        super().__init__(f"there is no suppression {suppression_id}")
        self.suppression_id = suppression_id


class VexInvalid(ImageError):
    """Not a VEX document, or one that contradicts itself; the message says where."""


class ManifestError(RegistryError):
    """About a manifest that is being pushed."""


class ManifestInvalid(ManifestError):
    """Not a manifest, or it contradicts itself; the message says where."""


class ManifestTooLarge(ManifestError):
    """Larger than the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"a manifest may have at most {limit} bytes")
        self.limit = limit


class ManifestDigestMismatch(ManifestError):
    """The digest in the address is not that of the bytes."""

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(f"expected {expected}, got {actual}")
        self.expected = expected
        self.actual = actual


class LayersNotFound(ManifestError):
    """The manifest names blobs that the repository does not have."""

    def __init__(self, digests: Sequence[str]) -> None:
        super().__init__(", ".join(digests))
        self.digests = tuple(digests)


class ReferencedImagesNotFound(ManifestError):
    """An index names manifests that the repository does not have."""

    def __init__(self, digests: Sequence[str]) -> None:
        super().__init__(", ".join(digests))
        self.digests = tuple(digests)
