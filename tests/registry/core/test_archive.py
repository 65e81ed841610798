"""The archive: what can't be pulled, what goes along, what refuses."""

from typing import Any

import pytest

from accounts.caller import Caller
from accounts.errors import AccessDenied
from registry.core import archive, image_details, images
from registry.errors import ImageArchived, ImageNotFound, StorageClassUpdateNotSupported
from registry.models import Image
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import push_image, push_index


def digest_of(image: Image) -> Digest:
    """The image's digest as a value."""
    return Digest.parse(image.digest)


def attached_to(image: Image) -> dict[str, Any]:
    """What makes a manifest name an image as its subject."""
    return {"subject": {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}}


def test_it_works(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    assert archive.update(alice, address, None, ImageTag("1"), "ARCHIVE").image_status == "ARCHIVED"
    for reference in (ImageTag("1"), digest_of(image)):
        for call in (images.get, images.head):
            with pytest.raises(ImageArchived):
                call(alice, address, reference)
    assert image_details.manifest(alice, address, digest_of(image))
    assert archive.update(alice, address, digest_of(image), None, "STANDARD").last_activated_at
    assert images.get(alice, address, ImageTag("1")).image.id == image.id
    assert archive.update(alice, address, digest_of(image), ImageTag("1"), "STANDARD").image_status == "ACTIVE"


def test_the_same_push_brings_it_back(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    content = images.get(alice, address, ImageTag("1")).content
    archive.update(alice, address, None, ImageTag("1"), "ARCHIVE")
    made = images.put(alice, address, ImageTag("1"), image.media_type, content)
    assert made.changed and images.get(alice, address, ImageTag("1")).content == content
    assert not images.put(alice, address, ImageTag("1"), image.media_type, content).changed


def test_an_index_that_can_be_pulled_holds_its_images(alice: Caller, address: Address) -> None:
    child = push_image(alice, address)
    index = push_index(alice, address, "all", [child])
    with pytest.raises(StorageClassUpdateNotSupported):
        archive.update(alice, address, digest_of(child), None, "ARCHIVE")
    archive.update(alice, address, digest_of(index), None, "ARCHIVE")
    assert archive.update(alice, address, digest_of(child), None, "ARCHIVE").image_status == "ARCHIVED"


def test_an_index_that_comes_back_brings_its_images(alice: Caller, address: Address) -> None:
    """Else clients could not pull what it names."""
    child = push_image(alice, address)
    inner = push_index(alice, address, "", [child])
    index = push_index(alice, address, "all", [inner])
    for back in ("update", "push"):
        for image in (index, inner, child):
            archive.update(alice, address, digest_of(image), None, "ARCHIVE")
        if back == "update":
            archive.update(alice, address, digest_of(index), None, "STANDARD")
        else:
            push_index(alice, address, "all", [inner])
        assert not Image.objects.filter(image_status="ARCHIVED").exists()
        assert images.get(alice, address, digest_of(child))


def test_an_index_that_is_pushed_brings_its_images_back(alice: Caller, address: Address) -> None:
    child = push_image(alice, address, "1")
    archive.update(alice, address, digest_of(child), None, "ARCHIVE")
    push_index(alice, address, "all", [child])
    assert images.get(alice, address, digest_of(child))


def test_it_refuses_strangers_and_what_is_not_there(alice: Caller, charlie: Caller, address: Address) -> None:
    image = push_image(alice, address, "1")
    with pytest.raises(AccessDenied):
        archive.update(charlie, address, None, ImageTag("1"), "ARCHIVE")
    for digest, tag in (
        (None, ImageTag("none")),
        (None, None),
        (Digest.of(b""), None),
        (Digest.of(b""), ImageTag("1")),
    ):
        with pytest.raises(ImageNotFound):
            archive.update(alice, address, digest, tag, "ARCHIVE")
    image.refresh_from_db()
    assert image.image_status == "ACTIVE"


def test_what_is_attached_goes_along_unless_an_index_holds_it(alice: Caller, address: Address) -> None:
    """What is attached to something that stays, stays with it."""
    image = push_image(alice, address, "1")
    signature, held = push_image(alice, address, **attached_to(image)), push_image(alice, address, **attached_to(image))
    above = push_image(alice, address, **attached_to(held))
    push_index(alice, address, "keep", [held])
    archive.update(alice, address, digest_of(image), None, "ARCHIVE")
    archived = set(Image.objects.filter(image_status="ARCHIVED").values_list("digest", flat=True))
    assert archived == {image.digest, signature.digest}
    assert images.get(alice, address, digest_of(above))
