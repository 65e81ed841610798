"""Says to the spool that somebody has read an image; registry.metering counts from there. No write in the request."""

from dataclasses import asdict
from enum import StrEnum

from django.utils import timezone

from accounts.audit import spool
from accounts.caller import Caller
from registry.core import addresses
from registry.models import Image, Repository
from registry.values import ImageTag, Reference


class Kind(StrEnum):
    """How the image was read."""

    PULL = "pull"
    HEAD = "head"


def record(caller: Caller, kind: Kind, repository: Repository, image: Image, reference: Reference) -> None:
    """Append one line to the node's spool; never fails a pull."""
    spool.write(
        {
            "v": 1,
            "kind": kind.value,
            "at": timezone.now().isoformat(),
            "repository": repository.id,
            "image": image.id,
            "digest": image.digest,
            "tag": str(reference) if isinstance(reference, ImageTag) else "",
            "resource": str(addresses.arn(repository.address)),
            "caller": asdict(caller),
        }
    )
