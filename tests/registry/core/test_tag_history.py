"""The history of tags: pages, filters, sizes, and where tags can be put back to."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from accounts.models import AuditEvent, OutboxRow
from registry.core import image_tags, images, repositories, tag_history
from registry.errors import ImageNotFound, ImageTagAlreadyExists, InvalidValue
from registry.models import ImageTag, TagEvent
from registry.values import Address, Digest
from registry.values import ImageTag as Tag
from tests.factories.registry import push_image


def test_history_page_by_page(alice: Caller, address: Address) -> None:
    for name in ("a", "b", "a"):
        push_image(alice, address, name)
    page = tag_history.tag_history(alice, address, limit=2)
    assert [(row.event.tag, row.event.kind) for row in page.rows] == [
        ("a", TagEvent.Kind.MOVED),
        ("b", TagEvent.Kind.CREATED),
    ]
    page = tag_history.tag_history(alice, address, after=page.next, limit=2)
    assert [row.event.tag for row in page.rows] == ["a"] and (page.next, page.total) == ("", 3)
    back = tag_history.tag_history(alice, address, before=page.previous, limit=2)
    assert [row.event.tag for row in back.rows] == ["a", "b"] and not back.previous
    assert tag_history.tag_history(alice, address, tag="b").total == 1
    assert len(tag_history.tag_history(alice, address, after="nonsense").rows) == 3


def test_events_are_filtered(alice: Caller, address: Address) -> None:
    for name in ("a", "b", "a"):
        push_image(alice, address, name)
    today = timezone.now().date()

    def total(**filters: object) -> int:
        return tag_history.tag_history(alice, address, **filters).total  # type: ignore[arg-type]

    assert total(kind="moved") == 1 and total(tag="B") == 1
    assert total(since=today, until=today) == 3
    assert total(since=today + timedelta(days=1)) == total(until=today - timedelta(days=1)) == 0
    assert total(since=date.min, until=date.max) == 3
    with pytest.raises(InvalidValue):
        tag_history.tag_history(alice, address, kind="lost")


def test_events_tell_how_the_size_changed_and_what_can_come_back(alice: Caller, address: Address) -> None:
    first = push_image(alice, address, "a", layers=[b"x"])
    second = push_image(alice, address, "a", layers=[b"x" * 101])
    moved, created = tag_history.tag_history(alice, address).rows
    assert (moved.change, created.change) == (100, None)
    assert (moved.earlier, created.earlier) == ("", first.digest)
    images.untag(alice, address, Tag("a"))
    deleted = tag_history.tag_history(alice, address).rows[0]
    assert deleted.earlier == second.digest
    images.delete(alice, address, Digest.parse(second.digest))
    assert tag_history.tag_history(alice, address).rows[0].earlier == ""


def test_a_tag_is_put_back(alice: Caller, address: Address) -> None:
    first = push_image(alice, address, "a")
    second = push_image(alice, address, "a")
    OutboxRow.objects.all().delete()
    assert image_tags.revert(alice, address, Tag("a"), Digest.parse(first.digest))
    assert not image_tags.revert(alice, address, Tag("a"), Digest.parse(first.digest)), "it is there already"
    assert ImageTag.objects.get(name="a").image == first
    plan = tag_history.reversion(alice, address, Tag("a"), Digest.parse(second.digest))
    assert (plan.now, plan.then, plan.is_immutable) == (first, second, False)
    event = tag_history.tag_history(alice, address).rows[0].event
    assert (event.kind, event.old_digest, event.new_digest) == (TagEvent.Kind.REVERTED, second.digest, first.digest)
    assert event.principal_arn == alice.principal_arn
    assert OutboxRow.objects.filter(event="ImagePushed", task="gallery.search.index.refresh").count() == 1
    assert AuditEvent.objects.filter(event_name="PutImage").count() == 3
    images.untag(alice, address, Tag("a"))
    assert image_tags.revert(alice, address, Tag("a"), Digest.parse(second.digest))
    assert ImageTag.objects.get(name="a").image == second
    assert tag_history.reversion(alice, address, Tag("b"), Digest.parse(first.digest)).now is None


def test_it_refuses_to_move_immutable_tags_and_to_find_what_is_gone(alice: Caller, address: Address) -> None:
    first = push_image(alice, address, "a")
    push_image(alice, address, "a")
    stranger = push_image(alice, address, "b")
    for digest in (stranger.digest, "sha256:" + "0" * 64):
        with pytest.raises(ImageNotFound):
            image_tags.revert(alice, address, Tag("a"), Digest.parse(digest))
    repositories.put_mutability(alice, address, "IMMUTABLE")
    assert tag_history.reversion(alice, address, Tag("a"), Digest.parse(first.digest)).is_immutable
    with pytest.raises(ImageTagAlreadyExists):
        image_tags.revert(alice, address, Tag("a"), Digest.parse(first.digest))
    images.delete(alice, address, Digest.parse(first.digest))
    for verb in (image_tags.revert, tag_history.reversion):
        with pytest.raises(ImageNotFound):
            verb(alice, address, Tag("a"), Digest.parse(first.digest))
    assert ImageTag.objects.get(name="a").image.digest != first.digest
    assert not TagEvent.objects.filter(kind=TagEvent.Kind.REVERTED).exists()


def test_it_refuses_strangers(alice: Caller, charlie: Caller, anonymous: Caller, address: Address) -> None:
    digest = Digest.parse(push_image(alice, address, "a").digest)
    for caller, error in ((charlie, AccessDenied), (anonymous, CredentialsMissing)):
        with pytest.raises(error):
            tag_history.tag_history(caller, address)
        with pytest.raises(error):
            tag_history.reversion(caller, address, Tag("a"), digest)
        with pytest.raises(error):
            image_tags.revert(caller, address, Tag("a"), digest)
