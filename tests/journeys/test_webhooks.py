"""A real push reaches a receiver, signed, as ECR's events are, though worker, broker and receiver were away."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.clients import images
from tests.clients.dockerd import Dockerd
from tests.clients.processes import wait_for
from tests.clients.receiver import Message, Receiver
from tests.clients.skopeo import Skopeo
from tests.clients.tenants import USER, Tenant

CREATE: Final = """
from accounts.caller import operator
from registry.notifications import webhooks
given = {"url": url, "event_types": ["*"], "repository_filter": pattern}
answer = webhooks.create(operator(account_id), account_id, name, given)[1]
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on this machine."""
    started = Receiver().start()
    yield started
    started.stop()


@pytest.fixture
def skopeo(tmp_path: Path, alice: Tenant) -> Skopeo:
    """skopeo, signed in as alice."""
    signed_in = Skopeo(tmp_path / "alice")
    signed_in.login(alice.server.host, USER, alice.password())
    return signed_in


def subscribe(alice: Tenant, receiver: Receiver, name: str) -> str:
    """A webhook for the repositories below a name; returns its secret."""
    pattern = f"{name}/*"
    created = alice.server.python(CREATE, account_id=alice.account_id, url=receiver.url, name=name, pattern=pattern)
    return str(created)


def told(receiver: Receiver) -> list[tuple[str, str]]:
    """Action and tag of each event that came, once for each event."""
    events = {each.headers["webhook-id"]: each.event["detail"] for each in receiver.messages}
    return sorted((each["action-type"], each.get("image-tag", "")) for each in events.values())


def test_docker_push_is_told(alice: Tenant, receiver: Receiver, short_path: Path) -> None:
    secret = subscribe(alice, receiver, "hooked")
    docker = Dockerd(short_path / "d")
    try:
        reference = alice.private("hooked/app") + ":1.0"
        docker.load(images.busybox_archive(), reference)
        docker.login(alice.server.host, alice.key_id, alice.secret)
        docker.push(reference)
    finally:
        docker.close()
    wait_for("the push is told", lambda: ("PUSH", "1.0") in told(receiver), seconds=60)
    [message] = [each for each in receiver.messages if each.event["detail"].get("image-tag") == "1.0"]
    assert message.is_signed(secret)
    event = message.event
    detail = event.pop("detail")
    assert event | {"id": "", "time": ""} == {
        "version": "0",
        "id": "",
        "detail-type": "ECR Image Action",
        "source": "aws.ecr",
        "account": alice.account_id,
        "time": "",
        "region": "us-east-1",
        "resources": [],
    }
    assert detail["repository-name"] == "hooked/app" and detail["image-tag"] == "1.0"
    assert detail["action-type"] == "PUSH" and detail["result"] == "SUCCESS"
    assert detail["image-digest"].startswith("sha256:") and detail["manifest-media-type"]


def test_everything_arrives_though_all_were_away(
    alice: Tenant, receiver: Receiver, skopeo: Skopeo, tmp_path: Path
) -> None:
    """Pushes while the receiver is down; the worker is killed and what the broker has is lost meanwhile."""
    server = alice.server
    secret = subscribe(alice, receiver, "patient")
    reference = alice.private("patient/app")
    receiver.stop()
    try:
        skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{reference}:1")
        server.worker.kill9()
        skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{reference}:2")
        skopeo.copy(f"oci:{images.busybox()}:1", f"docker://{reference}:3")
        shutil.rmtree(server.data / "broker" / "queue")
        (server.data / "broker" / "queue").mkdir(mode=0o700)
        server.worker.start(lambda: True)
        skopeo.delete(f"{reference}:3")
    finally:
        receiver.start()
    wanted = [("DELETE", "3"), ("PUSH", "1"), ("PUSH", "2"), ("PUSH", "3")]
    wait_for("all is told", lambda: set(wanted) <= set(told(receiver)), seconds=150, every=1)
    # skopeo deletes what the tag names, and so the other tags too.
    assert set(told(receiver)) - set(wanted) <= {("DELETE", ""), ("DELETE", "1"), ("DELETE", "2")}
    assert all(each.is_signed(secret) for each in receiver.messages)
    assert all(_same_each_time(receiver.messages, each.headers["webhook-id"]) for each in receiver.messages)


def _same_each_time(messages: list[Message], message_id: str) -> bool:
    """Whether a message that came more than once had the same bytes."""
    return len({each.body for each in messages if each.headers["webhook-id"] == message_id}) == 1
