"""What can go wrong in the registry. Errors carry facts; each HTTP API has a table for its own words.

RegistryError
├── InvalidValue                    a name, tag, digest, reference or region has the wrong form
│   ├── InvalidRepositoryName
│   ├── InvalidImageTag
│   └── InvalidDigest
├── RepositoryError
│   ├── RepositoryNotFound
│   ├── RepositoryAlreadyExists
│   ├── RepositoryNotEmpty
│   └── DeletionProtected           its owner has locked it against deletion
├── PolicyError
│   ├── InvalidPolicy               not a policy; the problems have places
│   ├── PolicyLocksOut              who puts it could not put another one afterwards
│   └── RepositoryPolicyNotFound
├── ImageError
│   ├── ImageNotFound
│   ├── ImageAlreadyExists          the same digest under the same tag, for APIs that refuse to repeat
│   ├── ImageTagAlreadyExists       the tag is immutable and names another image
│   └── ImageIsReferenced           an index of the repository names it
├── ManifestError
│   ├── ManifestInvalid             not a manifest, or it contradicts itself
│   ├── ManifestTooLarge
│   ├── ManifestDigestMismatch      the digest in the address is not that of the bytes
│   ├── LayersNotFound              it names blobs that the repository does not have
│   └── ReferencedImagesNotFound    an index names manifests that the repository does not have
├── BlobError
│   ├── BlobNotFound
│   ├── BlobDigestMismatch          the uploaded bytes have another digest
│   ├── BlobTooLarge
│   └── BlobIsReferenced            an image of the repository needs it
├── UploadError
│   ├── UploadNotFound              unknown, finished, cancelled, or of another repository
│   ├── UploadOutOfOrder            the chunk does not start where the last one ended
│   ├── UploadCutShort              the client went away before the last byte it promised
│   └── UploadBusy                  another request is writing to it
├── LayerError                      EmptyUpload, LayerPartTooSmall
├── LayerAlreadyExists
├── CatalogDataNotFound
├── TakenDown                       staff removed it, and it can't be pushed again
├── RegistryPolicyNotFound
├── LimitExceeded                   a number of things is reached
│   ├── CountLimitExceeded          of repositories, images, tags
│   └── TooManyTags                 resource tags
├── InvalidResourceTag
├── TemplateError                   TemplateAlreadyExists, TemplateNotFound
├── ExclusionError                  ExclusionAlreadyExists, ExclusionNotFound
├── QuotaExceeded                   the account's storage quota is used up
├── TooManyPulls                    of one address without a login
└── StorageError
    ├── StorageFull                 no space; the upload can go on later
    ├── StorageUnavailable          the store does not answer
    └── StorageDamaged              stored bytes are missing or cut short
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.iam.document import Problem


class RegistryError(Exception):
    """The root of the tree."""


class InvalidValue(RegistryError):
    """A value has the wrong form; the message says what it takes."""

    def __init__(self, value: str, why: str) -> None:
        super().__init__(f"{value!r} {why}")
        self.value = value
        self.why = why


class InvalidRepositoryName(InvalidValue):
    """Not a legal repository name."""


class InvalidImageTag(InvalidValue):
    """Not a legal image tag."""


class InvalidDigest(InvalidValue):
    """Not a digest, or of an algorithm that is not served."""


class RepositoryError(RegistryError):
    """About one repository."""

    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(f"{name} in {registry_id}")
        self.name = name
        self.registry_id = registry_id


class RepositoryNotFound(RepositoryError):
    """No such repository; only a caller who may act on the name learns this."""


class RepositoryAlreadyExists(RepositoryError):
    """The name is taken in this registry."""


class RepositoryNotEmpty(RepositoryError):
    """It still contains images, and deleting them was not asked for."""


class DeletionProtected(RepositoryError):
    """It is protected; the protection has to be taken off first."""


class PolicyError(RegistryError):
    """About a policy of a repository or a registry."""


class InvalidPolicy(PolicyError):
    """The text is no policy of its kind; `problems` say where and why, errors before warnings."""

    def __init__(self, problems: "Sequence[Problem]") -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


class PolicyLocksOut(PolicyError):
    """With this policy in force, who puts it could not put another one."""


class LifecyclePolicyInvalid(PolicyError):
    """The text is no lifecycle policy; `problems` say where and why."""

    def __init__(self, problems: "tuple[Problem, ...]") -> None:
        first = problems[0]
        super().__init__(f"line {first.line}, column {first.column}: {first.path or 'the policy'} {first.message}")
        self.problems = problems


class LifecyclePolicyNotFound(RepositoryError):
    """The repository has no lifecycle policy."""


class RepositoryPolicyNotFound(PolicyError):
    """The repository has no policy."""

    def __init__(self, name: str, registry_id: str) -> None:
        super().__init__(f"policy of {name} in {registry_id}")
        self.name = name
        self.registry_id = registry_id


class ImageError(RegistryError):
    """About one image of a repository."""

    def __init__(self, reference: str, name: str = "", registry_id: str = "") -> None:
        super().__init__(f"{reference} in {name} of {registry_id}")
        self.reference = reference
        self.name = name
        self.registry_id = registry_id


class ImageNotFound(ImageError):
    """No image with this tag or digest."""


class ImageAlreadyExists(ImageError):
    """The same digest is there under the same tag."""


class ImageTagAlreadyExists(ImageError):
    """The tag is immutable and names another image."""


class ImageIsReferenced(ImageError):
    """An index of the repository names this image."""


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


class BlobError(RegistryError):
    """About one blob."""


class BlobNotFound(BlobError):
    """The repository has no such blob."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


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


