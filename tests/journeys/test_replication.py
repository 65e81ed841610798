"""What docker pushes arrives in another region and another account, whatever happens to the worker that copies it."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import boto3
import pytest

from tests.clients import deployments, images, tenants
from tests.clients.awscli import Aws
from tests.clients.dockerd import Dockerd
from tests.clients.processes import wait_for
from tests.clients.server import Server
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant

HOME, FAR = "us-east-1", "eu-west-1"
CHILDREN: Final = 250
PUSH_MANY: Final = """
from accounts.models import OutboxRow
from registry.core import addresses
from tests.factories.registry import make_caller, push_image, push_index
owner = make_caller(account_id, "alice")
address = addresses.private(account_id, "team/many")
children = [push_image(owner, address) for _ in range(count)]
OutboxRow.objects.all().delete()
answer = push_index(owner, address, "all", children).digest
"""
NOT_YET_HANDLED: Final = """
from accounts.models import OutboxRow
answer = OutboxRow.objects.filter(event="ImagePushed").count()
"""
KILL_HALF_WAY: Final = """
import os, signal, time
from registry.models import Image
until = time.monotonic() + 120
while time.monotonic() < until:
    there = Image.objects.filter(repository__region=region, repository__name="team/many").count()
    if there >= 10:
        os.killpg(os.getpgid(pid), signal.SIGKILL)
        break
    time.sleep(0.01)
time.sleep(1)
answer = Image.objects.filter(repository__region=region, repository__name="team/many").count()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A deployment of two regions, where the claim of a dead worker is soon free."""
    with deployments.database() as url:
        made = Server(tmp_path / "kho", url, {"KHO_REGIONS": f"{HOME},{FAR}", "KHO_TASK_LEASE_SECONDS": "6"})
        try:
            made.prepare()
            made.start()
            yield made
        finally:
            made.close()


@pytest.fixture
def alice(server: Server) -> Tenant:
    return tenants.open_account(server, "alice", "111122223333", create_on_push=True)


@pytest.fixture
def charlie(server: Server) -> Tenant:
    return tenants.open_account(server, "charlie", "444455556666", create_on_push=False)


def policy_for(account_id: str, owner: str) -> str:
    """The registry policy of `owner` that lets an account replicate there."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
        "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
        "Resource": f"arn:aws:ecr:{HOME}:{owner}:repository/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def rules(*destinations: tuple[str, str]) -> str:
    """Rules that lead everything below team/ to some places."""
    named = [{"region": region, "registryId": account} for account, region in destinations]
    filters = [{"filter": "team/", "filterType": "PREFIX_MATCH"}]
    return json.dumps({"rules": [{"destinations": named, "repositoryFilters": filters}]})


def statuses(aws: Aws, name: str, tag: str) -> dict[str, str]:
    """Where an image is, as `describe-image-replication-status` says."""
    place = ("--repository-name", name, "--image-id", f"imageTag={tag}")
    found: Any = aws("ecr", "describe-image-replication-status", *place)["replicationStatuses"]
    return {f"{each['registryId']}/{each['region']}": each["status"] for each in found}


def test_it_works(server: Server, alice: Tenant, charlie: Tenant, short_path: Path, tmp_path: Path) -> None:
    """Docker pushes once, and pulls from the other region and as another account."""
    server.start_worker()
    mine, theirs = Aws(server, alice.key_id, alice.secret), Aws(server, charlie.key_id, charlie.secret)
    far, other = f"{alice.account_id}/{FAR}", f"{charlie.account_id}/{HOME}"
    policy = policy_for(alice.account_id, charlie.account_id)
    theirs("ecr", "put-registry-policy", "--policy-text", policy)
    wanted = rules((alice.account_id, FAR), (charlie.account_id, HOME))
    mine("ecr", "put-replication-configuration", "--replication-configuration", wanted)
    uri = alice.private("team/app")
    with closing(Dockerd(short_path / "here")) as docker:
        docker.load(images.busybox_archive(), f"{uri}:1")
        docker.login(server.host, USER, alice.password())
        docker.push(f"{uri}:1")
        wait_for("both copies", lambda: list(statuses(mine, "team/app", "1").values()) == ["COMPLETE"] * 2, seconds=60)
        assert statuses(mine, "team/app", "1").keys() == {far, other}
        image_id = docker.image_id(f"{uri}:1")
    with closing(Dockerd(short_path / "there")) as docker:
        docker.login(server.host, USER, alice.password())
        there = f"{server.host}/{alice.account_id}.{FAR}/team/app:1"
        docker.pull(there)
        assert docker.image_id(there) == image_id
    with closing(Dockerd(short_path / "theirs")) as docker:
        docker.login(server.host, USER, charlie.password())
        docker.pull(f"{charlie.private('team/app')}:1")
        assert docker.run(f"{charlie.private('team/app')}:1", "/bin/busybox", "echo", "hello") == "hello"


