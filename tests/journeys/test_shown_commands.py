"""What the console shows to copy is pasted into a shell: it reaches this deployment without any setting."""

import html
import json
import re
from pathlib import Path

import pytest

from tests.clients.processes import Client
from tests.clients.tenants import Tenant
from tests.registry.console.shown_commands import shown

PAGES = """
from django.test import Client
from accounts.caller import operator
from accounts.directory import people, roles, users, policies
from accounts.models import Account
from config.run import demo
from registry.core import addresses, repositories, resource_tags
from registry.models import Image
caller, address = operator(account_id), addresses.private(account_id, "team/shown")
repositories.create(caller, address)
demo._push(caller, address, demo._image("a", "a", "a"), "1.0")
resource_tags.put(caller, address, {"owner": "it's ours"})
trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"}, "Action": "sts:AssumeRole"}
roles.create(caller, account_id, "shown", json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
policies.attach(caller, users.create(caller, account_id, "pasted"), policies.ADMINISTRATOR_ACCESS)
person = people.create("ana@example.com", "a shelf of long words")
people.add_to_account(person, Account.objects.get(id=account_id))
browser = Client(headers={"host": host})
browser.force_login(person)
base = f"/console/{account_id}"
at = f"{base}/us-east-1/repositories/team/shown/-"
digest = Image.objects.get(repository__name="team/shown", tags__name="1.0").digest
paths = {
    "settings": f"{at}/settings",
    "policy": f"{at}/permissions?start=pull",
    "retag": f"{at}/images/{digest}/retag",
    "registry": f"{base}/us-east-1/registry/settings",
    "assume": f"{base}/iam/roles/shown",
    "provider": f"{base}/iam/providers/-/new",
}
answer = {name: browser.get(path).content.decode() for name, path in paths.items()}
answer["key"] = browser.post(f"{base}/iam/users/pasted/keys", {"step": "create"}, follow=True).content.decode()
"""


@pytest.fixture(scope="module")
def pages(alice: Tenant) -> dict[str, str]:
    """Pages of the console, as somebody who may do everything sees them."""
    found = alice.server.python(PAGES, account_id=alice.account_id, host=alice.server.host)
    return {str(name): str(text) for name, text in found.items()}


@pytest.fixture
def shell(alice: Tenant) -> Client:
    """A shell that has alice's key, and knows neither endpoint nor region."""
    env = {
        "AWS_ACCESS_KEY_ID": alice.key_id,
        "AWS_SECRET_ACCESS_KEY": alice.secret,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    return Client("bash", "-euc", env=env)


def test_commands_run_as_pasted_and_do_what_the_pages_say(pages: dict[str, str], shell: Client, alice: Tenant) -> None:
    for name in ("settings", "policy", "retag", "registry", "provider"):
        lines = shown(pages[name]).lines
        assert lines, name
        for line in lines:
            shell(line)
    session = json.loads(shell(shown(pages["assume"]).lines[-1]))
    assert session["AssumedRoleUser"]["Arn"].endswith("assumed-role/shown/me")
    asked = f"--repository-name team/shown --region us-east-1 --endpoint-url http://{alice.server.host}"
    images = json.loads(shell(f"aws ecr list-images {asked} --filter tagStatus=TAGGED"))["imageIds"]
    assert {each["imageTag"] for each in images} == {"1.0", "stable"}
    assert len({each["imageDigest"] for each in images}) == 1
    text = json.loads(shell(f"aws ecr get-repository-policy {asked}"))["policyText"]
    assert "ecr:BatchGetImage" in text and "444455556666" in text


def test_the_lines_of_a_new_key_set_up_the_command_line(pages: dict[str, str], alice: Tenant, tmp_path: Path) -> None:
    env = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
    shell = Client("bash", "-euc", env=env | {"AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": ""})
    (line,) = re.findall(r">(aws configure set [^<]+)<", pages["key"])
    shell(html.unescape(line))
    who = json.loads(shell("aws sts get-caller-identity --profile kho"))
    assert who["Arn"] == f"arn:aws:iam::{alice.account_id}:user/pasted"
    assert json.loads(shell("aws ecr describe-repositories --profile kho"))["repositories"]
