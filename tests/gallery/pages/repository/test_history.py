"""The public history: events, not people."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.caller import Caller
from registry.values import Address
from tests.factories.registry import push_image
from tests.gallery.pages.repository.conftest import page


def test_it_works(client: Client, alias: str, alice: Caller, public_address: Address) -> None:
    push_image(alice, public_address, "1.0", layers=[b"x" * 5064])
    text = page(client, f"/{alias}/app/-/history")
    assert "4 events" in text and "created" in text and "moved" in text and "+5.00 kB" in text
    assert "arn:aws" not in text and "Revert" not in text
    assert "1 event" in page(client, f"/{alias}/app/-/history?kind=moved")
    today = timezone.now().date().isoformat()
    assert "4 events" in page(client, f"/{alias}/app/-/history?since={today}&until={today}")
    assert "No event fits these filters." in page(client, f"/{alias}/app/-/history?tag=zz")


@pytest.mark.parametrize("bad", ["kind=lost", "since=yesterday", "until=2026-02-30", "since=9999999999-01-01"])
def test_it_refuses_what_makes_no_sense_and_shows_the_rest(client: Client, alias: str, bad: str) -> None:
    text = page(client, f"/{alias}/app/-/history?{bad}", 400)
    assert 'class="error"' in text and "3 events" in text and "<title>Error:" in text


def test_days_at_the_ends_of_time_are_days(client: Client, alias: str) -> None:
    assert "3 events" in page(client, f"/{alias}/app/-/history?since=0001-01-01&until=9999-12-31")
