"""Lets another tag name an image that is there, as PutImage with the same manifest does."""

from accounts.audit.actions import Action
from accounts.caller import Caller
from registry.core import images, reading, repositories
from registry.core.images import Put
from registry.errors import ImageNotFound
from registry.models import Image
from registry.values import Address, Digest, ImageTag


def retag(caller: Caller, address: Address, digest: Digest, tag: ImageTag) -> Put:
    """Let `tag` name the image; `changed` is false if it did already.

    Raises ImageNotFound, ImageTagAlreadyExists if the tag may not move, CountLimitExceeded.
    """
    repository = repositories.authorized_for_tags(caller, address, Action.PUT_IMAGE, lambda _: [str(tag)])
    image = Image.objects.filter(repository=repository, digest=str(digest), deleted_at=None).first()
    content = reading.manifest(str(digest)) if image else None
    if image is None or content is None:
        raise ImageNotFound(str(digest), repository.name, repository.account_id)
    return images.put(caller, address, tag, image.media_type, content)
