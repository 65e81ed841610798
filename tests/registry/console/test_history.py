"""The history in the console: who, and putting a tag back."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.caller import Caller
from accounts.directory import policies
from accounts.models import Principal
from registry.core import images, repositories
from registry.models import Image, ImageTag, TagEvent
from registry.values import Address, Digest
from registry.values import ImageTag as Tag
from tests.factories.registry import push_image
from tests.registry.console.test_console import PRIVATE, member, page

HISTORY = f"{PRIVATE}/team/app/-/history"
READ = """{"Version": "2012-10-17", "Statement":
{"Effect": "Allow", "Action": ["ecr:List*", "ecr:Describe*"], "Resource": "*"}}"""


@pytest.fixture
def ana(client: Client, alice: Caller) -> Client:
    """The browser of a member of Alice's account."""
    client.force_login(member(alice.account_id, "ana@example.com"))
    return client


def test_it_works_to_put_a_tag_back(ana: Client, alice: Caller, address: Address) -> None:
    first = push_image(alice, address, "1")
    second = push_image(alice, address, "1")
    text = page(ana, HISTORY)
    link = f"{HISTORY}/revert?tag=1&amp;digest={first.digest.replace(':', '%3A')}"
    assert alice.principal_arn in text and link in text and text.count("Revert to this") == 1
    text = page(ana, f"{HISTORY}/revert?tag=1&digest={first.digest}")
    assert second.digest[:19] in text and first.digest[:19] in text
    answer = ana.post(f"{HISTORY}/revert", {"tag": "1", "digest": first.digest}, follow=True)
    assert "The tag 1 is put back." in answer.content.decode()
    assert ImageTag.objects.get(name="1").image == first
    event = TagEvent.objects.get(kind="reverted")
    assert event.principal_arn.endswith("/Administrator/ana@example.com")
    assert "1 event" in page(ana, f"{HISTORY}?kind=reverted")


def test_it_refuses_immutable_tags_with_the_reason(ana: Client, alice: Caller, address: Address) -> None:
    first = push_image(alice, address, "1")
    second = push_image(alice, address, "1")
    repositories.put_mutability(alice, address, "IMMUTABLE")
    assert "is immutable" in page(ana, f"{HISTORY}/revert?tag=1&digest={first.digest}")
    answer = ana.post(f"{HISTORY}/revert", {"tag": "1", "digest": first.digest})
    assert answer.status_code == 409 and "is immutable" in answer.content.decode()
    assert ImageTag.objects.get(name="1").image == second


def test_it_refuses_images_that_are_gone(ana: Client, alice: Caller, address: Address) -> None:
    first = push_image(alice, address, "1")
    push_image(alice, address, "1")
    images.delete(alice, address, Digest.parse(first.digest))
    page(ana, f"{HISTORY}/revert?tag=1&digest={first.digest}", 404)
    answer = ana.post(f"{HISTORY}/revert", {"tag": "1", "digest": first.digest}, follow=True)
    assert "Nothing was changed." in answer.content.decode()
    for bad in ("", "?tag=1", "?tag=!&digest=x", f"?tag=1&digest=sha256:{'0' * 64}"):
        page(ana, f"{HISTORY}/revert{bad}", 404)


def test_it_refuses_what_would_be_one_image_too_many(
    ana: Client, alice: Caller, address: Address, settings: Settings
) -> None:
    """What was made here counts as soon as a tag names it."""
    first = push_image(alice, address, "1")
    second = push_image(alice, address, "1")
    images.untag(alice, address, Tag.parse("1"))
    Image.objects.filter(id=first.id).update(is_generated=True)
    settings.MAX_IMAGES = 1
    answer = ana.post(f"{HISTORY}/revert", {"tag": "1", "digest": first.digest}, follow=True)
    assert "Nothing was put back." in answer.content.decode() and not second.tags.exists()
    assert not ImageTag.objects.exists() and Image.objects.get(id=first.id).is_generated


def test_it_refuses_readers(client: Client, alice: Caller, address: Address) -> None:
    first = push_image(alice, address, "1")
    second = push_image(alice, address, "1")
    client.force_login(member(alice.account_id, "ana@example.com"))
    role = Principal.objects.get(name="Administrator")
    policies.detach(alice, role, policies.ADMINISTRATOR_ACCESS)
    policies.put_inline(alice, role, "read", READ)
    assert "Revert" not in page(client, HISTORY)
    page(client, f"{HISTORY}/revert?tag=1&digest={first.digest}", 403)
    assert client.post(f"{HISTORY}/revert", {"tag": "1", "digest": first.digest}).status_code == 403
    assert ImageTag.objects.get(name="1").image == second


def test_it_refuses_other_accounts(client: Client, alice: Caller, charlie: Caller, address: Address) -> None:
    digest = push_image(alice, address, "1").digest
    client.force_login(member(charlie.account_id, "chi@example.com"))
    page(client, HISTORY, 404)
    page(client, f"{HISTORY}/revert?tag=1&digest={digest}", 404)
    assert client.post(f"{HISTORY}/revert", {"tag": "1", "digest": digest}).status_code == 404
