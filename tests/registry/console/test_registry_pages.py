"""The registry's policy, settings and creation templates."""

import json

import pytest
from django.test import Client

from accounts.caller import Caller, operator
from accounts.directory import policies
from accounts.models import Principal
from registry.core import registries, templates
from registry.models import CreationTemplate, PullTimeUpdateExclusion
from registry.values import RegistryId
from tests.registry.console.test_console import BASE, ana, page
from tests.registry.console.test_iam import reader

__all__ = ["ana", "reader"]
REGISTRY = f"{BASE}/us-east-1/registry"
HOME = RegistryId("111122223333", "us-east-1")
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Copies",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                "Action": ["ecr:ReplicateImage"],
                "Resource": "arn:aws:ecr:us-east-1:111122223333:repository/*",
            }
        ],
    }
)


@pytest.fixture
def looker(reader: Client) -> Client:
    """Somebody who may read everything of a registry."""
    role = Principal.objects.get(name="Readers")
    statement = {"Effect": "Allow", "Action": ["ecr:Get*", "ecr:Describe*", "ecr:List*"], "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policies.put_inline(operator("111122223333"), role, "registry", text)
    return reader


class TestPolicy:
    """The same editor as that of repositories."""

    path = f"{REGISTRY}/permissions"

    def test_it_works(self, ana: Client) -> None:
        assert "No registry policy" in page(ana, self.path)
        for start in ("replicate", "pull"):
            text = page(ana, f"{self.path}?start={start}")
            assert "444455556666" in text and "summary-of-errors" not in text
        assert ana.post(self.path, {"text": POLICY, "step": "save"}).status_code == 302
        assert "account 444455556666" in page(ana, self.path)
        changed = POLICY.replace("Copies", "Other")
        shown = ana.post(self.path, {"text": changed, "step": "save"}).content.decode()
        assert "Not in force yet" in shown and "Put it in force" in shown
        assert registries.of(HOME).policy_text == POLICY
        assert ana.post(self.path, {"text": changed, "step": "confirm"}).status_code == 302
        assert registries.of(HOME).policy_text == changed
        assert ana.post(self.path, {"step": "remove"}).status_code == 302
        assert registries.of(HOME).policy_text == ""

    def test_it_refuses_to_lock_out_without_the_tick(self, ana: Client) -> None:
        locks = (
            POLICY.replace("Allow", "Deny")
            .replace("ecr:ReplicateImage", "ecr:*")
            .replace('{"AWS": "arn:aws:iam::444455556666:root"}', '"*"')
        )
        answer = ana.post(self.path, {"text": locks, "step": "save"})
        assert answer.status_code == 422 and 'id="id_force"' in answer.content.decode()
        assert ana.post(self.path, {"text": locks, "step": "save", "force": "on"}).status_code == 302

    def test_it_refuses_readers_and_wrong_texts(self, ana: Client, looker: Client) -> None:
        assert "PutRegistryPolicy" in page(looker, self.path)
        assert looker.post(self.path, {"text": POLICY, "step": "save"}).status_code == 403
        assert ana.post(self.path, {"text": "{}", "step": "save"}).status_code == 422
        page(ana, f"{BASE}/public/registry/permissions", 404)


class TestSettings:
    """Each setting with what it does."""

    path = f"{REGISTRY}/settings"
    given = {"step": "save", "policy_scope": "V1"}

    def test_it_works(self, ana: Client) -> None:
        assert "Blob mounting" in page(ana, self.path)
        assert ana.post(self.path, self.given).status_code == 302
        row = registries.of(HOME)
        assert (row.policy_scope, row.blob_mounting) == ("V1", False)

    def test_it_refuses_to_overwrite_what_others_saved(self, ana: Client, alice: Caller) -> None:
        was = json.dumps({"policy_scope": "V2", "blob_mounting": True})
        registries.put_account_setting(alice, HOME, "BLOB_MOUNTING", "DISABLED")
        answer = ana.post(self.path, self.given | {"was": was})
        assert answer.status_code == 409 and registries.of(HOME).policy_scope == "V2"

    def test_exclusions_come_and_go(self, ana: Client) -> None:
        role = "arn:aws:iam::111122223333:role/scanner"
        add, take = {"step": "exclude", "principal_arn": role}, {"step": "include", "principal_arn": role}
        assert ana.post(self.path, add).status_code == 302 and role in page(ana, self.path)
        assert "already" in ana.post(self.path, add, follow=True).content.decode()
        assert ana.post(self.path, take).status_code == 302
        assert "count already" in ana.post(self.path, take, follow=True).content.decode()
        for wrong in ("nonsense", "arn:aws:s3:::bucket", ""):
            assert ana.post(self.path, add | {"principal_arn": wrong}).status_code == 422
        assert not PullTimeUpdateExclusion.objects.exists()

    def test_readers_are_told_what_they_lack(self, looker: Client) -> None:
        text = page(looker, self.path)
        assert "PutAccountSetting" in text and "Save settings" not in text
        assert looker.post(self.path, self.given).status_code == 403


class TestTemplates:
    """The list with its tester, and one form to make and change them."""

    path = f"{REGISTRY}/templates"
    given = {
        "prefix": "team/",
        "applied_for": ["CREATE_ON_PUSH"],
        "image_tag_mutability": "IMMUTABLE",
        "resource_tags": "a=b",
    }

    def test_it_works(self, ana: Client) -> None:
        assert "No templates" in page(ana, self.path)
        blank = page(ana, f"{self.path}/-/new")
        assert 'name="prefix"' in blank and "<h1>Create template</h1>" in blank and "Delete template" not in blank
        assert ana.post(f"{self.path}/-/new", self.given).status_code == 302
        again = ana.post(f"{self.path}/-/new", self.given)
        assert again.status_code == 422 and "for this prefix already" in again.content.decode()
        ana.post(f"{self.path}/-/new", self.given | {"prefix": "ROOT", "image_tag_mutability": "MUTABLE"})
        assert 'would get the template <span class="mono">team<' in page(ana, f"{self.path}?name=team/app")
        assert 'would get the template <span class="mono">ROOT<' in page(ana, f"{self.path}?name=other")
        assert "is no name of a repository" in page(ana, f"{self.path}?name=No!")
        assert "a=b" in page(ana, f"{self.path}/team")
        changed = self.given | {"image_tag_mutability": "MUTABLE", "resource_tags": "", "prefix": "ignored"}
        assert ana.post(f"{self.path}/team", changed).status_code == 302
        row = CreationTemplate.objects.get(prefix="team")
        assert (row.image_tag_mutability, row.resource_tags) == ("MUTABLE", {})
        assert "stay as they are" in page(ana, f"{self.path}/team/-/delete")
        assert ana.post(f"{self.path}/team/-/delete").status_code == 302
        assert ana.post(f"{self.path}/team/-/delete").status_code == 404
        assert ana.post(f"{self.path}/team", changed).status_code == 404

    @pytest.mark.parametrize(
        ("field", "value"),
        [("prefix", "Team!"), ("applied_for", []), ("applied_for", ["SOMETHING"]), ("repository_policy", "{}")],
    )
    def test_it_refuses(self, ana: Client, field: str, value: str) -> None:
        assert ana.post(f"{self.path}/-/new", self.given | {field: value}).status_code == 422
        assert not CreationTemplate.objects.exists()

    def test_it_refuses_to_overwrite_what_others_saved(self, ana: Client, alice: Caller) -> None:
        templates.put(alice, HOME, "team", {"applied_for": ["CREATE_ON_PUSH"], "description": "now"})
        was = json.dumps({"description": "then"})
        answer = ana.post(f"{self.path}/team", self.given | {"description": "mine", "was": was})
        text = answer.content.decode()
        assert answer.status_code == 409 and "now" in text and "mine" in text

    def test_readers_are_told_what_they_lack(self, ana: Client, looker: Client) -> None:
        ana.post(f"{self.path}/-/new", self.given)
        text = page(looker, f"{self.path}/team")
        assert "UpdateRepositoryCreationTemplate" in text and "Save template" not in text
        assert "you need <code>ecr:DeleteRepositoryCreationTemplate" in page(looker, f"{self.path}/team/-/delete")
        for place in ("team", "team/-/delete", "-/new"):
            assert looker.post(f"{self.path}/{place}", self.given).status_code == 403