def test_a_backfill(server: Server, alice: Tenant, tmp_path: Path) -> None:
    """What was there before the rules is pulled from the other region, every platform of it."""
    server.start_worker()
    skopeo, uri = Skopeo(tmp_path / "alice"), alice.private("team/before")
    skopeo.login(server.host, USER, alice.password())
    skopeo.copy(f"oci:{images.two_platforms()}:1", f"docker://{uri}:all", "--all")
    wait_for("the worker", lambda: server.python(NOT_YET_HANDLED) == 0, seconds=60)
    mine = Aws(server, alice.key_id, alice.secret)
    mine("ecr", "put-replication-configuration", "--replication-configuration", rules((alice.account_id, FAR)))
    assert statuses(mine, "team/before", "all") == {}
    # Debian's AWS CLI is older than these operations.
    keys = {"aws_access_key_id": alice.key_id, "aws_secret_access_key": alice.secret}
    ecr = boto3.client("ecr", region_name=HOME, endpoint_url=f"http://{server.host}", **keys)
    made = ecr.start_replication_backfill(destination={"region": FAR, "registryId": alice.account_id})
    named = {"replicationBackfillId": made["replicationBackfillId"]}
    ended = {"COMPLETE", "FAILED"}
    wait_for("the backfill", lambda: ecr.describe_replication_backfill_results(**named)["status"] in ended, seconds=60)
    found = ecr.describe_replication_backfill_results(**named)
    assert found["progress"]["completedReplicationCount"] == 1 and found["progress"]["failedReplicationCount"] == 0
    assert [each["imageId"]["imageTag"] for each in found["results"]] == ["all"]
    assert statuses(mine, "team/before", "all") == {f"{alice.account_id}/{FAR}": "COMPLETE"}
    there = f"{server.host}/{alice.account_id}.{FAR}/team/before:all"
    skopeo.copy(f"docker://{there}", f"oci:{tmp_path / 'all'}:1", "--all")
    assert skopeo.digest(f"docker://{there}") == skopeo.digest(f"docker://{uri}:all")


def test_a_worker_that_is_killed_in_the_middle(server: Server, alice: Tenant) -> None:
    """`kill -9` after some of the images of an index: another worker goes on, and nothing is missing or half there."""
    mine = Aws(server, alice.key_id, alice.secret)
    mine("ecr", "create-repository", "--repository-name", "team/many")
    mine("ecr", "put-replication-configuration", "--replication-configuration", rules((alice.account_id, FAR)))
    digest = server.python(PUSH_MANY, account_id=alice.account_id, count=CHILDREN)
    server.start_worker()
    assert server.worker.process is not None
    there = server.python(KILL_HALF_WAY, pid=server.worker.process.pid, region=FAR)
    server.worker.kill9()
    assert 10 <= there <= CHILDREN, "it was killed in the middle, before the index was there"
    assert statuses(mine, "team/many", "all") == {f"{alice.account_id}/{FAR}": "IN_PROGRESS"}
    server.worker.start(lambda: True)
    wait_for("the copy", lambda: set(statuses(mine, "team/many", "all").values()) == {"COMPLETE"}, seconds=180, every=2)
    found = mine("ecr", "list-images", "--repository-name", "team/many", "--region", FAR)["imageIds"]
    assert len(found) == CHILDREN + 1 and {"imageDigest": digest, "imageTag": "all"} in found
