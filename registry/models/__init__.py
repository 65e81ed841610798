"""Tables of the registry app, one file per noun."""

from registry.models.advisory import Advisory, AdvisoryImport, AffectedPackage
from registry.models.alias import Alias
from registry.models.attached_vex import AttachedVex
from registry.models.blob import Blob, BlobLink
from registry.models.catalog import CatalogData, Logo, RegistryCatalogData
from registry.models.collection_run import CollectionRun
from registry.models.image import Image, ImageBlob, ImageChild, ImageTag, Manifest
from registry.models.lifecycle import LifecycleClock, LifecyclePreview, LifecyclePreviewImage, LifecycleRun
from registry.models.notice import Notice, NoticeChoice
from registry.models.peer import Peer, PeeringKey, PeerToken
from registry.models.policy import PullTimeUpdateExclusion, RegistrySettings, RepositoryPolicyVersion
from registry.models.replication import Replication, ReplicationBackfill, ReplicationBackfillResult
from registry.models.repository import Repository
from registry.models.scan import Finding, ImageScan, Sbom
from registry.models.severity import Severity
from registry.models.suppression import Suppression
from registry.models.tag_event import TagEvent
from registry.models.takedown import Takedown
from registry.models.template import CreationTemplate
from registry.models.upload import Upload
from registry.models.usage import DailyPulls, PullCount, SpoolFile
from registry.models.webhook import Webhook, WebhookDelivery
from registry.models.work import WorkItem, WorkTarget

__all__ = [
    "Advisory",
    "AdvisoryImport",
    "AffectedPackage",
    "Alias",
    "AttachedVex",
    "Blob",
    "BlobLink",
    "CatalogData",
    "CollectionRun",
    "CreationTemplate",
    "DailyPulls",
    "Finding",
    "Image",
    "ImageBlob",
    "ImageChild",
    "ImageScan",
    "ImageTag",
    "LifecycleClock",
    "LifecyclePreview",
    "LifecyclePreviewImage",
    "LifecycleRun",
    "Logo",
    "Manifest",
    "Notice",
    "NoticeChoice",
    "Peer",
    "PeerToken",
    "PeeringKey",
    "PullCount",
    "PullTimeUpdateExclusion",
    "RegistryCatalogData",
    "RegistrySettings",
    "Replication",
    "ReplicationBackfill",
    "ReplicationBackfillResult",
    "Repository",
    "RepositoryPolicyVersion",
    "Sbom",
    "Severity",
    "SpoolFile",
    "Suppression",
    "TagEvent",
    "Takedown",
    "Upload",
    "Webhook",
    "WebhookDelivery",
    "WorkItem",
    "WorkTarget",
]
