"""What webhooks may be told of, and which of them a filter lets through; pure but for its words."""

from collections.abc import Collection
from typing import Final

from django.utils.translation import gettext_lazy as _

from accounts.iam.matching import like
from registry.notifications.eventbridge import DELETE, PUSH, REFERRER_ACTION, REPLICATE, SCAN, UPDATE_STORAGE_CLASS

EVERYTHING: Final = "*"
IMAGE_PUSH, IMAGE_DELETE, IMAGE_STORAGE, REFERRER = "image.push", "image.delete", "image.storage-class", "referrer"
IMAGE_SCAN, REPLICATION = "image.scan", "image.replication"
NAMES: Final = {
    IMAGE_PUSH: _("An image is pushed"),
    IMAGE_DELETE: _("An image or a tag is deleted"),
    IMAGE_STORAGE: _("An image is archived or restored"),
    IMAGE_SCAN: _("An image is scanned"),
    REFERRER: _("A signature, SBOM or other artifact is attached or deleted"),
    REPLICATION: _("An image is replicated here, or can't be replicated elsewhere"),
    EVERYTHING: _("All kinds of events, and those that come later"),
}
"""Kind -> what it is, in the order in which people choose."""

KINDS: Final = {
    PUSH: IMAGE_PUSH,
    DELETE: IMAGE_DELETE,
    UPDATE_STORAGE_CLASS: IMAGE_STORAGE,
    SCAN: IMAGE_SCAN,
    REPLICATE: REPLICATION,
}


def kind_of(detail_type: str, action: str) -> str:
    """The kind of an event, by its detail-type and action-type."""
    return REFERRER if detail_type == REFERRER_ACTION else KINDS[action]


def is_wanted(kind: str, chosen: Collection[str]) -> bool:
    """Whether an event of a kind is one of those that were chosen."""
    return kind in chosen or EVERYTHING in chosen


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits a filter with `*` and `?`; no name fits but `*`."""
    return pattern == EVERYTHING or (bool(name) and like(pattern)(name))
