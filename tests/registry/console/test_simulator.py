"""The simulator: a question in the address, and its answer with the statement that decided."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.caller import Caller, operator
from accounts.directory import policies
from accounts.models import Principal
from registry.values import Address
from tests.registry.console.test_console import ana
from tests.registry.console.test_iam import IAM, reader, user_of

__all__ = ["ana", "reader"]


class TestSimulator:
    """A question in the address, and its answer with the statement that decided."""

    def ask(self, client: Client, **asked: str) -> str:
        answer = client.get(f"{IAM}/simulator", asked)
        assert answer.status_code == 200, answer.content.decode()
        return answer.content.decode()

    def test_it_answers_for_a_user(self, ana: Client, alice: Caller, address: Address) -> None:
        user = user_of(alice)
        text = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "Releases",
                        "Effect": "Allow",
                        "Action": "ecr:BatchGetImage",
                        "Resource": "*",
                        "Condition": {
                            "StringLike": {"ecr:ImageTag": "release-*"},
                            "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
                            "DateLessThan": {"aws:CurrentTime": "2026-12-31T00:00:00Z"},
                        },
                    }
                ],
            }
        )
        policies.put_inline(operator(alice.account_id), user, "own", text)
        question = {"principal": user.arn, "action": "pull", "repository": "team/app", "address": "192.0.2.7"}
        question |= {"tag": "release-1", "time": "2026-12-24T18:00"}
        allowed = self.ask(ana, **question)
        assert "Allowed" in allowed and "Releases" in allowed
        for change, said in (
            ({"tag": "main"}, "ecr:imagetag"),
            ({"address": "198.51.100.1"}, "aws:sourceip"),
            ({"time": "2027-01-01T00:00"}, "aws:currenttime"),
            ({"action": "push"}, "Action"),
        ):
            shown = self.ask(ana, **(question | change))
            assert "Denied" in shown and said in shown, change

    def test_unsaved_text_is_asked_without_being_saved(self, ana: Client, alice: Caller, address: Address) -> None:
        question = {"principal": "444455556666", "action": "pull", "region": "us-east-1", "repository": "team/app"}
        assert "Denied" in self.ask(ana, **question)
        lets = {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "ecr:BatchGetImage"}
        text = json.dumps({"Version": "2012-10-17", "Statement": [lets]})
        shown = ana.post(f"{IAM}/simulator", question | {"text": text}).content.decode()
        assert "Allowed" in shown and "not in force" in shown and "another account" in shown
        assert "Denied" in self.ask(ana, **question)
        broken = ana.post(f"{IAM}/simulator", question | {"text": "{"})
        assert broken.status_code == 422 and "line 1" in broken.content.decode()

    def test_the_address_holds_the_question(self, ana: Client) -> None:
        answer = ana.post(f"{IAM}/simulator", {"principal": "*", "action": "pull", "repository": ""})
        assert answer.status_code == 302
        assert parse_qs(urlsplit(answer.headers["Location"]).query)["principal"] == ["*"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"principal": "nobody"},
            {"principal": "arn:aws:iam::111122223333:user/none"},
            {"principal": "arn:aws:iam::111122223333:group/none"},
            {"action": "ecr:Get Image"},
            {"repository": "No/Name"},
            {"repository": "team/none"},
            {"address": "somewhere"},
            {"time": "tomorrow"},
        ],
    )
    def test_what_is_no_question(self, ana: Client, alice: Caller, address: Address, wrong: dict[str, str]) -> None:
        user = user_of(alice)
        question = {"principal": user.arn, "action": "pull", "repository": "team/app"} | wrong
        answer = ana.get(f"{IAM}/simulator", question)
        assert answer.status_code == 422 and "summary-of-errors" in answer.content.decode()

    def test_it_needs_its_right(self, reader: Client, alice: Caller, address: Address) -> None:
        user = user_of(alice)
        refused = reader.get(f"{IAM}/simulator", {"principal": user.arn, "action": "pull", "repository": "team/app"})
        assert refused.status_code == 403 and "iam:SimulatePrincipalPolicy" in refused.content.decode()

    def test_root_role_and_nobody(self, ana: Client, alice: Caller, address: Address) -> None:
        role = Principal.objects.get(name="Administrator")
        assert "Allowed" in self.ask(ana, principal=role.arn, action="manage", repository="team/app")
        assert "Allowed" in self.ask(ana, principal="111122223333", action="manage", repository="team/app")
        assert "Denied" in self.ask(ana, principal="*", action="pull", repository="team/app")
