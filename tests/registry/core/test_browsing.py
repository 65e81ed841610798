"""What pages read: keyset pages, platforms, what is folded away, what is refused."""

import pytest

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry.core import browsing
from registry.values import Address
from tests.factories.registry import push_image


def test_near_tags(alice: Caller, address: Address) -> None:
    for name in ("latest", "1.0", "1.1"):
        push_image(alice, address, name)
    assert browsing.nearest_tags(alice, address, "lates") == ["latest"]
    assert browsing.nearest_tags(alice, address, "zz", limit=2) == ["1.1", "1.0"]


def test_it_refuses_strangers(charlie: Caller, anonymous: Caller, address: Address) -> None:
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        with pytest.raises(error):
            browsing.nearest_tags(caller, address, "1")
