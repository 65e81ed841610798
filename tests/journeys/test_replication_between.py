"""Two deployments, each the other's region: what is pushed to one is pulled from the other, whichever of them dies."""

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final

import pytest

from tests.clients import deployments, images, layouts, tenants
from tests.clients.awscli import Aws
from tests.clients.dockerd import Dockerd
from tests.clients.processes import wait_for
from tests.clients.server import Server
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant

HERE, THERE = "us-east-1", "eu-west-1"
ALICE, CHARLIE = "111122223333", "444455556666"
MIB: Final = 1024 * 1024
LARGE, SMALL = 320 * MIB, 8 * MIB
KILL_HALF_WAY: Final = """
import os, pathlib, signal, time
from registry.models import Upload
pathlib.Path(ready).touch()
until, answer = time.monotonic() + 200, 0
while time.monotonic() < until:
    offsets = Upload.objects.exclude(wanted="").order_by("-offset").values_list("offset", flat=True)
    answer = offsets.first() or 0
    if answer >= least:
        os.killpg(os.getpgid(int(pathlib.Path(victim).read_text())), signal.SIGKILL)
        break
    time.sleep(0.02)
"""


def deployment(folder: Path, region: str, stack: ExitStack) -> Server:
    """One deployment of one region. Work of the dead is soon free; their uploads are busy for a while, as ever."""
    url = stack.enter_context(deployments.database())
    settings = {"KHO_REGIONS": region, "KHO_OUTBOUND_NETWORKS": "127.0.0.0/8", "KHO_TASK_LEASE_SECONDS": "6"}
    made = Server(folder, url, settings)
    stack.callback(made.close)
    made.prepare()
    made.start()
    return made


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """Two deployments that know each other; each may speak for Alice's account at the other."""
    with ExitStack() as stack:
        here = deployment(tmp_path / "here", HERE, stack)
        there = deployment(tmp_path / "there", THERE, stack)
        key_here, key_there = here.manage("peer", "key"), there.manage("peer", "key")
        join(here, "there", there, THERE, key_there)
        refused = here.manage.refused("peer", "check", "there")
        assert "does not know this deployment's key" in refused
        join(there, "here", here, HERE, key_here)
        assert f"knows this deployment as here, and lets it speak for {ALICE}." in here.manage("peer", "check", "there")
        yield here, there


def join(server: Server, name: str, other: Server, region: str, key: str) -> None:
    """Add a peer, as staff do."""
    words = ("--url", f"http://{other.host}", "--region", region, "--key", key, "--account", ALICE)
    server.manage("peer", "add", name, *words)


@pytest.fixture
def here(servers: tuple[Server, Server]) -> Server:
    return servers[0]


@pytest.fixture
def there(servers: tuple[Server, Server]) -> Server:
    return servers[1]


@pytest.fixture
def alice(here: Server, there: Server) -> Tenant:
    """Alice has the same account on both sides; this is she here."""
    tenants.open_account(there, "alice", ALICE, create_on_push=False)
    return tenants.open_account(here, "alice", ALICE, create_on_push=True)


def far(server: Server, tenant: str, account: str) -> Tenant:
    """A new user of an account on the other side."""
    return tenants.open_account(server, tenant, account, create_on_push=False)


def aws_of(server: Server, tenant: Tenant, region: str) -> Callable[..., Any]:
    """The command line in a deployment's own region."""
    command = Aws(server, tenant.key_id, tenant.secret)
    return lambda *words: command(*words, "--region", region)


def configure(mine: Callable[..., Any], *accounts: str) -> None:
    """Let everything below team/ go to accounts in the other region."""
    rule: dict[str, Any] = {
        "destinations": [{"region": THERE, "registryId": each} for each in accounts],
        "repositoryFilters": [{"filter": "team/", "filterType": "PREFIX_MATCH"}],
    }
    mine("ecr", "put-replication-configuration", "--replication-configuration", json.dumps({"rules": [rule]}))


