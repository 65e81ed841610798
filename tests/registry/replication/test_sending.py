"""Images go to a peer whole and in order; whatever it answers, there is a clear code or another try."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from accounts import outbox
from accounts.caller import Caller, Staff
from accounts.models import OutboxRow
from registry import storage
from registry.core import images, peers
from registry.errors import StorageUnavailable
from registry.models import Blob, ImageBlob, Replication, ReplicationBackfill
from registry.replication import backfills, blob_sending, courier, overview, sending
from registry.values import Address, Digest, RegistryId
from registry.values import ImageTag as Tag
from tests.clients.false_peer import FalsePeer, Request, Said, listening, refusal
from tests.factories.registry import push_image, push_index
from tests.registry.conftest import ALICE_ACCOUNT
from tests.registry.peering import public_text
from tests.registry.replication.making import FAR, HOME, configure, rule, work

Status = Replication.Status


@pytest.fixture
def there(settings: Settings, alice: Caller, monkeypatch: pytest.MonkeyPatch) -> Iterator[FalsePeer]:
    """A peer that serves the other region."""
    settings.REGIONS = [HOME]
    settings.OUTBOUND_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(blob_sending, "PAUSE", 0.01)
    cache.clear()
    with listening(FalsePeer()) as peer:
        peers.add(
            Staff("staff@example.com"),
            name="there",
            url=peer.url,
            regions=[FAR],
            account_ids=[],
            public_key=public_text(Ed25519PrivateKey.generate()),
        )
        yield peer


def push(alice: Caller, address: Address, far: RegistryId, tag: str = "1", **more: Any) -> Replication:
    """Push an image of two layers, and try to send it once."""
    configure(alice, rule(far, deletes=True))
    push_image(alice, address, tag, **{"layers": [b"one", b"two"], **more})
    for row in OutboxRow.objects.order_by("id"):
        outbox.run(row.id)
    try_again()
    return Replication.objects.latest("id")


def try_again() -> None:
    """Run what waits for a peer once more."""
    for row in OutboxRow.objects.filter(event="ReplicationDue").order_by("id"):
        outbox.run(row.id)


def ended(row: Replication) -> tuple[str, str]:
    row.refresh_from_db()
    return row.status, row.failure_code


def asked(peer: FalsePeer, method: str, *, starts: str = "") -> list[str]:
    return [each.path for each in peer.requests if each.method == method and each.path.startswith(starts)]


def test_it_works(there: FalsePeer, alice: Caller, address: Address, far: RegistryId) -> None:
    row = push(alice, address, far)
    assert ended(row) == (Status.COMPLETE, "")
    digest = row.image.digest
    assert there.tags == {"1": digest} and Digest.of(there.manifests[digest]) == Digest.parse(digest)
    assert {str(Digest.of(each)) for each in there.blobs.values()} == set(there.blobs) and len(there.blobs) == 3
    assert asked(there, "PUT")[-1] == f"manifests/{digest}", "the image comes last"
    assert not OutboxRow.objects.exists()


def test_what_is_there_is_not_sent_again(there: FalsePeer, alice: Caller, address: Address, far: RegistryId) -> None:
    there.blobs[str(Digest.of(b"one"))] = b"one"
    push(alice, address, far)
    assert asked(there, "POST", starts="blobs/") == ["blobs/missing", *["blobs/uploads/"] * 2]
    there.requests.clear()
    images.put(
        alice, address, Tag.parse("2"), "application/vnd.oci.image.manifest.v1+json", there.manifests.popitem()[1]
    )
    there.manifests[there.tags["1"]] = b""
    work()
    assert not asked(there, "POST") and there.tags["2"] == there.tags["1"]


def test_an_index_comes_after_what_it_names(there: FalsePeer, alice: Caller, address: Address, far: RegistryId) -> None:
    children = [push_image(alice, address), push_image(alice, address, architecture="arm64", layers=[b"three"])]
    inner = push_index(alice, address, "", children)
    configure(alice, rule(far))
    outer = push_index(alice, address, "all", [inner, children[0]])
    work()
    order = [path.partition("/")[2] for path in asked(there, "PUT", starts="manifests/")]
    assert order.index(outer.digest) > order.index(inner.digest) > max(order.index(each.digest) for each in children)
    assert there.tags == {"all": outer.digest} and len(order) == 4
    blobs = asked(there, "POST", starts="blobs/uploads/")
    assert len(blobs) == Blob.objects.count(), "each once"


def test_it_goes_on_where_the_peer_stands(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces that are kept, after an answer that was lost."""
    monkeypatch.setattr(blob_sending, "PIECE", 4)
    content = b"0123456789"
    lost: list[Said] = []

    def lose_one(request: Request) -> Said | None:
        if request.method == "PATCH" and not lost:
            lost.append(there.truth(request))
            return Said(502)
        return None

    there.lie = lose_one
    configure(alice, rule(far))
    push_image(alice, address, "1", layers=[content])
    work()
    assert there.blobs[str(Digest.of(content))] == content
    ranges = [each.headers.get("Content-Range") for each in there.requests if each.body in (b"0123", b"4567", b"89")]
    assert ranges == ["0-3", "4-7", "8-9"]


