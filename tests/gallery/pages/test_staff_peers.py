"""Staff join deployments on a page; strangers see nothing of it."""

import html
import json
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client

from accounts.models import AuditEvent, Person
from registry.core import peers
from registry.models import Peer
from tests.registry.peering import public_text

NEW = "/staff/peers/-/new"


@pytest.fixture
def boss(client: Client, db: None) -> Client:
    """The browser of a member of the staff."""
    client.force_login(Person.objects.create_user("boss@example.com", is_staff=True))
    return client


def given(**changed: str) -> dict[str, str]:
    made = {
        "name": "there",
        "url": "https://127.0.0.1:1",
        "regions": "eu-west-1, eu-north-1",
        "public_key": public_text(Ed25519PrivateKey.generate()),
        "account_ids": "111122223333\r\n444455556666\r\n",
    }
    return made | changed


def text_of(client: Client, path: str) -> str:
    return html.unescape(client.get(path).content.decode())


def test_it_works(boss: Client) -> None:
    assert "There are no peers" in text_of(boss, "/staff/peers")
    assert peers.own_public_key() in text_of(boss, NEW)
    assert boss.post(NEW, given())["Location"] == "/staff/peers"
    row = Peer.objects.get()
    assert (row.regions, row.account_ids) == (["eu-west-1", "eu-north-1"], ["111122223333", "444455556666"])
    assert row.created_by == "boss@example.com"
    shown = text_of(boss, "/staff/peers")
    assert "there is a peer." in shown and "https://127.0.0.1:1" in shown and "111122223333, 444455556666" in shown
    boss.post("/staff/peers/there/-/check")
    assert "which KHO_OUTBOUND_NETWORKS does not name" in text_of(boss, "/staff/peers")
    assert (
        "copies to eu-west-1, eu-north-1 fail" in text_of(boss, "/staff/peers/there/-/remove") and Peer.objects.exists()
    )
    assert boss.post("/staff/peers/there/-/remove").status_code == 302 and not Peer.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "A b"),
        ("url", "nowhere"),
        ("regions", "us-east-1"),
        ("public_key", "x"),
        ("account_ids", "12"),
        ("name", ""),
    ],
)
def test_it_refuses_with_the_field(boss: Client, field: str, value: str) -> None:
    answer = boss.post(NEW, given(**{field: value}))
    assert answer.status_code == 422 and not Peer.objects.exists()
    assert f'href="#id_{field}"' in answer.content.decode()


def test_it_refuses_a_region_that_another_has(boss: Client) -> None:
    boss.post(NEW, given())
    answer = boss.post(NEW, given(name="other"))
    assert answer.status_code == 422 and "Another peer has this name" in answer.content.decode()


