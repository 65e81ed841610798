"""The browser of the publisher of the repository above."""

import pytest
from django.test import Client

from accounts.caller import Caller
from tests.registry.console.test_console import member


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
