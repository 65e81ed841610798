"""What hinders a replication, in words, and rules as templates read them."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy

from registry.replication import rules

HINDRANCES: Final = {
    "AccessDenied": gettext_lazy("The destination does not let it in: its registry policy must allow it."),
    "ChildrenNotReplicated": gettext_lazy("Images that it names could not be copied."),
    "CountLimitExceeded": gettext_lazy("The destination has as many images, tags or repositories as it may have."),
    "DestinationNotConfigured": gettext_lazy("The destination is in no rule any more."),
    "GivenUp": gettext_lazy("The staff have given it up. A push or a backfill tries again."),
    "ImageArchived": gettext_lazy("It was archived before it was copied."),
    "ImageNotFound": gettext_lazy("It was deleted before it was copied."),
    "ImageTagAlreadyExists": gettext_lazy("The tag is immutable there and names another image; this one is untagged."),
    "InvalidValue": gettext_lazy("Neither this deployment nor a peer serves the region any more."),
    "LayersNotFound": gettext_lazy("Its layers are damaged here. Push it again."),
    "PeerMisbehaved": gettext_lazy("The other deployment answers what can't be right. Tell the staff."),
    "PeerNotAllowed": gettext_lazy("Requests to the other deployment's network are not allowed. Tell the staff."),
    "PeerNotTrusted": gettext_lazy("The other deployment does not know this one. Tell the staff."),
    "PeerUnavailable": gettext_lazy("The other deployment does not answer."),
    "QuotaExceeded": gettext_lazy("The storage quota of the destination is used up."),
}


def why(code: str) -> str:
    """The words for a code; a code that has none stands for itself."""
    return str(HINDRANCES.get(code, code))


def shown(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule for a template."""
    return {
        "destinations": rule["destinations"],
        "prefixes": rules.filters(rule, rules.PREFIX_MATCH),
        "tags": rules.filters(rule, rules.TAG_WILDCARD),
        "deletes": bool((rule.get("deleteReplication") or {}).get("enabled")),
    }
