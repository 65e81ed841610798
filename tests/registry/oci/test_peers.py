"""What a peer may do here, and what it may not: it speaks for the accounts that staff listed, and for nothing else."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pytest_django import Settings

from accounts.caller import Caller, Staff
from accounts.models import Account, AuditEvent, OutboxRow
from registry.core import addresses, images, peers, registries, repositories, templates
from registry.core.templates import REPLICATION
from registry.models import Blob, Image, Replication, TagEvent, Upload
from registry.values import Digest, RegistryId
from registry.values import ImageTag as Tag
from tests.factories.registry import OCI_CONFIG, OCI_MANIFEST, make_repository, push_blob, push_image
from tests.registry.conftest import ALICE_ACCOUNT, CHARLIE_ACCOUNT
from tests.registry.oci.wire import Answer, Wire
from tests.registry.peering import public_text
from tests.registry.replication.making import let_in, work

THERE = "eu-west-1"
STRANGER = "999900001111"
CONTENT = b"a layer"
DIGEST = str(Digest.of(CONTENT))
UPLOAD = "blobs/uploads/00000000-0000-4000-8000-000000000000"
GATED = (
    ("POST", f"blobs/uploads/?mount={DIGEST}"),
    ("POST", f"blobs/uploads/?digest={DIGEST}"),
    ("POST", "blobs/missing"),
    ("HEAD", f"manifests/{DIGEST}"),
    ("PUT", f"manifests/{DIGEST}"),
    ("PATCH", UPLOAD),
    ("PUT", f"{UPLOAD}?digest={DIGEST}"),
    ("POST", "removals"),
    ("GET", "rights"),
    ("HEAD", "rights"),
)
"""All that a peer may ask about a repository; the policy of the registry is asked each time."""


@dataclass
class Peer:
    """The other side: signs as it should, or as a test wants it."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    account: str = ALICE_ACCOUNT
    region: str = THERE

    def token(self, method: str, target: str, **claims: Any) -> str:
        """A token for one request; `claims` replace what it says."""
        now = int(time.time())
        said = {
            "iss": public_text(self.key),
            "aud": peers.own_public_key(),
            "sub": f"{self.account}/{self.region}",
            "htm": method,
            "htu": target,
            "iat": now,
            "exp": now + 60,
            "jti": str(time.monotonic_ns()),
        }
        return jwt.encode(said | claims, self.key, algorithm="EdDSA")

    def __call__(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        to: str = ALICE_ACCOUNT,
        name: str = "team/app",
        headers: Mapping[str, str] | None = None,
        **claims: Any,
    ) -> Answer:
        """Send a request about a repository."""
        target = f"/v2/_replication/{to}.us-east-1/{name}/{path}"
        claims = {"bsh": sha256(body).hexdigest()} | claims
        return Wire(f"Bearer {self.token(method, target, **claims)}")(method, target, body, headers=headers)

    def blob(self, content: bytes, to: str = ALICE_ACCOUNT) -> Answer:
        """Let it have a blob."""
        digest = Digest.of(content)
        begun = self("POST", f"blobs/uploads/?mount={digest}", to=to)
        if begun.status != 202:
            return begun
        path = f"blobs/uploads/{begun.headers['Docker-Upload-UUID']}?digest={digest}"
        return self("PUT", path, content, to=to)

    def image(self, tag: str = "", *, layer: bytes = CONTENT, to: str = ALICE_ACCOUNT) -> tuple[str, Answer]:
        """Let it have an image of one layer; its digest and the answer to the manifest."""
        config = json.dumps({"architecture": "amd64", "os": "linux", "layer": layer.decode()}).encode()
        for each in (layer, config):
            self.blob(each, to)
        descriptors = [
            {"mediaType": OCI_CONFIG, "digest": str(Digest.of(each)), "size": len(each)} for each in (config, layer)
        ]
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptors[0], "layers": descriptors[1:]}
        content = json.dumps(manifest).encode()
        digest = str(Digest.of(content))
        path = f"manifests/{digest}" + (f"?tag={tag}" if tag else "")
        return digest, self("PUT", path, content, headers={"Content-Type": OCI_MANIFEST}, to=to)


