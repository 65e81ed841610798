"""A public repository with three tags, two of one image."""

import pytest

from accounts.caller import Caller
from gallery.search import index
from registry.core import aliases, images
from registry.values import Address, ImageTag
from tests.factories.registry import push_image

LABELS = {
    "org.opencontainers.image.description": "Serves <b>pages</b> quickly",
    "org.opencontainers.image.source": "javascript:alert(1)",
    "org.opencontainers.image.url": "https://example.com/app",
    "org.opencontainers.image.licenses": "MIT",
}


@pytest.fixture
def alias(alice: Caller, public_address: Address) -> str:
    """The publisher's name."""
    push_image(alice, public_address, "1.0")
    image = push_image(alice, public_address, "1.1", labels=LABELS)
    content = images.get(alice, public_address, ImageTag("1.1")).content
    images.put(alice, public_address, ImageTag("latest"), image.media_type, content)
    index.rebuild()
    return aliases.primary(alice.account_id)
