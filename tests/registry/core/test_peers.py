"""Peers are added with what can't be wrong, and the key of this deployment stays what it is."""

from io import StringIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from accounts import sealing
from accounts.caller import Caller, Staff
from accounts.directory import resealing
from accounts.errors import CredentialsInvalid
from accounts.models import AuditEvent
from registry.core import peer_tokens, peers, registries
from registry.errors import InvalidRegion, InvalidValue, PeerAlreadyExists, PeerChanged, PeerNotFound
from registry.models import Peer, PeeringKey
from registry.values import RegistryId
from tests.registry.peering import public_text

STAFF = Staff("staff@example.com")
ACCOUNT = "111122223333"


def fields(**changed: Any) -> dict[str, Any]:
    made = {
        "name": "there",
        "url": "https://there.example.com/",
        "regions": ["eu-west-1"],
        "account_ids": [ACCOUNT],
        "public_key": public_text(Ed25519PrivateKey.generate()),
    }
    return made | changed


def run(*words: str) -> str:
    """The command, and what it printed."""
    out = StringIO()
    call_command("peer", *words, stdout=out)
    return out.getvalue().strip()


def test_it_works(db: None) -> None:
    made = peers.add(STAFF, **fields())
    assert (made.url, made.created_by) == ("https://there.example.com", "staff@example.com")
    assert peers.regions() == ["us-east-1", "eu-west-1"] and peers.serving("eu-west-1") == made
    assert peers.serving("us-east-1") is None and peers.serving("ap-south-1") is None
    peers.remove(STAFF, "there")
    assert not Peer.objects.exists()
    assert [each.event_name for each in AuditEvent.objects.order_by("event_time")] == ["CreatePeer", "DeletePeer"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "There"},
        {"name": ""},
        {"url": "ftp://there.example.com"},
        {"url": "https://there.example.com/path"},
        {"url": "https://there.example.com?x=1"},
        {"url": "https://user:word@there.example.com"},
        {"url": "https://"},
        {"url": "https://[x"},
        {"url": "https://there.example.com:99999"},
        {"url": f"https://{'x' * 300}.example.com"},
        {"regions": []},
        {"regions": ["Europe"]},
        {"regions": ["us-east-1"]},
        {"account_ids": ["1111"]},
        {"public_key": "short"},
        {"public_key": "_" * 43},
    ],
    ids=str,
)
def test_it_refuses(db: None, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        peers.add(STAFF, **fields(**wrong))
    assert not Peer.objects.exists()


def test_it_refuses_what_another_peer_has(db: None) -> None:
    first = fields()
    peers.add(STAFF, **first)
    for again in ({"regions": ["eu-north-1"]}, {"name": "other"}, {"name": "other", "regions": ["eu-north-1"]}):
        wanted = first | again if "public_key" not in again and len(again) == 2 else fields(**again)
        with pytest.raises(PeerAlreadyExists):
            peers.add(STAFF, **wanted)
    with pytest.raises(InvalidValue):
        peers.add(STAFF, **fields(name="me", regions=["eu-north-1"], public_key=peers.own_public_key()))


def test_what_is_listed_is_changed(db: None) -> None:
    first = fields()
    made = peers.add(STAFF, **first)
    was = peers.facts(made)
    wanted: dict[str, Any] = {
        "url": "https://new.example.com",
        "regions": ["eu-north-1"],
        "account_ids": [],
        "public_key": made.public_key,
    }
    assert peers.facts(peers.change(STAFF, "there", **wanted, instead_of=was)) == wanted
    assert peers.regions() == ["us-east-1", "eu-north-1"]
    assert AuditEvent.objects.order_by("event_time").values_list("event_name", flat=True).last() == "UpdatePeer"
    with pytest.raises(PeerChanged):
        peers.change(STAFF, "there", **wanted | {"regions": ["ap-south-1"]}, instead_of=was)
    with pytest.raises(PeerNotFound):
        peers.change(STAFF, "nobody", **wanted, instead_of=wanted)
    with pytest.raises(InvalidValue):
        peers.change(STAFF, "there", **wanted | {"regions": ["us-east-1"]}, instead_of=wanted)
    other = peers.add(STAFF, **fields(name="other"))
    for taken in ({"regions": other.regions}, {"public_key": other.public_key}):
        with pytest.raises(PeerAlreadyExists):
            peers.change(STAFF, "there", **wanted | taken, instead_of=wanted)
    assert peers.facts(peers.get("there")) == wanted


def test_the_command_changes_what_is_given(db: None) -> None:
    first = fields()
    peers.add(STAFF, **first)
    was = peers.facts(peers.get("there"))
    for words, changed in (
        (("--url", "https://new.example.com"), {"url": "https://new.example.com"}),
        (("--region", "eu-north-1", "--region", "eu-west-1"), {"regions": ["eu-north-1", "eu-west-1"]}),
        (("--account", "444455556666"), {"account_ids": ["444455556666"]}),
        (("--no-account",), {"account_ids": []}),
        (("--key", "A" * 43), {"public_key": "A" * 43}),
    ):
        assert "there is changed" in run("change", "there", *words)
        was |= changed
        assert peers.facts(peers.get("there")) == was
    assert AuditEvent.objects.filter(event_name="UpdatePeer").count() == 5


def test_the_command_refuses_what_the_page_refuses(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    peers.add(STAFF, **fields())
    other = peers.add(STAFF, **fields(name="other", regions=["eu-north-1"]))
    was = peers.facts(peers.get("there"))
    for words, why in (
        (("there",), "Give what is to change"),
        (("nobody", "--no-account"), "There is no peer nobody"),
        (("there", "--url", "https://there.example.com/path"), "without a path"),
        (("there", "--region", "us-east-1"), "is a region of this deployment"),
        (("there", "--region", "eu-north-1"), "A peer has this already: eu-north-1"),
        (("there", "--account", "1"), "not a registry id"),
        (("there", "--key", other.public_key), "A peer has this already: key"),
        (("there", "--account", ACCOUNT, "--no-account"), "not allowed with"),
    ):
        with pytest.raises(CommandError, match=why):
            run("change", *words)
    facts = peers.facts

    def then_somebody_changes_it(peer: Peer) -> dict[str, Any]:
        read = facts(peer)
        Peer.objects.filter(id=peer.id).update(url="https://new.example.com")
        return read

    monkeypatch.setattr(peers, "facts", then_somebody_changes_it)
    with pytest.raises(CommandError, match="Somebody else has changed there meanwhile"):
        run("change", "there", "--no-account")
    monkeypatch.undo()
    assert peers.facts(peers.get("there")) == was | {"url": "https://new.example.com"}, "what somebody else saved"


def test_rules_may_name_regions_of_peers_only(alice: Caller) -> None:
    registry, rule = (
        RegistryId(ACCOUNT, "us-east-1"),
        {"destinations": [{"region": "eu-west-1", "registryId": ACCOUNT}]},
    )
    with pytest.raises(InvalidRegion):
        registries.put_replication(alice, registry, {"rules": [rule]})
    peers.add(STAFF, **fields())
    registries.put_replication(alice, registry, {"rules": [rule]})


def test_the_key_is_sealed_and_stays(db: None) -> None:
    key = peers.own_public_key()
    assert peers.own_public_key() == key == public_text(peers.own_key())
    row = PeeringKey.objects.get()
    assert bytes(row.secret) != peers.own_key().private_bytes_raw() and sealing.is_present(bytes(row.secret))
    assert resealing.everything("session").unreadable == []
    assert peers.renew_key(STAFF) != key and PeeringKey.objects.count() == 1


def test_a_signature_is_for_one_peer(db: None) -> None:
    """What is signed for one peer is refused by another one that trusts the same key."""
    theirs = Ed25519PrivateKey.generate()
    peer = peers.add(STAFF, **fields(public_key=public_text(theirs)))
    token = peer_tokens.Signer(peer, RegistryId(ACCOUNT, "us-east-1")).sign("GET", "/v2/_replication/")
    assert ACCOUNT.encode() not in token.encode() and len(token) < 1000
    with pytest.raises(CredentialsInvalid):
        peer_tokens.verify(token, "GET", "/v2/_replication/")


def test_the_command(db: None) -> None:
    key = public_text(Ed25519PrivateKey.generate())
    assert run("key") == peers.own_public_key()
    words = ("--url", "https://127.0.0.1:1", "--region", "eu-west-1", f"--key={key}", "--account", ACCOUNT)
    assert run("add", "there", *words) == "there is a peer. Try it with: manage.py peer check there"
    assert run("list") == f"there  https://127.0.0.1:1  eu-west-1  speaks for {ACCOUNT}"
    with pytest.raises(CommandError, match="private network, which KHO_OUTBOUND_NETWORKS does not name"):
        run("check", "there")
    with pytest.raises(CommandError, match="A peer has this already"):
        run("add", "there", *words)
    with pytest.raises(CommandError, match="is not a region such as"):
        run("add", "other", "--url", "https://other.example.com", "--region", "Mars", f"--key={key}")
    assert run("remove", "there") == "there is no peer any more. What was copied stays."
    with pytest.raises(CommandError, match="There is no peer there"):
        run("remove", "there")
    assert run("new-key") == peers.own_public_key()


def test_a_key_is_never_taken_for_an_option() -> None:
    assert not any(peers._made()[1].startswith("-") for _ in range(500))