def why(answer: Answer) -> str:
    """The name of the error in an answer."""
    return str(answer.headers["Kho-Error"])


@pytest.fixture
def peer(alice: Caller, charlie: Caller) -> Peer:
    """A peer that may speak for Alice's account."""
    made = Peer()
    peers.add(
        Staff("staff@example.com"),
        name="there",
        url="https://there.example.com",
        regions=[THERE],
        account_ids=[ALICE_ACCOUNT],
        public_key=public_text(made.key),
    )
    return made


def test_it_works(peer: Peer, alice: Caller) -> None:
    """An image arrives with its tag, as a replica, by the template for replication, and goes no further."""
    account = Account.objects.get(id=ALICE_ACCOUNT)
    templates.create(account, "us-east-1", "team", applied_for=[REPLICATION], image_tag_mutability="IMMUTABLE")
    digest, answer = peer.image("1.0")
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, digest)
    copy = Image.objects.get(digest=digest)
    assert (copy.replicated_from, copy.os) == (f"{ALICE_ACCOUNT}/{THERE}", "linux")
    assert copy.repository.image_tag_mutability == "IMMUTABLE"
    event = TagEvent.objects.get(repository=copy.repository)
    assert (event.kind, event.tag, event.new_digest) == ("replicated", "1.0", digest)
    line = AuditEvent.objects.get(event_name="ReplicateImage")
    assert (line.account_id, line.details["sourceRegion"]) == (ALICE_ACCOUNT, THERE)
    assert line.user_agent == "kho/replication (peer there)"
    assert {row.event for row in OutboxRow.objects.all()} == {"RepositoryCreated", "ImageReplicated"}
    work()
    assert not Replication.objects.exists()
    assert peer("HEAD", f"manifests/{digest}").status == 200
    assert peer.image("1.0")[1].status == 201 and AuditEvent.objects.filter(event_name="ReplicateImage").count() == 1


def test_an_upload_goes_on_where_it_stands(peer: Peer) -> None:
    begun = peer("POST", f"blobs/uploads/?mount={DIGEST}")
    assert (begun.status, begun.headers["Upload-Offset"]) == (202, "0")
    upload = begun.headers["Docker-Upload-UUID"]
    first = peer("PATCH", f"blobs/uploads/{upload}", CONTENT[:3], headers={"Content-Range": "0-2"})
    assert (first.status, first.headers["Upload-Offset"]) == (202, "3")
    again = peer("PATCH", f"blobs/uploads/{upload}", CONTENT[:3], headers={"Content-Range": "0-2"})
    assert (again.status, again.headers["Upload-Offset"], why(again)) == (416, "3", "UploadOutOfOrder")
    known = peer("POST", f"blobs/uploads/?mount={DIGEST}")
    assert (known.headers["Docker-Upload-UUID"], known.headers["Upload-Offset"]) == (upload, "3")
    path = f"blobs/uploads/{upload}?digest={DIGEST}"
    ended = peer("PUT", path, CONTENT[3:], headers={"Content-Range": f"3-{len(CONTENT) - 1}"})
    assert (ended.status, ended.headers["Docker-Content-Digest"]) == (201, DIGEST)
    assert peer("PUT", path).status == 201, "the answer may have been lost"
    assert peer("POST", f"blobs/uploads/?mount={DIGEST}").status == 201 and not Upload.objects.exists()


def test_small_blobs_come_in_one_request(peer: Peer) -> None:
    other = str(Digest.of(b"other"))
    wanted = json.dumps({"digests": [DIGEST, other]}).encode()
    assert peer("POST", "blobs/missing", wanted).json == {"missing": [DIGEST, other]}
    answer = peer("POST", f"blobs/uploads/?digest={DIGEST}", CONTENT)
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, DIGEST)
    assert peer("POST", "blobs/missing", wanted).json == {"missing": [other]}
    answer = peer("POST", f"blobs/uploads/?digest={other}", CONTENT)
    assert (answer.status, why(answer)) == (400, "BlobDigestMismatch") and not Upload.objects.exists()