def statuses(mine: Callable[..., Any], name: str, tag: str) -> dict[str, str]:
    """Where an image is, as `describe-image-replication-status` says; with why, if it is nowhere."""
    place = ("--repository-name", name, "--image-id", f"imageTag={tag}")
    found = mine("ecr", "describe-image-replication-status", *place)["replicationStatuses"]
    return {each["registryId"]: each.get("failureCode") or each["status"] for each in found}


def test_it_works(here: Server, there: Server, alice: Tenant, short_path: Path, tmp_path: Path) -> None:
    """Docker pushes here, and pulls there, by tag and digest, as Alice and as another account that lets her in."""
    charlie = far(there, "charlie", CHARLIE)
    mine, theirs = aws_of(here, alice, HERE), aws_of(there, charlie, THERE)
    unknown = {"rules": [{"destinations": [{"region": "ap-south-1", "registryId": ALICE}]}]}
    refused = Aws(here, alice.key_id, alice.secret).refused(
        "ecr", "put-replication-configuration", "--replication-configuration", json.dumps(unknown)
    )
    assert "InvalidParameterException" in refused and "ap-south-1" in refused
    configure(mine, ALICE, CHARLIE)
    here.start_worker()
    uri = alice.private("team/app")
    with closing(Dockerd(short_path / "here")) as docker:
        docker.load(images.busybox_archive(), f"{uri}:1")
        docker.login(here.host, USER, alice.password())
        docker.push(f"{uri}:1")
        image_id = docker.image_id(f"{uri}:1")
        done = {ALICE: "COMPLETE", CHARLIE: "AccessDenied"}
        wait_for("the first copy", lambda: statuses(mine, "team/app", "1") == done, seconds=60)
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ALICE}:root"},
            "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
            "Resource": f"arn:aws:ecr:{THERE}:{CHARLIE}:repository/*",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        theirs("ecr", "put-registry-policy", "--policy-text", policy)
        uri = alice.private("team/let-in")
        docker.load(images.busybox_archive(), f"{uri}:2")
        docker.push(f"{uri}:2")
        done = {ALICE: "COMPLETE", CHARLIE: "COMPLETE"}
        wait_for("both copies", lambda: statuses(mine, "team/let-in", "2") == done, seconds=60)
    skopeo = Skopeo(tmp_path / "skopeo")
    skopeo.login(here.host, USER, alice.password())
    digest = skopeo.digest(f"docker://{uri}:2")
    with closing(Dockerd(short_path / "there")) as docker:
        docker.login(there.host, USER, charlie.password())
        for reference in (":2", f"@{digest}"):
            docker.pull(f"{charlie.private('team/let-in')}{reference}")
        assert docker.image_id(f"{charlie.private('team/let-in')}:2") == image_id
        assert docker.run(f"{charlie.private('team/let-in')}:2", "/bin/busybox", "echo", "hello") == "hello"
    [copy] = theirs("ecr", "describe-images", "--repository-name", "team/let-in")["imageDetails"]
    assert (copy["imageDigest"], copy["imageTags"]) == (digest, ["2"])


def test_an_index_and_no_loop(here: Server, there: Server, alice: Tenant, tmp_path: Path) -> None:
    """Every platform arrives; rules that lead to each other send nothing back. What is deleted here goes there, too."""
    mine = aws_of(here, alice, HERE)
    # Debian's AWS CLI is older than deleteReplication.
    here.python(RULE, account_id=ALICE, region=HERE, to=THERE, more={"deleteReplication": {"enabled": True}})
    there.python(RULE, account_id=ALICE, region=THERE, to=HERE, more={})
    for server in (here, there):
        server.start_worker()
    skopeo, uri = Skopeo(tmp_path / "alice"), alice.private("team/multi")
    skopeo.login(here.host, USER, alice.password())
    skopeo.copy(f"oci:{images.two_platforms()}:1", f"docker://{uri}:all", "--all")
    wait_for("the copy", lambda: statuses(mine, "team/multi", "all") == {ALICE: "COMPLETE"}, seconds=60)
    skopeo.login(there.host, USER, there.manage("registry_password", ALICE, "--user", "alice").splitlines()[-1])
    copied = f"docker://{there.host}/{ALICE}/team/multi:all"
    assert skopeo.digest(copied) == skopeo.digest(f"docker://{uri}:all")
    skopeo.copy(copied, f"oci:{tmp_path / 'all'}:1", "--all")
    assert there.python("from registry.models import Replication; answer = Replication.objects.count()") == 0
    assert not re.findall(r"_replication/\S+/manifests", here.web.log.read_text(encoding="utf-8"))
    mine("ecr", "batch-delete-image", "--repository-name", "team/multi", "--image-ids", "imageTag=all")
    for _ in range(2):  # first the index that names them
        found = mine("ecr", "list-images", "--repository-name", "team/multi")["imageIds"]
        if found:
            wanted = [f"imageDigest={each['imageDigest']}" for each in found]
            mine("ecr", "batch-delete-image", "--repository-name", "team/multi", "--image-ids", *wanted)
    wait_for("the deletions", lambda: there.python(LEFT) == 0, seconds=60, every=1)


