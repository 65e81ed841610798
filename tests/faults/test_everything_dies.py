"""Lifecycle, garbage collection and webhooks in one run, while task worker, beat and broker die at random throughout.

In the end exactly what the previews said is gone, its bytes are free, all else can be pulled, and each event came,
under one id. KHO_FAULTS=long makes it several times as long.
"""

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import boto3
import pytest

from tests.clients import awscli, deployments, tenants
from tests.clients.processes import wait_for
from tests.clients.receiver import Receiver
from tests.clients.tenants import Tenant
from tests.faults.client import Image, Registry, digest_of, make_image
from tests.faults.workplace import Workplace

IS_LONG = os.environ.get("KHO_FAULTS") == "long"
REPOSITORIES: Final = 10 if IS_LONG else 2
TAGS: Final = 40 if IS_LONG else 15
LEAST_DEATHS: Final = 100 if IS_LONG else 6
INDEX: Final = "application/vnd.oci.image.index.v1+json"
ACCEPT: Final = f"application/vnd.oci.image.manifest.v1+json, {INDEX}"
Told = tuple[str, str, str, str]
"""Of an event: action, repository, tag, digest."""

SUBSCRIBE: Final = """
from accounts.caller import operator
from registry.notifications import webhooks
given = {"url": url, "event_types": ["*"], "repository_filter": "*"}
answer = webhooks.create(operator(account_id), account_id, "all", given)[1]
"""
TIME_PASSES: Final = """
from datetime import timedelta
from django.db.models import F, Max
from django.utils import timezone
from accounts.models import OutboxRow
from registry.models import CollectionRun, LifecycleRun, Repository, Webhook, WebhookDelivery
now, day = timezone.now(), timedelta(days=1)
Repository.objects.exclude(lifecycle_policy_text="").filter(lifecycle_evaluated_at=None).update(lifecycle_due_at=now)
# What a worker that lives holds is left alone: it made its claim longer a moment ago.
stale = now - timedelta(seconds=10)
LifecycleRun.objects.filter(finished_at=None, claimed_at__lt=stale).update(claimed_at=F("claimed_at") - day)
CollectionRun.objects.filter(state="running", leased_until__lt=now + timedelta(seconds=290)).update(leased_until=now)
WebhookDelivery.objects.filter(state="pending").update(next_try_at=now)
Webhook.objects.update(wait_until=None)
OutboxRow.objects.filter(dead_at=None, claimed_until=None).update(due_at=now)
answer = {
    "work": OutboxRow.objects.filter(dead_at=None).count(),
    "dead": list(OutboxRow.objects.exclude(dead_at=None).values_list("task", "last_error")),
    "open runs": LifecycleRun.objects.filter(finished_at=None).count(),
    "not evaluated": Repository.objects.filter(lifecycle_evaluated_at=None).count(),
    "not delivered": WebhookDelivery.objects.exclude(state="delivered").count(),
    "last pass": CollectionRun.objects.filter(state="done").aggregate(last=Max("id"))["last"] or 0,
    }
"""
IN_THE_END: Final = """
from django.db.models import Sum
from registry.models import CollectionRun, Image, LifecycleRun, Repository
from tests.faults import collecting
answer = {
    "stored": collecting.check_all(),
    "freed": CollectionRun.objects.aggregate(sum=Sum("freed_bytes"))["sum"],
    "problems": [each for run in CollectionRun.objects.all() for each in run.problems],
    "expired": dict(LifecycleRun.objects.values_list("repository__name").annotate(Sum("expired"))),
    "counts": {
        row.name: [row.image_count, Image.objects.filter(repository=row).count()] for row in Repository.objects.all()
    },
}
collecting.check_nothing_leaks()
"""


class Killer(threading.Thread):
    """Ends task worker or beat, or empties the broker, again and again; what it ended begins anew at once."""

    def __init__(self, place: Workplace, seed: int) -> None:
        super().__init__(daemon=True)
        self._place, self._dice = place, random.Random(seed)
        self._is_over = threading.Event()
        self.deaths: Counter[str] = Counter()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._is_over.wait(self._dice.uniform(0.5, 8)):
                self._kill()
        except BaseException as error:  # noqa: BLE001 - told by `stop`
            self.error = error

    def _kill(self) -> None:
        victim = self._dice.choices(["worker", "beat", "broker"], [5, 2, 2])[0]
        if victim == "broker":
            self._place.empty_broker()
        else:
            daemon = self._place.worker if victim == "worker" else self._place.beat
            assert daemon.is_running, f"{daemon.name} ended by itself:\n{daemon.output()}"
            daemon.kill9()
            daemon.start(lambda: True)
        self.deaths[victim] += 1

    def stop(self) -> None:
        """Let all live; raises what went wrong."""
        self._is_over.set()
        self.join()
        if self.error:
            raise self.error


