"""What pages read: keyset pages, platforms, what is folded away, what is refused."""

import pytest

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry.core import browsing
from registry.errors import ImageNotFound
from registry.values import Address, Digest
from registry.values import ImageTag as Tag
from tests.factories.registry import push_image, push_index


def test_detail_has_everything(alice: Caller, address: Address) -> None:
    image = push_image(alice, address, "1", layers=[b"a", b"b"], labels={"org.opencontainers.image.version": "9"})
    index = push_index(alice, address, "all", [image])
    subject = {"mediaType": image.media_type, "digest": image.digest, "size": image.manifest_size}
    referrer = push_image(alice, address, subject=subject)
    detail = browsing.image_detail(alice, address, Tag("1"))
    assert (detail.image, detail.tags, len(detail.layers)) == (image, ["1"], 2)
    assert detail.config is not None and detail.referrers == [referrer]
    assert Digest.of(detail.content) == Digest.parse(image.digest)
    assert browsing.image_detail(alice, address, Digest.parse(index.digest)).facts["version"] == "9"
    with pytest.raises(ImageNotFound):
        browsing.image_detail(alice, address, Tag("absent"))


def test_near_tags(alice: Caller, address: Address) -> None:
    for name in ("latest", "1.0", "1.1"):
        push_image(alice, address, name)
    assert browsing.nearest_tags(alice, address, "lates") == ["latest"]
    assert browsing.nearest_tags(alice, address, "zz", limit=2) == ["1.1", "1.0"]


def test_it_refuses_strangers(charlie: Caller, anonymous: Caller, address: Address) -> None:
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        for read in (
            lambda caller: browsing.image_detail(caller, address, Tag("1")),
            lambda caller: browsing.nearest_tags(caller, address, "1"),
        ):
            with pytest.raises(error):
                read(caller)
