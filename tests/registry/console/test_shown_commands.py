"""Every command that a page shows carries the values of the page, names this deployment, and says the same twice."""

import html
import json
import re
from typing import Any

import pytest
from django.test import Client

from accounts.caller import Caller, operator
from accounts.directory import groups, policies, providers, roles, user_keys
from registry.core import policies as repository_policies
from registry.core import registries, repositories, resource_tags, retagging, templates
from registry.values import Address, Digest, ImageTag, RegistryId
from tests.factories.registry import make_public_repository, push_image
from tests.registry.console.shown_commands import calls_of_lines, calls_of_scripts, comparable, shown
from tests.registry.console.test_console import BASE, PRIVATE, ana, page
from tests.registry.console.test_iam import IAM, TEXT, TRUST, user_of

__all__ = ["ana"]
ENDPOINT = "http://testserver"
LETS = {"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "ecr:BatchGetImage"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [LETS]}, indent=2)
CALLED = {"ecr", "ecr-public", "iam", "sts"}


def calls(text: str) -> dict[str, Any]:
    """The calls of a page by operation; both forms are the same."""
    found = shown(text)
    assert found.lines and found.scripts
    by_lines = calls_of_lines(found.lines, ENDPOINT)
    assert comparable(by_lines) == comparable(calls_of_scripts(found.scripts, ENDPOINT))
    assert {service for service, _, _ in by_lines} <= CALLED
    return {f"{operation} {given.get('name', '')}".strip(): given for _, operation, given in by_lines}


@pytest.fixture
def image(alice: Caller, address: Address) -> str:
    """The digest of an image that the tag 1 has left."""
    digest = push_image(alice, address, "1").digest
    push_image(alice, address, "1")
    return digest


def test_policies_are_in_the_command(ana: Client, alice: Caller, address: Address) -> None:
    assert not shown(page(ana, f"{PRIVATE}/team/app/-/permissions")).lines
    repository_policies.put(alice, address, POLICY)
    made = calls(page(ana, f"{PRIVATE}/team/app/-/permissions"))["SetRepositoryPolicy"]
    assert made["repositoryName"] == "team/app" and json.loads(made["policyText"]) == json.loads(POLICY)
    started = calls(page(ana, f"{BASE}/us-east-1/registry/permissions?start=replicate"))["PutRegistryPolicy"]
    assert "ecr:ReplicateImage" in started["policyText"]
    typed = ana.post(f"{PRIVATE}/team/app/-/permissions", {"text": POLICY.replace("4444", "7777"), "step": "check"})
    assert "777755556666" in calls(typed.content.decode())["SetRepositoryPolicy"]["policyText"]


def test_a_text_that_is_no_policy_yet_is_shown_as_typed(ana: Client, address: Address) -> None:
    typed = ana.post(f"{PRIVATE}/team/app/-/permissions", {"text": '{"Version": \'2012', "step": "check"})
    lines = shown(typed.content.decode()).lines
    assert len(lines) == 1 and calls_of_lines(lines, ENDPOINT)[0][2]["policyText"] == '{"Version": \'2012'


def test_settings_of_a_repository_are_all_in_it(ana: Client, alice: Caller, address: Address) -> None:
    repositories.put_mutability(alice, address, "IMMUTABLE_WITH_EXCLUSION", ["dev-*"])
    repositories.put_scan_on_push(alice, address, True)
    resource_tags.put(alice, address, {"team": "it's", "stage": "one two"})
    text = page(ana, f"{PRIVATE}/team/app/-/settings")
    made = calls(text)
    filters = [{"filterType": "WILDCARD", "filter": "dev-*"}]
    assert made["PutImageTagMutability"]["imageTagMutabilityExclusionFilters"] == filters
    assert made["PutImageScanningConfiguration"]["imageScanningConfiguration"] == {"scanOnPush": True}
    tags = {each["Key"]: each["Value"] for each in made["TagResource"]["tags"]}
    assert tags == {"team": "it's", "stage": "one two"}
    was = re.search(r'name="was" value="([^"]+)"', text)
    assert was
    repositories.put_scan_on_push(alice, address, False)
    stale = {"image_tag_mutability": "MUTABLE", "resource_tags": "team=shop", "was": html.unescape(was[1])}
    made = calls(ana.post(f"{PRIVATE}/team/app/-/settings", stale).content.decode())
    assert (
        made["UntagResource"]["tagKeys"] == ["stage"]
        and made["PutImageTagMutability"]["imageTagMutability"] == "MUTABLE"
    )
    assert made["PutImageScanningConfiguration"]["imageScanningConfiguration"] == {"scanOnPush": False}


def test_public_repositories_have_tags_alone(ana: Client, alice: Caller) -> None:
    public = make_public_repository(alice).address
    settings = f"{BASE}/public/repositories/{public.name}/-/settings"
    assert not shown(page(ana, settings)).lines
    resource_tags.put(alice, public, {"team": "shop"})
    assert list(calls(page(ana, settings))) == ["TagResource"]
    listing = f"{BASE}/public/repositories/{public.name}/-/listing"
    assert calls(page(ana, listing))["PutRepositoryCatalogData"]["catalogData"] == {"description": ""}
    given = {"description": "Greets.", "about_text": "# It's\n\nhere", "operating_systems": ["Linux"]}
    assert ana.post(listing, given).status_code == 302
    data = calls(page(ana, listing))["PutRepositoryCatalogData"]["catalogData"]
    assert data == {"description": "Greets.", "aboutText": "# It's\n\nhere", "operatingSystems": ["Linux"]}


def test_settings_of_a_registry_are_all_in_it(ana: Client, alice: Caller) -> None:
    registry = RegistryId(alice.account_id, "us-east-1")
    rules = [{"scanFrequency": "MANUAL", "repositoryFilters": [{"filter": "*", "filterType": "WILDCARD"}]}]
    registries.put_scanning(operator(alice.account_id), registry, "BASIC", rules)
    made = calls(page(ana, f"{BASE}/us-east-1/registry/settings"))
    assert made["PutAccountSetting BLOB_MOUNTING"]["value"] in {"ENABLED", "DISABLED"}
    assert made["PutAccountSetting REGISTRY_POLICY_SCOPE"]["value"] in {"V1", "V2"}
    made = calls(page(ana, f"{BASE}/us-east-1/registry/scanning"))
    assert made["PutRegistryScanningConfiguration"] == {"scanType": "BASIC", "rules": rules}


def test_templates_keep_their_tags_and_policies(ana: Client, alice: Caller) -> None:
    place = f"{BASE}/us-east-1/registry/templates"
    said = {"applied_for": ["CREATE_ON_PUSH"], "resource_tags": {"team": "shop"}, "repository_policy": POLICY}
    templates.put(alice, RegistryId(alice.account_id, "us-east-1"), "team", said | {"description": "Ours"})
    made = calls(page(ana, f"{place}/team"))["UpdateRepositoryCreationTemplate"]
    assert made["resourceTags"] == [{"Key": "team", "Value": "shop"}] and made["description"] == "Ours"
    assert json.loads(made["repositoryPolicy"]) == json.loads(POLICY) and made["prefix"] == "team"
    assert calls(page(ana, f"{place}/-/new"))["CreateRepositoryCreationTemplate"]["prefix"] == "team/apps"
    assert calls(page(ana, f"{place}/team/-/delete")) == {"DeleteRepositoryCreationTemplate": {"prefix": "team"}}


def test_tags_of_images(ana: Client, address: Address, image: str) -> None:
    made = calls(page(ana, f"{PRIVATE}/team/app/-/images/{image}/retag"))
    assert made["BatchGetImage"]["imageIds"] == [{"imageDigest": image}]
    assert made["PutImage"] | {"imageManifestMediaType": ""} == {
        "repositoryName": "team/app",
        "imageTag": "stable",
        "imageDigest": image,
        "imageManifest": "manifest",
        "imageManifestMediaType": "",
    }
    made = calls(page(ana, f"{PRIVATE}/team/app/-/history/revert?tag=1&digest={image}"))
    assert (made["PutImage"]["imageTag"], made["PutImage"]["imageDigest"]) == ("1", image)


def test_the_last_tag_is_not_removed_by_a_call_that_deletes_the_image(
    ana: Client, alice: Caller, address: Address
) -> None:
    image = push_image(alice, address, "only")
    path = f"{PRIVATE}/team/app/-/tags/only/remove"
    assert not shown(page(ana, path)).lines
    retagging.retag(alice, address, Digest.parse(image.digest), ImageTag.parse("more"))
    assert calls(page(ana, path))["BatchDeleteImage"]["imageIds"] == [{"imageTag": "only"}]


def test_many_repositories_are_tagged_in_a_loop(ana: Client, alice: Caller, address: Address) -> None:
    answer = ana.post(f"{PRIVATE}/-/tag", {"name": ["team/app"], "confirmed": "yes", "resource_tags": ""})
    found = shown(answer.content.decode())
    arn = "arn:aws:ecr:us-east-1:111122223333:repository/team/app"
    assert found.lines[0].startswith("for name in team/app; do aws ecr tag-resource ")
    assert calls(answer.content.decode()) == {
        "TagResource": {"resourceArn": arn, "tags": [{"Key": "team", "Value": "shop"}]}
    }


def test_pages_of_principals(ana: Client, alice: Caller) -> None:
    boss = operator(alice.account_id)
    user_of(alice)
    key = user_keys.create(boss, alice.account_id, "bo")
    groups.create(boss, alice.account_id, "builders")
    roles.create(boss, alice.account_id, "deploy", TRUST)
    policy = policies.create(boss, alice.account_id, "push", TEXT)
    policies.create_version(boss, policy.arn, TEXT.replace("ecr:*", "ecr:Get*"), set_default=True)
    provider = providers.create(boss, alice.account_id, "https://ci.example.com", ["sts.amazonaws.com"])
    expected = {
        "users/-/new": {"CreateUser"},
        "users/bo": {"AttachUserPolicy", "AddUserToGroup"},
        "users/bo/keys": {"CreateAccessKey"},
        f"users/bo/keys/{key.id}/-/delete": {"DeleteAccessKey"},
        "users/bo/-/delete": {"DeleteUser"},
        "users/bo/-/inline": {"PutUserPolicy"},
        "groups/-/new": {"CreateGroup"},
        "groups/builders": {"AttachGroupPolicy", "AddUserToGroup"},
        "groups/builders/-/inline": {"PutGroupPolicy"},
        "groups/builders/-/delete": {"DeleteGroup"},
        "roles/-/new": {"CreateRole"},
        "roles/deploy": {"AttachRolePolicy", "AssumeRole"},
        "roles/deploy/-/trust": {"UpdateAssumeRolePolicy"},
        "roles/deploy/-/inline": {"PutRolePolicy"},
        "roles/deploy/-/delete": {"DeleteRole"},
        "policies/-/new": {"CreatePolicy"},
        "policies/push?version=v1": {"SetDefaultPolicyVersion"},
        "policies/push/-/edit": {"CreatePolicyVersion"},
        "policies/push/-/delete": {"DeletePolicy"},
        "providers/-/new": {"CreateOpenIDConnectProvider"},
        "providers/ci.example.com": {"AddClientIDToOpenIDConnectProvider"},
        "providers/ci.example.com/-/delete": {"DeleteOpenIDConnectProvider"},
    }
    assert {path: set(calls(page(ana, f"{IAM}/{path}"))) for path in expected} == expected
    assert (
        calls(page(ana, f"{IAM}/roles/deploy"))["AssumeRole"]["RoleArn"]
        == f"arn:aws:iam::{alice.account_id}:role/deploy"
    )
    assert calls(page(ana, f"{IAM}/policies/push/-/edit"))["CreatePolicyVersion"]["SetAsDefault"] is True
    edited = calls(page(ana, f"{IAM}/providers/ci.example.com/-/delete"))["DeleteOpenIDConnectProvider"]
    assert edited == {"OpenIDConnectProviderArn": provider.arn}


def test_a_role_for_tokens_alone_shows_no_call_that_would_be_refused(ana: Client, alice: Caller) -> None:
    statement = {"Effect": "Allow", "Principal": {"Federated": "x"}, "Action": "sts:AssumeRoleWithWebIdentity"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    trust = trust.replace('"x"', f'"arn:aws:iam::{alice.account_id}:oidc-provider/ci.example.com"')
    roles.create(operator(alice.account_id), alice.account_id, "tokens", trust)
    assert set(calls(page(ana, f"{IAM}/roles/tokens"))) == {"AttachRolePolicy"}