class Story:
    """What was pushed, what is to go, and what is to be told of it."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.blobs: dict[str, dict[str, set[str]]] = {}
        self.sizes: dict[str, int] = {}
        self.told: Counter[Told] = Counter()

    def fill(self, name: str) -> None:
        """Push tags v1, v2 and so on, some of them twice, and an index of two platforms."""
        registry = Registry(self._tenant, name)
        self.blobs[name] = {}
        dice = random.Random(name)
        for number in range(1, TAGS + 1):
            tag = f"v{number if number % 5 else number - 1}"  # every fifth takes the tag of the one before it
            layers = [f"base {number % 3}".encode() * 50, dice.randbytes(500)]
            self._push(registry, name, make_image(*layers, comment=f"{name} {number}"), tag)
        children = [make_image(dice.randbytes(400), comment=f"{name} {arch}") for arch in ("amd64", "arm64")]
        for child in children:
            self._push(registry, name, child, "")
        self._index(registry, name, children)

    def _push(self, registry: Registry, name: str, image: Image, tag: str) -> None:
        for blob in image.blobs:
            if registry.blob(digest_of(blob), "HEAD").status == 404:
                assert registry.push_blob(blob).status == 201
            self.sizes[digest_of(blob)] = len(blob)
        answer = registry.push_manifest(image, tag or image.digest)
        assert answer.status == 201, answer
        self.blobs[name][image.digest] = {digest_of(blob) for blob in image.blobs}
        self.told["PUSH", name, tag, image.digest] += 1

    def _index(self, registry: Registry, name: str, children: list[Image]) -> None:
        entries = [
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": child.digest,
                "size": len(child.manifest),
                "platform": {"os": "linux", "architecture": architecture},
            }
            for child, architecture in zip(children, ("amd64", "arm64"), strict=True)
        ]
        body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()
        answer = registry.ask("PUT", f"{registry.base}/manifests/all", body, **{"Content-Type": INDEX})
        assert answer.status == 201, answer
        self.blobs[name][digest_of(body)] = set()
        self.told["PUSH", name, "all", digest_of(body)] += 1

    def is_to_go(self, name: str, images: list[dict[str, Any]]) -> None:
        """Note what a preview says."""
        for image in images:
            digest = image["imageDigest"]
            del self.blobs[name][digest]
            for tag in ("", *image.get("imageTags", [])):
                self.told["DELETE", name, tag, digest] += 1

    def kept_blobs(self) -> set[str]:
        """The blobs that are still needed."""
        return {blob for images in self.blobs.values() for blobs in images.values() for blob in blobs}

    def require_whole(self) -> None:
        """Pull all that is to be there, every byte of it."""
        for name, images in self.blobs.items():
            registry = Registry(self._tenant, name)
            for digest, blobs in images.items():
                manifest = registry.ask("GET", f"{registry.base}/manifests/{digest}", Accept=ACCEPT)
                assert manifest.status == 200 and digest_of(manifest.body) == digest
                for blob in blobs:
                    answer = registry.blob(blob)
                    assert answer.status == 200 and digest_of(answer.body) == blob, (name, digest, blob)


@pytest.fixture(params=["files", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workplace]:
    """A deployment in which hours are seconds, with all that belongs to it."""
    with deployments.database() as url:
        made = Workplace(
            tmp_path / "kho",
            url,
            request.param,
            "tests.faults.hurried_settings",
            KHO_OUTBOUND_NETWORKS="127.0.0.0/8",
            KHO_LOG_LEVEL="warning",
        )
        try:
            made.prepare()
            made.start_broker()
            made.start()
            made.start_worker()
            yield made
        finally:
            made.end()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on this machine."""
    started = Receiver().start()
    yield started
    started.stop()


