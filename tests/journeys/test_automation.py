"""What runs against ECR by the hundred: Ansible's modules and Cloud Custodian, unmodified, told only the endpoint."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from tests.clients import images, tenants
from tests.clients.awscli import Aws, settings_of
from tests.clients.processes import Client
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant

LIFECYCLE: Final = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "old and untagged",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": 30,
            },
            "action": {"type": "expire"},
        }
    ]
}
POLICY: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "LetGuestPull",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        }
    ],
}


class Ansible:
    """`ansible-playbook` on this machine alone."""

    def __init__(self, tenant: Tenant, folder: Path) -> None:
        env = settings_of(tenant.server, tenant.key_id, tenant.secret)
        own = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_LOCAL_TEMP": str(folder), "HOME": str(folder)}
        self._client = Client("ansible-playbook", "--inventory", "localhost,", "--connection", "local", env=env | own)
        self._folder = folder

    def __call__(self, **wanted: Any) -> dict[str, Any]:
        """What one task with `ecs_ecr` answered."""
        return self.run([("community.aws.ecs_ecr", wanted)])[0]

    def run(self, tasks: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
        """What each of some tasks answered: modules with what is wanted of them."""
        python = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        written = [{"name": module, module: wanted} for module, wanted in tasks]
        play = {"hosts": "localhost", "gather_facts": False, "vars": python, "tasks": written}
        playbook = self._folder / "playbook.yml"
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        said = json.loads(self._client(str(playbook)))
        return [each["hosts"]["localhost"] for each in said["plays"][0]["tasks"]]


def test_it_works_with_ansible(alice: Tenant, tmp_path: Path) -> None:
    """Present, present again, changed, without its policies, absent: each told as changed once."""
    ecr = Ansible(alice, tmp_path)
    owner = Aws(alice.server, alice.key_id, alice.secret)
    place = ("--repository-name", "ansible/app")
    wanted = {"name": "ansible/app", "image_tag_mutability": "immutable", "scan_on_push": True, "policy": POLICY}
    made = ecr(**wanted, lifecycle_policy=LIFECYCLE)
    assert (made["created"], made["changed"], made["policy"]) == (True, True, POLICY)
    assert made["repository"]["repositoryArn"].endswith(":repository/ansible/app")
    [found] = owner("ecr", "describe-repositories", "--repository-names", "ansible/app")["repositories"]
    assert (found["imageTagMutability"], found["imageScanningConfiguration"]) == ("IMMUTABLE", {"scanOnPush": True})
    assert json.loads(owner("ecr", "get-repository-policy", *place)["policyText"]) == POLICY
    assert json.loads(owner("ecr", "get-lifecycle-policy", *place)["lifecyclePolicyText"]) == LIFECYCLE

    again = ecr(**wanted, lifecycle_policy=LIFECYCLE, registry_id=alice.account_id)
    assert (again["created"], again["changed"]) == (False, False)
    purged = ecr(name="ansible/app", purge_policy=True, purge_lifecycle_policy=True)
    assert purged["changed"] and purged["repository"]["imageTagMutability"] == "MUTABLE"
    assert "RepositoryPolicyNotFoundException" in owner.refused("ecr", "get-repository-policy", *place)
    assert "LifecyclePolicyNotFoundException" in owner.refused("ecr", "get-lifecycle-policy", *place)
    assert ecr(name="ansible/app", state="absent")["changed"]
    assert not ecr(name="ansible/app", state="absent")["changed"]


def test_it_works_to_prepare_principals_with_ansible(alice: Tenant, tmp_path: Path) -> None:
    """A policy with tags, a user, a group and a role with it: made, found unchanged, and gone."""
    erin = tenants.open_account(alice.server, "erin", "222244446666", create_on_push=False)
    ansible = Ansible(erin, tmp_path)
    arn = f"arn:aws:iam::{erin.account_id}:policy/pull"
    rights = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ecr:*", "Resource": "*"}]}
    trusted = {"AWS": f"arn:aws:iam::{erin.account_id}:root"}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}],
    }
    role = {"assume_role_policy_document": json.dumps(trust), "create_instance_profile": False, "description": "CI"}
    there = {"state": "present"}
    shared: dict[str, Any] = {"managed_policies": [arn]} | there
    tags = {"tags": {"team": "blue"}}
    wanted: list[tuple[str, dict[str, Any]]] = [
        ("amazon.aws.iam_managed_policy", {"name": "pull", "policy": rights} | there | tags),
        ("amazon.aws.iam_user", {"name": "bob"} | shared | tags),
        ("amazon.aws.iam_group", {"name": "readers", "users": ["bob"]} | shared),
        ("amazon.aws.iam_role", {"name": "ci"} | role | shared | tags),
    ]
    assert [each["changed"] for each in ansible.run(wanted)] == [True] * 4
    assert [each["changed"] for each in ansible.run(wanted)] == [False] * 4
    owner = Aws(erin.server, erin.key_id, erin.secret)
    attached = owner("iam", "list-entities-for-policy", "--policy-arn", arn)
    names = [attached["PolicyUsers"][0]["UserName"], attached["PolicyRoles"][0]["RoleName"]]
    assert names == ["bob", "ci"] and attached["PolicyGroups"][0]["GroupName"] == "readers"
    [changed] = ansible.run([("amazon.aws.iam_role", {"name": "ci"} | role | {"description": "builds"} | shared)])
    assert changed["changed"] and changed["iam_role"]["description"] == "builds"
    gone = [(module, {"name": each["name"], "state": "absent"}) for module, each in reversed(wanted)]
    assert [each["changed"] for each in ansible.run(gone)] == [True] * 4
    assert [each["UserName"] for each in owner("iam", "list-users")["Users"]] == ["erin"]


class Custodian:
    """`custodian run` with one policy."""

    def __init__(self, tenant: Tenant, folder: Path) -> None:
        env = settings_of(tenant.server, tenant.key_id, tenant.secret) | {"HOME": str(folder)}
        self._client = Client("custodian", "run", "--region", "us-east-1", env=env)
        self._folder = folder

    def __call__(self, *, resource: str = "aws.ecr", filters: list[Any], actions: list[Any]) -> list[dict[str, Any]]:
        """The resources that a policy found and acted on."""
        policy = {"name": "under-test", "resource": resource, "filters": filters, "actions": actions}
        written = self._folder / "policy.yml"
        written.write_text(json.dumps({"policies": [policy]}), encoding="utf-8")
        out = self._folder / "out"
        self._client("--cache-period", "0", "--output-dir", str(out), str(written))
        found: list[dict[str, Any]] = json.loads((out / "under-test" / "resources.json").read_text(encoding="utf-8"))
        return found


def names(found: list[dict[str, Any]]) -> list[str]:
    """The names of repositories, in order."""
    return sorted(each["repositoryName"] for each in found)


@pytest.fixture
def custodian(charlie: Tenant, tmp_path: Path) -> Custodian:
    """Cloud Custodian over two repositories of Charlie, one of them open to Alice."""
    owner = Aws(charlie.server, charlie.key_id, charlie.secret)
    for name in ("c7n/open", "c7n/closed"):
        owner("ecr", "create-repository", "--repository-name", name, "--tags", "Key=stage,Value=test")
    text = json.dumps(POLICY).replace("444455556666", "111122223333")
    owner("ecr", "set-repository-policy", "--repository-name", "c7n/open", "--policy-text", text)
    return Custodian(charlie, tmp_path)


def test_it_works_with_cloud_custodian(charlie: Tenant, custodian: Custodian, tmp_path: Path) -> None:
    """Filters by tag, policy and lifecycle; actions that set what they find wanting."""
    owner = Aws(charlie.server, charlie.key_id, charlie.secret)
    ours = {"tag:stage": "test"}
    both = ["c7n/closed", "c7n/open"]

    mutable = [ours, {"imageTagMutability": "MUTABLE"}]
    assert names(custodian(filters=mutable, actions=[{"type": "set-immutability", "state": True}])) == both
    assert names(custodian(filters=mutable, actions=[])) == []
    unscanned = [ours, {"imageScanningConfiguration.scanOnPush": False}]
    assert names(custodian(filters=unscanned, actions=["set-scanning"])) == both
    assert names(custodian(filters=unscanned, actions=[])) == []

    without = [ours, {"type": "lifecycle-rule", "state": False, "match": [{"action.type": "expire"}]}]
    assert names(custodian(filters=without, actions=[{"type": "set-lifecycle", **LIFECYCLE}])) == both
    assert names(custodian(filters=without, actions=[])) == []

    shared = [ours, {"type": "cross-account", "whitelist": [charlie.account_id]}]
    take_away = [{"type": "remove-statements", "statement_ids": "matched"}]
    assert names(custodian(filters=shared, actions=take_away)) == ["c7n/open"]
    assert "RepositoryPolicyNotFound" in owner.refused("ecr", "get-repository-policy", "--repository-name", "c7n/open")
    deny = {"Sid": "NoPulls", "Effect": "Deny", "Principal": "*", "Action": ["ecr:BatchGetImage"]}
    add = [{"type": "modify-ecr-policy", "add-statements": [deny], "remove-statements": []}]
    assert names(custodian(filters=[{"repositoryName": "c7n/closed"}], actions=add)) == ["c7n/closed"]
    text = owner("ecr", "get-repository-policy", "--repository-name", "c7n/closed")["policyText"]
    assert json.loads(text)["Statement"] == [deny]

    tag = [{"type": "tag", "key": "seen", "value": "yes"}, {"type": "remove-tag", "tags": ["stage"]}]
    assert names(custodian(filters=[ours], actions=tag)) == both
    assert names(custodian(filters=[{"tag:seen": "yes"}], actions=[])) == both

    archive = f"docker-archive:{images.busybox_archive()}"
    skopeo = Skopeo(tmp_path / "skopeo")
    skopeo.login(charlie.server.host, USER, charlie.password())
    skopeo.copy(archive, f"docker://{charlie.private('c7n/open')}:1")
    found = custodian(
        resource="aws.ecr-image", filters=[{"type": "value", "key": "imageTags[0]", "value": "1"}], actions=[]
    )
    # Other tests of the run push to this account, too.
    assert [name for each in found if (name := each["repositoryName"]).startswith("c7n/")] == ["c7n/open"]
