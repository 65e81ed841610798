"""Domain events: what happened in the registry, as plain frozen values. Announced into the outbox, in JSON."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RepositoryCreated:
    """A repository is there."""

    repository: int


@dataclass(frozen=True, slots=True)
class RepositoryDeleted:
    """A repository is gone; its row stays for a while, marked."""

    repository: int


@dataclass(frozen=True, slots=True)
class ImagePushed:
    """An image was put, under a tag or (tag empty) by digest alone."""

    repository: int
    digest: str
    tag: str


@dataclass(frozen=True, slots=True)
class ImageDeleted:
    """An image is gone."""

    repository: int
    digest: str


@dataclass(frozen=True, slots=True)
class ImageStorageClassChanged:
    """An image went to another storage class: STANDARD or ARCHIVE."""

    repository: int
    digest: str
    storage_class: str


@dataclass(frozen=True, slots=True)
class LifecyclePreviewStarted:
    """A lifecycle policy is to be tried on a repository."""

    preview: int


@dataclass(frozen=True, slots=True)
class ImageUntagged:
    """A tag is gone; the image stays."""

    repository: int
    digest: str
    tag: str


@dataclass(frozen=True, slots=True)
class ImageReplicated:
    """An image came from another registry, under a tag or (tag empty) by digest alone. It is not replicated again."""

    repository: int
    digest: str
    tag: str
    source_account: str
    source_region: str


@dataclass(frozen=True, slots=True)
class ReplicationDue:
    """An image is to be copied to another registry."""

    replication: int


@dataclass(frozen=True, slots=True)
class ReplicaLeft:
    """An image, or (tag not empty) its tag, is gone here, and is to go where rules lead.

    `destination` is one of these places (<account>/<region>), empty for all.
    """

    repository: int
    digest: str
    tag: str
    destination: str = ""


@dataclass(frozen=True, slots=True)
class ReplicationFailed:
    """An image could not be copied to another registry."""

    replication: int


@dataclass(frozen=True, slots=True)
class BackfillQueued:
    """A backfill has something to do."""

    backfill: str


@dataclass(frozen=True, slots=True)
class ImagesPulled:
    """Pulls were counted for a repository since the last time."""

    repository: int


@dataclass(frozen=True, slots=True)
class TakenDown:
    """Staff took a public repository or image down; its bytes are to be removed."""

    takedown: int


@dataclass(frozen=True, slots=True)
class WorkQueued:
    """A long job has something to do."""

    item: str


@dataclass(frozen=True, slots=True)
class CollectionAsked:
    """Somebody asked for a pass of the collector, or there is something left to do in one."""

    run: int


@dataclass(frozen=True, slots=True)
class WorkEnded:
    """A long job is over, or was stopped by somebody else than its person."""

    item: str


@dataclass(frozen=True, slots=True)
class RepositoryVisibilityChanged:
    """A public repository has another policy, or other resource tags, which policies ask for: others may see it."""

    repository: int


@dataclass(frozen=True, slots=True)
class CatalogDataChanged:
    """A publisher says something else about a public repository, or goes by another name."""

    repository: int


@dataclass(frozen=True, slots=True)
class PublisherMarked:
    """Staff gave a publisher the verified mark, or took it away; `at` is when, so that each time is told once."""

    account: str
    is_verified: bool
    at: str


@dataclass(frozen=True, slots=True)
class WebhookDeliveryDue:
    """An event is to be sent to a webhook."""

    delivery: str


@dataclass(frozen=True, slots=True)
class WebhookResumed:
    """A webhook may be sent to again; what was held back for it is to go."""

    webhook: str


@dataclass(frozen=True, slots=True)
class WebhookPaused:
    """A webhook failed for so long that nothing is sent to it any more."""

    webhook: str


@dataclass(frozen=True, slots=True)
class AdvisoriesChanged:
    """Something else is said about some packages than before; the import tells which."""

    advisory_import: int


@dataclass(frozen=True, slots=True)
class ScanningConfigured:
    """An account says how the images of its registry in a region are scanned."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class ScanRequested:
    """An image is to be scanned."""

    scan: int


@dataclass(frozen=True, slots=True)
class SuppressionsChanged:
    """An account leaves other findings aside than before in a registry: those of these vulnerabilities may follow."""

    account: str
    region: str
    vulnerabilities: list[str]


@dataclass(frozen=True, slots=True)
class VexAttached:
    """What may be a VEX document was attached to an image; `image` is the artifact that holds it."""

    image: int


@dataclass(frozen=True, slots=True)
class VexTrustChanged:
    """A registry follows the VEX documents that are attached to its images from now on, or does so no more."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class ImageScanned:
    """A scan has ended, well or not, or new advisories have changed what it found."""

    scan: int


@dataclass(frozen=True, slots=True)
class PackagesListed:
    """A scan has listed the packages of an image, which are to be attached to it."""

    scan: int


Event = (
    RepositoryCreated
    | RepositoryDeleted
    | ImagePushed
    | ImageDeleted
    | ImageUntagged
    | ImageReplicated
    | ReplicationDue
    | ReplicaLeft
    | ReplicationFailed
    | BackfillQueued
    | ImageStorageClassChanged
    | LifecyclePreviewStarted
    | ImagesPulled
    | RepositoryVisibilityChanged
    | CatalogDataChanged
    | TakenDown
    | WorkQueued
    | CollectionAsked
    | WebhookDeliveryDue
    | WebhookResumed
    | WebhookPaused
    | WorkEnded
    | PublisherMarked
    | AdvisoriesChanged
    | ScanningConfigured
    | ScanRequested
    | ImageScanned
    | PackagesListed
    | SuppressionsChanged
    | VexAttached
    | VexTrustChanged
)
