"""Tables of the registry app, one file per noun."""

from registry.models.alias import Alias
from registry.models.blob import Blob, BlobLink
from registry.models.catalog import CatalogData, Logo, RegistryCatalogData
from registry.models.image import Image, ImageBlob, ImageChild, ImageTag, Manifest
from registry.models.notice import Notice, NoticeChoice
from registry.models.policy import PullTimeUpdateExclusion, RegistrySettings, RepositoryPolicyVersion
from registry.models.repository import Repository
from registry.models.tag_event import TagEvent
from registry.models.takedown import Takedown
from registry.models.template import CreationTemplate
from registry.models.upload import Upload
from registry.models.usage import DailyPulls, PullCount, SpoolFile
from registry.models.work import WorkItem, WorkTarget

__all__ = [
    "Alias",
    "Blob",
    "BlobLink",
    "CatalogData",
    "CreationTemplate",
    "DailyPulls",
    "Image",
    "ImageBlob",
    "ImageChild",
    "ImageTag",
    "Logo",
    "Manifest",
    "Notice",
    "NoticeChoice",
    "PullCount",
    "PullTimeUpdateExclusion",
    "RegistryCatalogData",
    "RegistrySettings",
    "Repository",
    "RepositoryPolicyVersion",
    "SpoolFile",
    "TagEvent",
    "Takedown",
    "Upload",
    "WorkItem",
    "WorkTarget",
]
