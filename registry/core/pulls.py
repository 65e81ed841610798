"""Says to the spool that somebody has read an image; registry.metering counts from there. No write in the request."""

from enum import StrEnum

from django.utils import timezone

from accounts.audit import spool
from accounts.caller import Caller
from registry.core import addresses
from registry.core.reading import FoundImage
from registry.values import Address, ImageTag, Reference


class Kind(StrEnum):
    """How the image was read."""

    PULL = "pull"
    HEAD = "head"


def record(caller: Caller, kind: Kind, address: Address, image: FoundImage, reference: Reference) -> None:
    """Append one line to the node's spool; never fails a pull."""
    spool.write(
        {
            "v": 1,
            "kind": kind.value,
            "at": timezone.now().isoformat(),
            "repository": image.repository_id,
            "image": image.id,
            "digest": image.digest,
            "tag": str(reference) if isinstance(reference, ImageTag) else "",
            "resource": str(addresses.arn(address)),
            "caller": caller.as_dict(),
        }
    )