def test_it_refuses_bytes_of_another_digest(peer: Peer) -> None:
    upload = peer("POST", f"blobs/uploads/?mount={DIGEST}").headers["Docker-Upload-UUID"]
    answer = peer("PUT", f"blobs/uploads/{upload}?digest={DIGEST}", b"others")
    assert (answer.status, why(answer)) == (400, "BlobDigestMismatch") and not Blob.objects.exists()


def test_it_refuses_accounts_and_regions_that_are_not_listed(peer: Peer, charlie: Caller) -> None:
    """Though Charlie lets everybody in: the peer may not say that it is he, or somebody unknown here."""
    let_in(charlie, CHARLIE_ACCOUNT)
    for account, region in ((CHARLIE_ACCOUNT, THERE), (STRANGER, THERE), (ALICE_ACCOUNT, "us-east-1")):
        answer = Peer(peer.key, account, region).blob(CONTENT, to=CHARLIE_ACCOUNT)
        assert (answer.status, why(answer)) == (403, "AccessDenied")
    assert peer("GET", "rights", sub="").status == 403
    assert not Upload.objects.exists()


def test_it_refuses_who_is_suspended_here_and_a_region_that_came_here(
    peer: Peer, charlie: Caller, settings: Settings
) -> None:
    let_in(charlie, ALICE_ACCOUNT)
    assert peer("GET", "rights", to=CHARLIE_ACCOUNT).status == 204
    Account.objects.filter(id=ALICE_ACCOUNT).update(is_active=False)
    assert peer("GET", "rights", to=CHARLIE_ACCOUNT).status == 403
    Account.objects.filter(id=ALICE_ACCOUNT).update(is_active=True)
    settings.REGIONS = ["us-east-1", THERE]
    assert peer("GET", "rights", to=CHARLIE_ACCOUNT).status == 403


def test_another_account_has_to_allow_it(peer: Peer, charlie: Caller) -> None:
    for method, path in GATED:
        body = json.dumps({"digests": [DIGEST]}).encode() if path in ("removals", "blobs/missing") else b"x"
        answer = peer(method, path, body, headers={"Content-Range": "0-0"}, to=CHARLIE_ACCOUNT)
        assert (answer.status, why(answer)) == (403, "AccessDenied"), path
        gone = peer(method, path, body, headers={"Content-Range": "0-0"}, to=STRANGER)
        assert gone.status == 403 and gone.body.replace(STRANGER.encode(), CHARLIE_ACCOUNT.encode()) == answer.body
    let_in(charlie, ALICE_ACCOUNT, "ReplicateImage")
    assert peer("GET", "rights", to=CHARLIE_ACCOUNT).status == 403, "the repository is not there, and must not be made"
    let_in(charlie, ALICE_ACCOUNT)
    assert peer("GET", "rights", to=CHARLIE_ACCOUNT).status == 204
    assert peer.image("1", to=CHARLIE_ACCOUNT)[1].status == 201
    let_in(charlie, ALICE_ACCOUNT, effect="Deny")
    assert peer.blob(b"another", to=CHARLIE_ACCOUNT).status == 403


def test_it_learns_nothing_of_what_others_have(peer: Peer, charlie: Caller, alice: Caller) -> None:
    """A blob that is stored already is asked for all the same, unless the account has it or has brought it."""
    let_in(charlie, ALICE_ACCOUNT)
    push_blob(charlie, make_repository(charlie, "own/secret").address, CONTENT)
    assert peer("POST", f"blobs/uploads/?mount={DIGEST}", to=CHARLIE_ACCOUNT).status == 202
    peer.image("1", to=CHARLIE_ACCOUNT)
    other = peer("POST", f"blobs/uploads/?mount={DIGEST}", name="team/other", to=CHARLIE_ACCOUNT)
    assert other.status == 201, "it has brought it itself"
    push_blob(alice, make_repository(alice, "own/base").address, b"base")
    base = Digest.of(b"base")
    assert peer("POST", f"blobs/uploads/?mount={base}").status == 201, "it is of the account's own"
    assert peer("POST", f"blobs/uploads/?mount={base}", to=CHARLIE_ACCOUNT).status == 202