def policy() -> str:
    """One untagged image is kept, and a third of those with a version."""
    counted = {"countType": "imageCountMoreThan"}
    rules = [
        {
            "rulePriority": 1,
            "selection": {"tagStatus": "untagged", "countNumber": 1, **counted},
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "selection": {"tagStatus": "tagged", "tagPrefixList": ["v"], "countNumber": TAGS // 3, **counted},
            "action": {"type": "expire"},
        },
    ]
    return json.dumps({"rules": rules})


def ecr_of(tenant: Tenant) -> Any:
    """boto3's client of the private registry."""
    return boto3.client(
        "ecr",
        endpoint_url=f"http://{tenant.server.host}",
        region_name=awscli.REGION,
        aws_access_key_id=tenant.key_id,
        aws_secret_access_key=tenant.secret,
    )


def preview(ecr: Any, name: str) -> list[dict[str, Any]]:
    """Ask what the policy would do, and wait for the worker that finds out."""
    ecr.start_lifecycle_policy_preview(repositoryName=name, lifecyclePolicyText=policy())
    found: dict[str, Any] = {}

    def is_complete() -> bool:
        found.update(ecr.get_lifecycle_policy_preview(repositoryName=name, maxResults=100))
        return bool(found["status"] == "COMPLETE")

    wait_for(f"the preview of {name}", is_complete, seconds=180)
    assert found["summary"]["expiringImageTotalCount"] == len(found["previewResults"]) > TAGS // 3
    return list(found["previewResults"])


def wait_while_time_passes(place: Workplace, what: str, *done: str, seconds: float = 300) -> dict[str, Any]:
    """Wait until these numbers are 0; what would have to wait for minutes waits for seconds."""
    ends = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = place.python(TIME_PASSES)
        assert not found["dead"], found
        if not any(found[name] for name in done):
            return found
        assert time.monotonic() < ends, f"{what}: {found}"
        time.sleep(1)


def test_everything_dies_and_nothing_is_lost(place: Workplace, receiver: Receiver) -> None:
    seed = int(os.environ.get("KHO_FAULTS_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"KHO_FAULTS_SEED={seed}")
    alice = tenants.open_account(place, "alice", "111122223333", create_on_push=True)
    secret = place.python(SUBSCRIBE, account_id=alice.account_id, url=receiver.url)
    story, ecr = Story(alice), ecr_of(alice)
    names = [f"dying/{number}" for number in range(REPOSITORIES)]
    killer = Killer(place, seed)
    killer.start()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(story.fill, names))
    for name in names:
        story.is_to_go(name, preview(ecr, name))
    receiver.stop()
    for name in names:
        ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=policy())
    wait_while_time_passes(place, "every policy is applied", "not evaluated")
    receiver.start()
    wait_for("enough deaths", lambda: killer.deaths.total() >= LEAST_DEATHS or bool(killer.error), seconds=600)
    killer.stop()
    print(dict(killer.deaths))

    wait_while_time_passes(place, "all is told", "work", "open runs", "not delivered")
    _check_what_was_told(receiver, secret, story.told)
    for name in names:
        pages = ecr.get_paginator("describe_images").paginate(repositoryName=name)
        assert {each["imageDigest"] for page in pages for each in page["imageDetails"]} == story.blobs[name].keys()
    _wait_for_passes(place)
    story.require_whole()
    found = place.python(IN_THE_END)
    print(found)
    assert not found["problems"]
    assert found["stored"]["blobs"] == len(story.kept_blobs())
    gone = Counter(name for action, name, tag, _ in story.told if action == "DELETE" and not tag)
    assert found["expired"] == gone, "each run counts what it let expire, once"
    assert all(count == there == len(story.blobs[name]) for name, (count, there) in found["counts"].items())
    freed = sum(size for digest, size in story.sizes.items() if digest not in story.kept_blobs())
    assert 0 < found["freed"] <= freed, "a pass that is killed may forget what it freed, and counts nothing twice"


def _check_what_was_told(receiver: Receiver, secret: str, expected: Counter[Told]) -> None:
    """Each event came once or more, with one id and the same bytes each time, signed; and no other came."""
    bodies: dict[str, bytes] = {}
    for message in list(receiver.messages):
        assert message.is_signed(secret)
        assert bodies.setdefault(message.headers["webhook-id"], message.body) == message.body
    told = []
    for message_id, body in bodies.items():
        event = json.loads(body)
        assert message_id == f"msg_{event['id'].replace('-', '')}"
        detail = event["detail"]
        told.append(
            (detail["action-type"], detail["repository-name"], detail.get("image-tag", ""), detail["image-digest"])
        )
    assert Counter(told) == expected
    print(f"{len(receiver.messages)} messages, {len(bodies)} events")


def _wait_for_passes(place: Workplace) -> None:
    """Wait until passes began and ended after the grace of everything: one finds what the one before it made."""
    time.sleep(12)
    before = wait_while_time_passes(place, "nothing")["last pass"]
    ends = time.monotonic() + 300
    while wait_while_time_passes(place, "nothing")["last pass"] < before + 3:
        assert time.monotonic() < ends, "three passes"
        time.sleep(1)
