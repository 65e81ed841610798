"""A public repository with three tags, two of one image; its publisher's browser."""

import pytest
from django.test import Client

from accounts.caller import Caller
from gallery.search import index
from registry.core import aliases, images
from registry.values import Address, ImageTag
from tests.factories.registry import push_image
from tests.registry.console.test_console import member

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


@pytest.fixture
def publisher(alice: Caller) -> Client:
    """The browser of somebody who may manage the repository."""
    client = Client()
    client.force_login(member(alice.account_id, "ana@example.com"))
    return client


def page(client: Client, path: str, status: int = 200) -> str:
    """The text of a page."""
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()