def test_uploads_of_others_are_none_of_its_business(peer: Peer, alice: Caller, alices: Wire) -> None:
    make_repository(alice, "team/app")
    begun = alices.post(f"/v2/{ALICE_ACCOUNT}/team/app/blobs/uploads/")
    path = f"blobs/uploads/{begun.headers['Docker-Upload-UUID']}"
    answer = peer("PATCH", path, b"x", headers={"Content-Range": "0-0"})
    assert (answer.status, why(answer)) == (404, "UploadNotFound")
    assert peer("PUT", f"{path}?digest={DIGEST}", CONTENT).status == 404


def test_immutable_tags_stay(peer: Peer, alice: Caller) -> None:
    repository = make_repository(alice, "team/app", image_tag_mutability="IMMUTABLE")
    push_image(alice, repository.address, "1")
    digest, answer = peer.image("1")
    assert (answer.status, why(answer)) == (400, "ImageTagAlreadyExists")
    assert not Image.objects.get(digest=digest).tags.exists()


def test_deletions_follow_for_what_came_from_there(peer: Peer, alice: Caller) -> None:
    """A tag and an image that the peer has brought; not what somebody has pushed or tagged here."""
    digest, _ = peer.image("1")
    address = addresses.private(ALICE_ACCOUNT, "team/app")
    own = push_image(alice, address, "own")

    def remove(**wanted: Any) -> Any:
        return peer("POST", "removals", json.dumps(wanted).encode()).json

    assert remove(digest=own.digest, tag="own") == {"untagged": False} and remove(digests=[own.digest]) == {
        "deleted": []
    }
    images.put(
        alice, address, Tag.parse("mine"), OCI_MANIFEST, bytes(Image.objects.get(digest=digest).manifest.content)
    )
    assert remove(digests=[digest]) == {"deleted": []}, "somebody has tagged it here"
    images.untag(alice, address, Tag.parse("mine"))
    assert remove(digest=digest, tag="1") == {"untagged": True}
    assert remove(digests=[digest]) == {"deleted": [digest]}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"[" * 100_000, b'{"digests": 5}', b'{"digests": []}', b'{"tag": 1}', b"\xff"]
)
def test_it_refuses_removals_that_are_none(peer: Peer, body: bytes) -> None:
    assert peer("POST", "removals", body).status == 400


def test_it_refuses_a_region_that_is_not_here(peer: Peer) -> None:
    target = f"/v2/_replication/{ALICE_ACCOUNT}.ap-south-1/team/app/blobs/uploads/?mount={DIGEST}"
    answer = Wire(f"Bearer {peer.token('POST', target)}").post(target)
    assert (answer.status, why(answer)) == (400, "InvalidValue")


def test_the_quota_of_the_destination_counts(peer: Peer, settings: Settings) -> None:
    peer.blob(CONTENT)
    settings.STORAGE_QUOTA_BYTES = 1
    answer = peer.blob(b"one more")
    assert (answer.status, why(answer)) == (403, "QuotaExceeded")


def test_trust_is_tried(peer: Peer) -> None:
    target = "/v2/_replication/"
    said = Wire(f"Bearer {peer.token('GET', target, sub='')}").get(target).json
    assert said == {"name": "there", "regions": ["us-east-1"], "accounts": [ALICE_ACCOUNT]}


def test_a_region_of_a_peer_is_one_for_rules(peer: Peer, alice: Caller) -> None:
    rule = {"destinations": [{"region": THERE, "registryId": ALICE_ACCOUNT}]}
    registries.put_replication(alice, RegistryId(ALICE_ACCOUNT, "us-east-1"), {"rules": [rule]})
    assert repositories.find(addresses.private(ALICE_ACCOUNT, "team/app")) is None
