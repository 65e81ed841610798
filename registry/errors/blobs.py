"""Errors about blobs and their uploads."""

from registry.errors.values import RegistryError


class BlobError(RegistryError):
    """About one blob."""


class BlobNotFound(BlobError):
    """The repository has no such blob."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


class BlobArchived(BlobNotFound):
    """All images of the repository that have it are in the archive."""


class LayerInaccessible(BlobError):
    """The repository has the layer, but no image that it belongs to."""

    def __init__(self, digest: str, name: str) -> None:
        super().__init__(digest)
        self.digest = digest
        self.name = name


class BlobDigestMismatch(BlobError):
    """The uploaded bytes have another digest than the client said."""

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(f"expected {expected}, got {actual}")
        self.expected = expected
        self.actual = actual


class BlobTooLarge(BlobError):
    """Larger than the limit."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"a blob may have at most {limit} bytes")
        self.limit = limit


class BlobIsReferenced(BlobError):
    """An image of the repository needs it."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


class UploadError(RegistryError):
    """About one upload."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(upload_id)
        self.upload_id = upload_id


class UploadNotFound(UploadError):
    """Unknown, finished, cancelled, or of another repository."""


class UploadOutOfOrder(UploadError):
    """The chunk does not start where the last one ended; `offset` is where the next byte belongs."""

    def __init__(self, upload_id: str, offset: int) -> None:
        super().__init__(upload_id)
        self.offset = offset


class UploadCutShort(UploadError):
    """The client went away before the last byte it promised; `offset` is what was kept."""

    def __init__(self, upload_id: str, offset: int) -> None:
        super().__init__(upload_id)
        self.offset = offset


class UploadBusy(UploadError):
    """Another request is writing to it."""


class LayerError(UploadError):
    """About an upload by ECR's own layer calls."""


class EmptyUpload(LayerError):
    """Nothing was uploaded."""


class LayerPartTooSmall(LayerError):
    """A part that is not the last one is smaller than parts have to be."""


class LayerAlreadyExists(RegistryError):
    """The repository has the layer already."""

    def __init__(self, digest: str, name: str, registry_id: str) -> None:
        super().__init__(f"{digest} is in {registry_id}/{name} already")
        self.digest = digest
        self.name = name
        self.registry_id = registry_id
