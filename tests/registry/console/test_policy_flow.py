"""The way of a policy into force: reviewed, not overwritten unseen, and not open to everybody by accident."""

import json

from django.test import Client

from accounts.caller import Caller
from accounts.directory import users
from registry.console import policy_words
from registry.core import policies
from registry.values import Address
from tests.registry.console.test_console import PRIVATE, ana, page

__all__ = ["ana"]
PATH = f"{PRIVATE}/team/app/-/permissions"


def policy(principal: object, **more: object) -> str:
    """A policy that lets somebody pull."""
    actions = [f"ecr:{each}" for each in policy_words.PULL]
    statement = {"Sid": "Pull", "Effect": "Allow", "Principal": principal, "Action": actions} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_another_policy_is_reviewed_with_who_loses(ana: Client, alice: Caller, address: Address) -> None:
    bo = users.create(alice, alice.account_id, "bo")
    first, second = policy({"AWS": bo.arn}), policy({"AWS": "444455556666"})
    assert ana.post(PATH, {"text": first, "step": "save"}).status_code == 302
    answer = ana.post(PATH, {"text": second, "step": "save"})
    text = answer.content.decode()
    assert answer.status_code == 200 and "Not in force yet" in text and "Who loses access" in text
    assert policies.get(alice, address) == first
    assert ana.post(PATH, {"text": second, "step": "confirm"}).status_code == 302
    assert policies.get(alice, address) == second
    assert ana.post(PATH, {"text": second, "step": "save"}).status_code == 302, "nothing changes, nothing to review"


def test_it_refuses_to_overwrite_what_others_saved(ana: Client, alice: Caller, address: Address) -> None:
    seen = page(ana, PATH).split('name="seen" value="')[1].split('"')[0]
    theirs = policy({"AWS": "444455556666"})
    policies.put(alice, address, theirs)
    for step in ("save", "confirm", "remove"):
        answer = ana.post(PATH, {"text": policy({"AWS": "777788889999"}), "step": step, "seen": seen})
        assert answer.status_code == 409 and "Somebody else has changed this policy" in answer.content.decode()
    assert policies.get(alice, address) == theirs


def test_everybody_needs_the_tick(ana: Client, alice: Caller, address: Address) -> None:
    answer = ana.post(PATH, {"text": policy("*"), "step": "save"})
    assert answer.status_code == 422 and 'id="id_public"' in answer.content.decode()
    assert ana.post(PATH, {"text": policy("*"), "step": "save", "public": "on"}).status_code == 302
    assert "everybody" in page(ana, PATH)


def test_statements_in_words() -> None:
    condition = {"StringLike": {"ecr:ImageTag": ["a", "b"]}}
    card = policy_words.cards(policy({"AWS": ["arn:aws:iam::444455556666:root", "x"]}, Condition=condition))[0]
    assert card["who"] == ["account 444455556666", "x"] and card["what"] == ["pull"] and card["allows"]
    assert card["conditions"] == ["ecr:ImageTag StringLike a, b"]
    assert policy_words.cards(policy("*", Action="ecr:*"))[0]["what"] == ["everything"]
    text = '{"Statement": {"Effect": "Deny", "NotPrincipal": "*", "NotAction": "ecr:PutImage", "Principal": 7}}'
    card = policy_words.cards(text)[0]
    assert not card["allows"] and card["all_but"] and card["what"] == ["everything but ecr:PutImage"]
    for nonsense in ("", "x", "[]", '{"Statement": [1, "x"]}', '{"Statement": {"Action": {"a": 1}}}', "[" * 100_000):
        policy_words.cards(nonsense)
        assert not policy_words.is_open(nonsense)
    assert policy_words.is_open(policy({"AWS": ["*"]})) and not policy_words.is_open(policy("*", Condition=condition))
