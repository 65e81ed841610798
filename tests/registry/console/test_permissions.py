"""The permissions tab: a policy is started, checked with places, put in force and removed."""

import json

import pytest
from django.test import Client

from accounts.caller import Caller
from registry.core import policies
from registry.values import Address
from tests.registry.console.test_console import PRIVATE, ana, page

__all__ = ["ana"]
PATH = f"{PRIVATE}/team/app/-/permissions"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": ["ecr:BatchGetImage"]}],
}


def test_it_works(ana: Client, alice: Caller, address: Address) -> None:
    assert "No policy" in page(ana, PATH)
    assert "ecr:ImageTag" in page(ana, f"{PATH}?start=tag")
    answer = ana.post(PATH, {"text": json.dumps(POLICY), "step": "save"})
    assert answer.status_code == 302
    assert json.loads(policies.get(alice, address)) == POLICY
    assert "444455556666" in page(ana, PATH)
    shown = ana.post(PATH, {"text": json.dumps(POLICY), "step": "format"}).content.decode()
    assert "\n  &quot;Version&quot;" in shown
    assert ana.post(PATH, {"text": json.dumps(POLICY), "step": "remove"}).status_code == 302
    assert "No policy" in page(ana, PATH)


def test_errors_name_their_place(ana: Client, address: Address) -> None:
    answer = ana.post(PATH, {"text": '{\n  "Statement": [{"Effect": "allow"}]}', "step": "save"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Line 2" in text and "Statement[0].Effect" in text and 'aria-invalid="true"' in text


def test_a_lock_out_needs_the_tick(ana: Client, alice: Caller, address: Address) -> None:
    locks = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "ecr:SetRepositoryPolicy"}]})
    answer = ana.post(PATH, {"text": locks, "step": "save"})
    assert answer.status_code == 422 and 'id="id_force"' in answer.content.decode()
    assert ana.post(PATH, {"text": locks, "step": "save", "force": "on"}).status_code == 302


@pytest.mark.parametrize("start", ["pull", "push", "tag", "network"])
def test_each_start_is_a_policy(ana: Client, address: Address, start: str) -> None:
    text = page(ana, f"{PATH}?start={start}")
    assert "summary-of-errors" not in text and "2012-10-17" in text
