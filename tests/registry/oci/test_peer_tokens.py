"""What a peer signs a request with, and what is no such thing."""

import json
import time
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts.caller import Caller, Staff
from registry.core import peers
from registry.models import Image, PeerToken, Upload
from tests.factories.registry import make_repository, push_image
from tests.registry.conftest import ALICE_ACCOUNT
from tests.registry.oci.test_peers import DIGEST, Peer, peer
from tests.registry.oci.wire import Wire

__all__ = ["peer"]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody else"},
        {"iss": "somebody else"},
        {"iss": "\ud800"},
        {"iss": "\0"},
        {"htm": "GET"},
        {"htu": "/v2/_replication/111122223333.us-east-1/team/other/blobs/uploads/"},
        {"exp": int(time.time()) + 100_000},
        {"iat": int(time.time()) - 1000, "exp": int(time.time()) - 940},
        {"iat": int(time.time()) + 1000, "exp": int(time.time()) + 1060},
        {"sub": "me"},
        {"sub": 5},
        {"jti": "x" * 65},
        {"jti": None},
        {"jti": "\ud800"},
        {"exp": float("inf")},
        {"iat": float("-inf")},
        {"exp": "soon"},
    ],
    ids=[
        "aud",
        "iss",
        "iss half",
        "iss NUL",
        "htm",
        "htu",
        "long",
        "past",
        "future",
        "sub",
        "sub number",
        "jti long",
        "no jti",
        "jti half",
        "endless",
        "ever",
        "soon",
    ],
)
def test_it_refuses_what_is_not_signed_for_this_request(peer: Peer, claims: dict[str, Any]) -> None:
    assert peer("POST", f"blobs/uploads/?mount={DIGEST}", **claims).status == 401
    assert not Upload.objects.exists()


def test_who_signed_at_another_time_is_told_so(peer: Peer) -> None:
    """It may be trusted, and its next request be good: clocks are set right, and proxies send things twice."""
    now = int(time.time())
    for begin in (now - 1000, now + 1000):
        answer = peer("POST", f"blobs/uploads/?mount={DIGEST}", iat=begin, exp=begin + 60)
        assert (answer.status, answer.headers["Kho-Error"]) == (401, "CredentialsExpired")
    digest, _ = peer.image("1")
    twice = [peer("PUT", f"manifests/{digest}", b"{}", jti="once") for _ in range(2)]
    assert [each.status for each in twice] == [400, 401] and twice[1].headers["Kho-Error"] == "CredentialsExpired"
    assert Peer()("POST", f"blobs/uploads/?mount={DIGEST}").headers["Kho-Error"] == "CredentialsInvalid"


def test_it_refuses_strangers_and_other_credentials(peer: Peer, alices: Wire) -> None:
    path = f"blobs/uploads/?mount={DIGEST}"
    target = f"/v2/_replication/{ALICE_ACCOUNT}.us-east-1/team/app/{path}"
    assert Peer()("POST", path).status == 401, "its key is of no peer"
    assert Wire().post(target).status == 401 and alices.post(target).status == 401
    forged = jwt.encode(
        jwt.decode(peer.token("POST", target), options={"verify_signature": False}), "", algorithm="none"
    )
    assert Wire(f"Bearer {forged}").post(target).status == 401
    peers.remove(Staff("staff@example.com"), "there")
    assert peer("POST", path).status == 401


def test_what_a_peer_signs_is_good_nowhere_else(peer: Peer, alice: Caller) -> None:
    image = push_image(alice, make_repository(alice, "team/app").address, "1")
    for method, target in (
        ("GET", f"/v2/{ALICE_ACCOUNT}/team/app/manifests/{image.digest}"),
        ("GET", f"/v2/_replication/{ALICE_ACCOUNT}.us-east-1/team/app/manifests/{image.digest}"),
        ("GET", f"/v2/_replication/{ALICE_ACCOUNT}.us-east-1/team/app/blobs/{DIGEST}"),
        ("GET", "/v2/_catalog"),
        ("DELETE", f"/v2/{ALICE_ACCOUNT}/team/app/manifests/{image.digest}"),
    ):
        assert Wire(f"Bearer {peer.token(method, target)}")(method, target).status in (401, 404, 405), target


def test_what_moves_tags_is_taken_once(peer: Peer) -> None:
    digest, _ = peer.image("1")
    target = f"/v2/_replication/{ALICE_ACCOUNT}.us-east-1/team/app/manifests/{digest}"
    wire = Wire(f"Bearer {peer.token('PUT', target)}")
    assert wire.put(target, b"{}").status == 400, "it is taken, and is no manifest of that digest"
    cache.clear()  # what Redis knew may be gone
    assert wire.put(target, b"{}").status == 401


def test_what_was_taken_is_forgotten_once_it_is_good_no_more(peer: Peer) -> None:
    digest, _ = peer.image("1")
    assert peer("PUT", f"manifests/{digest}", b"{}").status == 400
    PeerToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert peer("PUT", f"manifests/{digest}", b"{}").status == 400
    assert PeerToken.objects.count() == 1


def test_a_list_is_the_one_that_was_signed(peer: Peer) -> None:
    digest, _ = peer.image("1")
    other = json.dumps({"digests": [digest]}).encode()
    for path in ("removals", "blobs/missing"):
        for claims in ({"bsh": sha256(b"another").hexdigest()}, {"bsh": ""}, {"bsh": 5}, {"bsh": "\ud800"}):
            assert peer("POST", path, other, **claims).status == 401, path
    assert Image.objects.filter(digest=digest, deleted_at=None).exists()
