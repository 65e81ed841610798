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
├── LifecyclePreviewNotFound        nobody asked for one
├── LifecyclePreviewInProgress      the one before is not ready
├── ImageError
│   ├── ImageNotFound
│   ├── ImageAlreadyExists          the same digest under the same tag, for APIs that refuse to repeat
│   ├── ImageArchived               it has to be restored before it can be pulled
│   ├── StorageClassUpdateNotSupported  an index that can be pulled names it
│   ├── ImageTagAlreadyExists       the tag is immutable and names another image
│   ├── ImageIsReferenced           an index of the repository names it
│   ├── ScanNotFound                it was never scanned
│   ├── SuppressionNotFound         no such suppression of findings
│   ├── VexInvalid                  no VEX document; the message says where
│   └── ImageTypeUnsupported        an index, a chart or another thing that can't be scanned
├── ManifestError
│   ├── ManifestInvalid             not a manifest, or it contradicts itself
│   ├── ManifestTooLarge
│   ├── ManifestDigestMismatch      the digest in the address is not that of the bytes
│   ├── LayersNotFound              it names blobs that the repository does not have
│   └── ReferencedImagesNotFound    an index names manifests that the repository does not have
├── BlobError
│   ├── BlobNotFound
│   ├── BlobArchived                only images in the archive have it
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
├── ReplicationChanged              somebody else has put other rules meanwhile
├── ChildrenNotReplicated           images that an index names could not be copied elsewhere
├── BackfillError                   BackfillInProgress, BackfillNotFound, BackfillInvalidStatus
├── PeerError                       PeerAlreadyExists, PeerChanged, PeerNotFound, PeerNotAllowed, PeerNotTrusted
│   ├── PeerUnavailable             another deployment does not answer: to be tried again
│   ├── PeerMisbehaved              it answers what no Kho answers
│   └── PeerRefused                 it refused an image or a deletion
├── QuotaExceeded                   the account's storage quota is used up
├── TooManyPulls                    of one address without a login
└── StorageError
    ├── StorageFull                 no space; the upload can go on later
    ├── StorageUnavailable          the store does not answer
    └── StorageDamaged              stored bytes are missing or cut short
"""

from registry.errors.blobs import (
    BlobArchived,
    BlobDigestMismatch,
    BlobError,
    BlobIsReferenced,
    BlobNotFound,
    BlobTooLarge,
    EmptyUpload,
    LayerAlreadyExists,
    LayerError,
    LayerInaccessible,
    LayerPartTooSmall,
    UploadBusy,
    UploadCutShort,
    UploadError,
    UploadNotFound,
    UploadOutOfOrder,
)
from registry.errors.images import (
    ImageAlreadyExists,
    ImageArchived,
    ImageError,
    ImageIsReferenced,
    ImageNotFound,
    ImageTagAlreadyExists,
    ImageTypeUnsupported,
    LayersNotFound,
    ManifestDigestMismatch,
    ManifestError,
    ManifestInvalid,
    ManifestTooLarge,
    ReferencedImagesNotFound,
    ScanNotFound,
    StorageClassUpdateNotSupported,
    SuppressionNotFound,
    VexInvalid,
)
from registry.errors.replication import (
    BackfillError,
    BackfillInProgress,
    BackfillInvalidStatus,
    BackfillNotFound,
    ChildrenNotReplicated,
    PeerAlreadyExists,
    PeerChanged,
    PeerError,
    PeerMisbehaved,
    PeerNotAllowed,
    PeerNotFound,
    PeerNotTrusted,
    PeerRefused,
    PeerUnavailable,
    ReplicationChanged,
)
from registry.errors.repositories import (
    CatalogDataNotFound,
    CountLimitExceeded,
    DeletionProtected,
    ExclusionAlreadyExists,
    ExclusionError,
    ExclusionNotFound,
    InvalidPolicy,
    LifecyclePolicyInvalid,
    LifecyclePolicyNotFound,
    LifecyclePreviewInProgress,
    LifecyclePreviewNotFound,
    LimitExceeded,
    PolicyError,
    PolicyLocksOut,
    QuotaExceeded,
    RegistryPolicyNotFound,
    RepositoryAlreadyExists,
    RepositoryError,
    RepositoryNotEmpty,
    RepositoryNotFound,
    RepositoryPolicyNotFound,
    TakenDown,
    TemplateAlreadyExists,
    TemplateError,
    TemplateNotFound,
    TooManyPulls,
    TooManyTags,
)
from registry.errors.stored import (
    StorageDamaged,
    StorageError,
    StorageFull,
    StorageUnavailable,
)
from registry.errors.values import (
    InvalidDigest,
    InvalidImageTag,
    InvalidRegion,
    InvalidRepositoryName,
    InvalidResourceTag,
    InvalidValue,
    RegistryError,
)

__all__ = [
    "BackfillError",
    "BackfillInProgress",
    "BackfillInvalidStatus",
    "BackfillNotFound",
    "BlobArchived",
    "BlobDigestMismatch",
    "BlobError",
    "BlobIsReferenced",
    "BlobNotFound",
    "BlobTooLarge",
    "CatalogDataNotFound",
    "ChildrenNotReplicated",
    "CountLimitExceeded",
    "DeletionProtected",
    "EmptyUpload",
    "ExclusionAlreadyExists",
    "ExclusionError",
    "ExclusionNotFound",
    "ImageAlreadyExists",
    "ImageArchived",
    "ImageError",
    "ImageIsReferenced",
    "ImageNotFound",
    "ImageTagAlreadyExists",
    "ImageTypeUnsupported",
    "InvalidDigest",
    "InvalidImageTag",
    "InvalidPolicy",
    "InvalidRegion",
    "InvalidRepositoryName",
    "InvalidResourceTag",
    "InvalidValue",
    "LayerAlreadyExists",
    "LayerError",
    "LayerInaccessible",
    "LayerPartTooSmall",
    "LayersNotFound",
    "LifecyclePolicyInvalid",
    "LifecyclePolicyNotFound",
    "LifecyclePreviewInProgress",
    "LifecyclePreviewNotFound",
    "LimitExceeded",
    "ManifestDigestMismatch",
    "ManifestError",
    "ManifestInvalid",
    "ManifestTooLarge",
    "PeerAlreadyExists",
    "PeerChanged",
    "PeerError",
    "PeerMisbehaved",
    "PeerNotAllowed",
    "PeerNotFound",
    "PeerNotTrusted",
    "PeerRefused",
    "PeerUnavailable",
    "PolicyError",
    "PolicyLocksOut",
    "QuotaExceeded",
    "ReferencedImagesNotFound",
    "RegistryError",
    "RegistryPolicyNotFound",
    "ReplicationChanged",
    "RepositoryAlreadyExists",
    "RepositoryError",
    "RepositoryNotEmpty",
    "RepositoryNotFound",
    "RepositoryPolicyNotFound",
    "ScanNotFound",
    "StorageClassUpdateNotSupported",
    "StorageDamaged",
    "StorageError",
    "StorageFull",
    "StorageUnavailable",
    "SuppressionNotFound",
    "TakenDown",
    "TemplateAlreadyExists",
    "TemplateError",
    "TemplateNotFound",
    "TooManyPulls",
    "TooManyTags",
    "UploadBusy",
    "UploadCutShort",
    "UploadError",
    "UploadNotFound",
    "UploadOutOfOrder",
    "VexInvalid",
]