class TestEditing:
    """What is listed for a peer is changed in the form for a new one."""

    PATH: Final = "/staff/peers/there/-/edit"

    @pytest.fixture
    def there(self, boss: Client) -> Peer:
        """A peer that was added on the page."""
        boss.post(NEW, given())
        return Peer.objects.get()

    def typed(self, peer: Peer, **changed: str) -> dict[str, str]:
        """What the page sends of a peer that is as it was shown."""
        listed = peers.facts(peer)
        shown = {"regions": ", ".join(peer.regions), "account_ids": "\r\n".join(peer.account_ids)}
        return listed | shown | {"was": json.dumps(listed, sort_keys=True)} | changed

    def test_it_works(self, boss: Client, there: Peer) -> None:
        assert self.PATH in text_of(boss, "/staff/peers")
        form = boss.get(self.PATH).context["form"]
        assert {name: form[name].value() for name in form.fields} == {
            "url": "https://127.0.0.1:1",
            "regions": "eu-west-1, eu-north-1",
            "public_key": there.public_key,
            "account_ids": "111122223333\n444455556666",
        }
        key = public_text(Ed25519PrivateKey.generate())
        wanted = {"url": "https://127.0.0.1:2/", "regions": "eu-north-1 ap-south-1", "public_key": key}
        answer = boss.post(self.PATH, self.typed(there, account_ids="111122223333", **wanted))
        assert answer.status_code == 302 and answer["Location"] == "/staff/peers"
        assert "What is listed for there is changed." in text_of(boss, "/staff/peers")
        row = Peer.objects.get()
        assert (row.id, row.name, row.created_at) == (there.id, "there", there.created_at)
        assert peers.facts(row) == {
            "url": "https://127.0.0.1:2",
            "regions": ["eu-north-1", "ap-south-1"],
            "account_ids": ["111122223333"],
            "public_key": key,
        }
        event = AuditEvent.objects.order_by("event_time").last()
        assert event is not None and event.event_name == "UpdatePeer" and key in json.dumps(event.details)
        assert boss.post(self.PATH, self.typed(row)).status_code == 302 and peers.facts(
            Peer.objects.get()
        ) == peers.facts(row)

    @pytest.mark.parametrize(
        ("field", "value"),
        [("url", "nowhere"), ("regions", "us-east-1"), ("regions", ""), ("public_key", "x"), ("account_ids", "12")],
    )
    def test_it_refuses_with_the_field(self, boss: Client, there: Peer, field: str, value: str) -> None:
        answer = boss.post(self.PATH, self.typed(there, **{field: value}))
        assert answer.status_code == 422 and f'href="#id_{field}"' in answer.content.decode()
        assert peers.facts(Peer.objects.get()) == peers.facts(there)

    @pytest.mark.parametrize("field", ["regions", "public_key"])
    def test_it_refuses_what_another_has(self, boss: Client, there: Peer, field: str) -> None:
        other = given(name="other", regions="ap-south-1")
        boss.post(NEW, other)
        answer = boss.post(self.PATH, self.typed(there, **{field: other[field]}))
        assert answer.status_code == 422 and "Another peer has this name" in answer.content.decode()
        assert peers.facts(Peer.objects.get(name="there")) == peers.facts(there)

    def test_it_refuses_to_overwrite_what_others_saved(self, boss: Client, there: Peer) -> None:
        mine = self.typed(there, account_ids="111122223333", url="https://127.0.0.1:3")
        assert boss.post(self.PATH, self.typed(there, url="https://127.0.0.1:2")).status_code == 302
        answer = boss.post(self.PATH, mine)
        shown = html.unescape(answer.content.decode())
        assert answer.status_code == 409 and "Somebody else has changed these settings" in shown
        assert "https://127.0.0.1:2" in shown and "https://127.0.0.1:3" in shown
        row = Peer.objects.get()
        assert row.url == "https://127.0.0.1:2" and len(row.account_ids) == 2
        was = json.dumps(peers.facts(row), sort_keys=True)
        assert boss.post(self.PATH, mine | {"was": was}).status_code == 302
        assert Peer.objects.get().url == "https://127.0.0.1:3"

    def test_it_refuses_at_the_same_moment_too(
        self, boss: Client, there: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Somebody else saves between the reading of what is listed and the writing."""
        change = peers.change

        def late(*args: Any, **kwargs: Any) -> Any:
            monkeypatch.setattr(peers, "change", change)
            Peer.objects.update(url="https://127.0.0.1:2")
            return change(*args, **kwargs)

        monkeypatch.setattr(peers, "change", late)
        answer = boss.post(self.PATH, self.typed(there, url="https://127.0.0.1:3"))
        assert answer.status_code == 409 and Peer.objects.get().url == "https://127.0.0.1:2"


def test_it_refuses_strangers(client: Client, db: None) -> None:
    client.force_login(Person.objects.create_user("somebody@example.com"))
    for path in ("/staff/peers", NEW, "/staff/peers/there/-/edit", "/staff/peers/there/-/remove"):
        assert client.get(path).status_code == 404
    assert client.post(NEW, given()).status_code == 404 and not Peer.objects.exists()
    assert client.post("/staff/peers/there/-/edit", given()).status_code == 404


def test_it_refuses_peers_that_are_not_there(boss: Client) -> None:
    assert boss.get("/staff/peers/nobody/-/remove").status_code == 404
    assert boss.get("/staff/peers/nobody/-/edit").status_code == 404
    assert boss.post("/staff/peers/nobody/-/edit", given()).status_code == 404
    assert boss.post("/staff/peers/nobody/-/check").status_code == 404
