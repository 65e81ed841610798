"""Says to the spool that somebody has read an image; registry.metering counts from there. No write in the request."""

from enum import StrEnum

from django.conf import settings
from django.utils import timezone

from accounts import limits
from accounts.audit import spool
from accounts.caller import Caller
from registry.core import addresses
from registry.core.reading import FoundImage
from registry.errors import TooManyPulls
from registry.values import Address, ImageTag, Reference


class Kind(StrEnum):
    """How the image was read."""

    PULL = "pull"
    HEAD = "head"


def are_limited() -> bool:
    """Whether pulls without a login are counted; then each one is answered here, and none by a cache."""
    return settings.ANONYMOUS_PULLS is not None


def count_anonymous(caller: Caller, address: Address) -> None:
    """Count a pull of something public without a login. TooManyPulls."""
    if settings.ANONYMOUS_PULLS is None or not caller.is_anonymous or not address.is_public:
        return
    most, seconds = settings.ANONYMOUS_PULLS
    if wait := limits.take("pull", limits.source(caller.source_ip), most, seconds):
        raise TooManyPulls(wait)


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
