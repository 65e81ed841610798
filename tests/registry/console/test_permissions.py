"""The permissions tab: a policy is started, checked with places, put in force and removed."""

import json

import pytest
from django.test import Client

from accounts.caller import Caller
from accounts.directory import policies as managed
from accounts.directory import users
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


def test_the_start_for_a_user_names_one_who_cannot_pull(ana: Client, alice: Caller, address: Address) -> None:
    for name in ("dana", "eve"):
        users.create(alice, alice.account_id, name)
    managed.attach(alice, users.get(alice, alice.account_id, "dana"), managed.ADMINISTRATOR_ACCESS)
    begun = page(ana, f"{PATH}?start=user")
    assert "user/eve" in begun and "user/dana&quot;" not in begun


def test_errors_name_their_place(ana: Client, address: Address) -> None:
    answer = ana.post(PATH, {"text": '{\n  "Statement": [{"Effect": "allow"}]}', "step": "save"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Line 2" in text and "Statement[0].Effect" in text and 'aria-invalid="true"' in text


@pytest.mark.parametrize("step", ["format", "save", "confirm"])
@pytest.mark.parametrize("sid", ['"\\ud800"', "1" * 5000])
def test_what_no_page_can_show_is_named(ana: Client, address: Address, step: str, sid: str) -> None:
    """Escapes make halves of characters, and numbers have any length."""
    text = json.dumps({"Statement": [POLICY["Statement"][0] | {"Sid": "x"}]}).replace('"x"', sid)  # type: ignore[operator]
    answer = ana.post(PATH, {"text": text, "step": step})
    assert answer.status_code == (200 if step == "format" else 422)
    assert sid.strip('"') in answer.content.decode()


def test_policies_see_whether_a_page_is_asked_for_by_https(ana: Client, alice: Caller, address: Address) -> None:
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    denied = {"Effect": "Deny", "Principal": "*", "Action": "ecr:DescribeImages", "Condition": insecure}
    policies.put(alice, address, json.dumps({"Statement": [denied]}))
    images = f"{PRIVATE}/team/app/-/images"
    assert (ana.get(images).status_code, ana.get(images, secure=True).status_code) == (403, 200)


def test_a_lock_out_needs_the_tick(ana: Client, alice: Caller, address: Address) -> None:
    locks = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "ecr:SetRepositoryPolicy"}]})
    answer = ana.post(PATH, {"text": locks, "step": "save"})
    assert answer.status_code == 422 and 'id="id_force"' in answer.content.decode()
    assert ana.post(PATH, {"text": locks, "step": "save", "force": "on"}).status_code == 302


@pytest.mark.parametrize("start", ["user", "pull", "push", "tag", "network"])
def test_each_start_is_a_policy(ana: Client, address: Address, start: str) -> None:
    text = page(ana, f"{PATH}?start={start}")
    assert "summary-of-errors" not in text and "2012-10-17" in text