def test_an_upload_that_another_holds_is_tried_again(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that died and is back: until the claim of the request that died with it runs out, the upload is busy."""
    monkeypatch.setattr(blob_sending, "PIECE", 4)
    content = b"0123456789"
    there.uploads[UPLOAD] = (str(Digest.of(content)), content[:4])
    there.lie = lambda request: refusal(409, "UploadBusy") if request.method in ("PATCH", "PUT") else None
    row = push(alice, address, far, layers=[content])
    assert ended(row) == (Status.IN_PROGRESS, "PeerUnavailable")
    there.lie = lambda request: None
    try_again()
    assert ended(row) == (Status.COMPLETE, "") and there.blobs[str(Digest.of(content))] == content


def lying(method: str, starts: str, **headers: str) -> Any:
    """A peer that tells the truth but for some headers."""

    def lie(request: Request) -> Said | None:
        if request.method != method or not request.path.startswith(starts):
            return None
        if method == "POST" and "mount" not in request.query:
            return None
        return Said(202 if method in ("POST", "PATCH") else 201, headers)

    return lie


OTHER = str(Digest.of(b"something else"))
ABOUT_OTHER = {status: Said(status, {"Docker-Content-Digest": OTHER}) for status in (200, 201)}
NEEDS_OTHER = Said(200, {}, f'{{"missing": ["{OTHER}"]}}'.encode())
TAG_IS_THERE = refusal(400, "ImageTagAlreadyExists")
UPLOAD = "11111111-1111-4111-8111-111111111111"


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (lying("PUT", "blobs/", **{"Docker-Content-Digest": OTHER}), "PeerMisbehaved"),
        (lying("PUT", "manifests/", **{"Docker-Content-Digest": OTHER}), "PeerMisbehaved"),
        (lying("PUT", "manifests/"), "PeerMisbehaved"),
        (
            lambda request: Said(200, {"Docker-Content-Digest": OTHER}) if request.method == "HEAD" else None,
            "PeerMisbehaved",
        ),
        (
            lambda request: Said(201, {"Docker-Content-Digest": OTHER}) if request.method == "POST" else None,
            "PeerMisbehaved",
        ),
        (lying("POST", "blobs/", **{"Docker-Upload-UUID": UPLOAD}), "PeerMisbehaved"),
        (lying("POST", "blobs/", **{"Docker-Upload-UUID": UPLOAD, "Upload-Offset": "1000000"}), "PeerMisbehaved"),
        (lying("POST", "blobs/", **{"Docker-Upload-UUID": UPLOAD, "Upload-Offset": "-1"}), "PeerMisbehaved"),
        (lying("POST", "blobs/", **{"Docker-Upload-UUID": "../../x", "Upload-Offset": "0"}), "PeerMisbehaved"),
        (lambda request: Said(200, {}, b"x" * 3_000_000) if request.method == "POST" else None, "PeerMisbehaved"),
        (lambda request: Said(302, {"Location": "http://127.0.0.1:1/"}), "PeerMisbehaved"),
        (lambda request: Said(403), "PeerMisbehaved"),
        (lambda request: refusal(403, "SomethingOfItsOwn"), "PeerMisbehaved"),
        (lambda request: refusal(403, "PeerUnavailable"), "PeerMisbehaved"),
        (lambda request: refusal(300, "AccessDenied"), "PeerMisbehaved"),
        (lambda request: Said(401), "PeerNotTrusted"),
        (lambda request: refusal(403, "AccessDenied"), "AccessDenied"),
        (lambda request: refusal(403, "QuotaExceeded") if request.method == "POST" else None, "QuotaExceeded"),
        (
            lambda request: refusal(400, "ImageTagAlreadyExists") if "tag" in request.query else None,
            "ImageTagAlreadyExists",
        ),
    ],
)
def test_it_fails_with_a_code(
    there: FalsePeer,
    alice: Caller,
    address: Address,
    far: RegistryId,
    monkeypatch: pytest.MonkeyPatch,
    lie: Any,
    code: str,
) -> None:
    monkeypatch.setattr(blob_sending, "PIECE", 40)  # the config is larger
    there.lie = lie
    assert ended(push(alice, address, far)) == (Status.FAILED, code)
    assert not OutboxRow.objects.exclude(event="ReplicationFailed").exists()


def test_it_refuses_a_peer_that_keeps_nothing(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes piece after piece and always stands at the start."""
    monkeypatch.setattr(blob_sending, "PIECE", 1)
    there.lie = lambda request: FalsePeer.stands(UPLOAD, 0) if request.path.startswith("blobs/uploads/") else None
    assert ended(push(alice, address, far)) == (Status.FAILED, "PeerMisbehaved")
    assert len(there.requests) < 60


def test_a_peer_that_goes_on_in_little_steps_is_asked_again_for_a_day(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never takes a piece, and claims to have one byte more each time: so does one behind a bad line."""
    monkeypatch.setattr(blob_sending, "PIECE", 100)
    steps = iter(range(10_000))

    def crawl(request: Request) -> Said | None:
        if "mount" in request.query:
            return FalsePeer.stands(UPLOAD, next(steps))
        return Said(502) if request.path.startswith("blobs/uploads/") else None

    there.lie = crawl
    row = push(alice, address, far, layers=[b"x" * 1000])
    assert ended(row) == (Status.IN_PROGRESS, "PeerUnavailable") and len(there.requests) < 400
    Replication.objects.update(started_at=timezone.now() - timedelta(days=1, minutes=1))
    try_again()
    assert ended(row) == (Status.FAILED, "PeerUnavailable") and len(there.requests) < 800


@pytest.mark.parametrize("status", [503, 429, 409, 507])
def test_a_peer_that_can_not_now_is_asked_again(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, status: int
) -> None:
    there.lie = lambda request: Said(status)
    row = push(alice, address, far)
    assert ended(row) == (Status.IN_PROGRESS, "PeerUnavailable")
    waiting = OutboxRow.objects.get(event="ReplicationDue")
    assert waiting.due_at > timezone.now() and not waiting.dead_at
    there.lie = lambda request: None
    try_again()
    assert ended(row) == (Status.COMPLETE, "") and there.tags == {"1": row.image.digest}


def test_a_peer_that_is_away_for_a_day_is_given_up(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId
) -> None:
    there.lie = lambda request: Said(503)
    row = push(alice, address, far)
    Replication.objects.update(started_at=timezone.now() - timedelta(days=1, minutes=1))
    try_again()
    assert ended(row) == (Status.FAILED, "PeerUnavailable")
    assert not OutboxRow.objects.filter(event="ReplicationDue").exists()


def test_a_slow_peer_does_not_hold_a_worker(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "READ_SECONDS", 0.3)

    has_ended = threading.Event()

    def wait(request: Request) -> None:
        has_ended.wait(60)

    there.lie = wait
    assert ended(push(alice, address, far)) == (Status.IN_PROGRESS, "PeerUnavailable"), "without waiting for it"
    has_ended.set()
    push(alice, address, far, "2")
    assert len(there.requests) == 1, "where nobody answered a moment ago nobody knocks"


def test_it_sends_nothing_into_networks_that_are_not_allowed(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, settings: Settings
) -> None:
    settings.OUTBOUND_PRIVATE_NETWORKS = []
    assert ended(push(alice, address, far)) == (Status.FAILED, "PeerNotAllowed") and not there.requests


def test_a_layer_that_is_damaged_here(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, data_folder: Path
) -> None:
    configure(alice, rule(far))
    image = push_image(alice, address, "1", layers=[b"one"])
    blob = ImageBlob.objects.get(image=image, is_config=False).blob
    storage.default().delete(blob.storage_key)
    work()
    blob.refresh_from_db()
    assert (blob.state, ended(Replication.objects.get())) == (Blob.State.DAMAGED, (Status.FAILED, "LayersNotFound"))
    assert not there.manifests


def test_a_store_that_does_not_answer_here_is_asked_again(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StorageUnavailable("it does not answer")

    configure(alice, rule(far))
    push_image(alice, address, "1", layers=[b"one"])
    for pushed in OutboxRow.objects.filter(event="ImagePushed"):
        outbox.run(pushed.id)
    row = Replication.objects.get()
    with monkeypatch.context() as away:
        away.setattr(type(storage.default()), "open", refuse)
        try_again()
    assert ended(row) == (Status.IN_PROGRESS, "") and not there.manifests
    try_again()
    assert ended(row) == (Status.COMPLETE, "")


def test_what_hinders_one_child_does_not_hinder_others(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId
) -> None:
    children = [push_image(alice, address), push_image(alice, address, architecture="arm64", layers=[b"three"])]
    configure(alice, rule(far))
    push_index(alice, address, "all", children)
    bad = str(Digest.of(b"three"))
    there.lie = lambda request: refusal(403, "QuotaExceeded") if request.query.get("digest") == bad else None
    work()
    assert ended(Replication.objects.get(tag="all")) == (Status.FAILED, "ChildrenNotReplicated")
    assert set(there.manifests) == {children[0].digest}


def test_a_tag_that_moved_meanwhile_is_sent_as_it_is(
    there: FalsePeer, alice: Caller, address: Address, far: RegistryId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older image comes late: what the tag names by now is sent after it."""
    configure(alice, rule(far))
    push_image(alice, address, "latest")
    newer: list[str] = []
    put = sending.put

    def put_late(*args: Any) -> None:
        put(*args)
        if not newer:
            newer.append(push_image(alice, address, "latest", layers=[b"newer"]).digest)
            for row in OutboxRow.objects.filter(event="ImagePushed").order_by("id"):
                row.delete()  # its own copy was quicker

    monkeypatch.setattr(sending, "put", put_late)
    work()
    assert there.tags == {"latest": newer[0]}


def test_a_backfill(there: FalsePeer, alice: Caller, address: Address, far: RegistryId) -> None:
    image = push_image(alice, address, "old")
    OutboxRow.objects.all().delete()
    configure(alice, rule(far))
    there.lie = lambda request: Said(503)
    made = backfills.start(alice, RegistryId(ALICE_ACCOUNT, HOME), far)
    [row] = OutboxRow.objects.filter(event="BackfillQueued")
    assert not outbox.run(row.id)
    made.refresh_from_db()
    assert made.status == ReplicationBackfill.Status.IN_PROGRESS and made.worked == 0
    there.lie = lambda request: None
    work()
    made.refresh_from_db()
    assert (made.status, made.completed) == ("COMPLETE", 1) and there.tags == {"old": image.digest}


def test_whether_it_is_let_in_is_asked(there: FalsePeer, alice: Caller, address: Address, far: RegistryId) -> None:
    registry = RegistryId(ALICE_ACCOUNT, HOME)
    assert overview.reach(alice, registry, rule(far)).let_in == {far: True}
    there.lie = lambda request: refusal(403, "AccessDenied")
    assert overview.reach(alice, registry, rule(far)).let_in == {far: False}
    there.lie = lambda request: Said(503)
    assert overview.reach(alice, registry, rule(far)).let_in == {far: None}


def test_a_peer_that_is_removed_gets_none(there: FalsePeer, alice: Caller, address: Address, far: RegistryId) -> None:
    configure(alice, rule(far))
    peers.remove(Staff("staff@example.com"), "there")
    push_image(alice, address, "1")
    work()
    assert ended(Replication.objects.get()) == (Status.FAILED, "InvalidValue") and not there.requests
