"""Policies about scans at the console: the one to begin with, in words, and in the simulator."""

import json
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.caller import Caller
from registry.core import policies
from registry.values import Address
from tests.factories.registry import push_image
from tests.registry.console.test_console import BASE, PRIVATE, ana, page
from tests.registry.console.test_scanning import BASH, SSL, advisories, scanned

__all__ = ["advisories", "ana"]
SIMULATOR = f"{BASE}/iam/simulator"
CRITICAL = {"StringEquals": {"kho:ImageWorstSeverity": "CRITICAL"}}
ASKED = {"principal": "arn:aws:iam::111122223333:root", "action": "pull", "repository": "team/app"}


def test_it_works(ana: Client, alice: Caller, address: Address) -> None:
    """The policy of the editor's button is one, says what it does, and refuses what it says."""
    path = f"{PRIVATE}/team/app/-/permissions"
    assert "No pulls of images that are not scanned" in page(ana, path)
    text = page(ana, f"{path}?start=scan")
    given = text.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0].replace("&quot;", '"')
    assert [each["Sid"] for each in json.loads(given)["Statement"]] == ["NotScanned", "Critical"]
    policies.put(alice, address, given)
    assert "kho:ImageWorstSeverity StringEquals CRITICAL" in page(ana, path)
    push_image(alice, address, "1")
    for more, is_allowed in (
        ({"tag": "1"}, False),
        ({"status": "COMPLETE", "worst": "HIGH"}, True),
        ({"status": "COMPLETE", "worst": "CRITICAL"}, False),
        ({"status": "NOT_SCANNABLE"}, True),
    ):
        answer = page(ana, f"{SIMULATOR}?{urlencode(ASKED | more)}")
        assert ('class="verdict allowed"' in answer) is is_allowed, more
    assert "<option selected>NOT_SCANNABLE" in page(
        ana, f"{SIMULATOR}?{urlencode(ASKED | {'status': 'NOT_SCANNABLE'})}"
    )


def test_it_refuses(ana: Client, address: Address) -> None:
    for more in ({"status": "FINE"}, {"worst": "BAD"}):
        answer = ana.get(f"{SIMULATOR}?{urlencode(ASKED | more)}")
        assert answer.status_code == 422 and "takes a status and a severity" in answer.content.decode()


@pytest.mark.usefixtures("advisories")
def test_what_is_wrong_with_an_image_can_be_read_by_who_may_not_pull_it(
    ana: Client, alice: Caller, address: Address
) -> None:
    image = push_image(alice, address, "1")
    scanned(image, SSL, BASH)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "ecr:*Get*", "Condition": CRITICAL}
    policies.put(alice, address, json.dumps({"Version": "2012-10-17", "Statement": statement}), force=True)
    path = f"{PRIVATE}/team/app/-/images/{image.digest}"
    assert "CVE-2024-1000" in page(ana, f"{path}/vulnerabilities")
    page(ana, path)