LEFT: Final = "from registry.models import Image; answer = Image.objects.filter(deleted_at=None).count()"
RULE: Final = """
from registry.core import registries
from registry.values import RegistryId
from accounts.caller import operator
rule = {"destinations": [{"region": to, "registryId": account_id}]} | more
registries.put_replication(operator(account_id), RegistryId(account_id, region), {"rules": [rule]})
"""


@pytest.mark.parametrize("dies", ["there", "here"])
def test_one_that_dies_in_the_middle(here: Server, there: Server, alice: Tenant, tmp_path: Path, dies: str) -> None:
    """`kill -9` of either side while layers are under way: the copy goes on where it stood, and nothing goes twice."""
    mine = aws_of(here, alice, HERE)
    configure(mine, ALICE)
    layout = layouts.of_random_layers(tmp_path / "image", [LARGE, *[SMALL] * 8])
    skopeo, uri = Skopeo(tmp_path / "alice"), alice.private("team/large")
    skopeo.login(here.host, USER, alice.password())
    skopeo.copy(f"oci:{layout}:1", f"docker://{uri}:1", "--preserve-digests")
    ready, victim = tmp_path / "ready", tmp_path / "victim"
    with ThreadPoolExecutor(1) as pool:
        killing = pool.submit(there.python, KILL_HALF_WAY, ready=str(ready), victim=str(victim), least=64 * MIB)
        wait_for("the killer", ready.exists, seconds=60)
        here.start_worker()
        daemon = there.web if dies == "there" else here.worker
        assert daemon.process is not None
        victim.write_text(str(daemon.process.pid), encoding="utf-8")
        there_then = killing.result()
    daemon.kill9()
    assert 64 * MIB <= there_then < LARGE, "it was killed in the middle"
    assert statuses(mine, "team/large", "1") == {ALICE: "IN_PROGRESS"}
    if dies == "there":
        there.start()
    else:
        here.worker.start(lambda: True)
    try:
        wait_for("the copy", lambda: statuses(mine, "team/large", "1") == {ALICE: "COMPLETE"}, seconds=120, every=1)
    except AssertionError as error:
        error.add_note(f"{statuses(mine, 'team/large', '1')}\n{here.logs()}\n{there.logs()}")
        raise
    log = there.web.log.read_text(encoding="utf-8")
    pieces = len(re.findall(r"method=PATCH ms=\S+ path=\S+/blobs/uploads/\S+ .*?status=202", plain(log)))
    ended = len(re.findall(r"method=(?:PUT|POST) ms=\S+ path=\S+/blobs/uploads/\S* .*?status=201", plain(log)))
    # What was under way at the death may be kept without a line in the log, or be sent again; no more than that.
    assert LARGE // (32 * MIB) - 2 <= pieces <= LARGE // (32 * MIB)
    assert 10 - 4 <= ended <= 10 + 4
    skopeo.login(there.host, USER, there.manage("registry_password", ALICE, "--user", "alice").splitlines()[-1])
    copied = f"docker://{there.host}/{ALICE}/team/large:1"
    assert skopeo.digest(copied) == skopeo.digest(f"docker://{uri}:1")
    skopeo.copy(copied, f"oci:{tmp_path / 'back'}:1")


def plain(log: str) -> str:
    """A log without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", log)