class CatalogDataNotFound(RepositoryError):
    """The public repository has no catalog data."""


class TakenDown(RepositoryError):
    """Staff took the public repository, or the image that is pushed to it, down; `reason` is for everybody."""

    def __init__(self, name: str, registry_id: str, reason: str) -> None:
        super().__init__(name, registry_id)
        self.reason = reason


class RegistryPolicyNotFound(RegistryError):
    """The registry has no policy of its own."""

    def __init__(self, registry_id: str) -> None:
        super().__init__(f"registry {registry_id} has no policy")
        self.registry_id = registry_id


class LimitExceeded(RegistryError):
    """A number of things that a registry may have is reached; the message says which."""


class CountLimitExceeded(LimitExceeded):
    """One of KHO_MAX_REPOSITORIES, KHO_MAX_IMAGES and KHO_MAX_TAGS is reached."""


class TooManyTags(LimitExceeded):
    """A repository would have more resource tags than it may."""


class InvalidResourceTag(RegistryError):
    """A resource tag is not in form."""


class TemplateError(RegistryError):
    """About a repository creation template."""

    def __init__(self, prefix: str, registry_id: str) -> None:
        super().__init__(f"{registry_id}: {prefix}")
        self.prefix = prefix
        self.registry_id = registry_id


class TemplateAlreadyExists(TemplateError):
    """The registry has a template with this prefix."""


class TemplateNotFound(TemplateError):
    """The registry has no template with this prefix."""


class ExclusionError(RegistryError):
    """About the principals whose pulls leave last pull times alone."""

    def __init__(self, principal_arn: str) -> None:
        super().__init__(principal_arn)
        self.principal_arn = principal_arn


class ExclusionAlreadyExists(ExclusionError):
    """The principal is excluded already."""


class ExclusionNotFound(ExclusionError):
    """The principal is not excluded."""


class QuotaExceeded(RegistryError):
    """The account's storage quota is used up."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the account may store at most {limit} bytes")
        self.limit = limit


class StorageError(RegistryError):
    """The place where bytes are kept fails."""


class StorageFull(StorageError):
    """No space is left; what was stored before stays, and the upload can go on later."""


class StorageUnavailable(StorageError):
    """The store does not answer."""


class StorageDamaged(StorageError):
    """Stored bytes are missing or cut short."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class TooManyPulls(RegistryError):
    """One address has pulled too often without a login."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many pulls without a login; more are possible in {seconds} seconds")
        self.seconds = seconds
