"""From the spool to pull counts, last pull times and audit events, each line once."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from accounts.audit import spool
from accounts.caller import Caller
from accounts.models import AuditEvent, OutboxRow
from registry.core import images
from registry.metering import drain as drain_module
from registry.metering import pulls
from registry.metering.drain import drain
from registry.models import Image, PullCount, Repository, SpoolFile
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import push_image, push_index

ONE = ImageTag("1")


@pytest.fixture
def image(alice: Caller, address: Address) -> Image:
    """A pushed image."""
    return push_image(alice, address, "1")


def digest_of(image: Image) -> Digest:
    """The image's digest as a value."""
    return Digest.parse(image.digest)


def counts() -> dict[str, int]:
    """Pulls by tag."""
    return dict(PullCount.objects.values_list("tag", "count"))


def test_it_works(alice: Caller, address: Address, image: Image, repository: Repository) -> None:
    """Two pulls by tag, one by digest: counted, timed, audited, announced once."""
    before = timezone.now()
    images.get(alice, address, ONE)
    images.get(alice, address, ONE)
    images.get(alice, address, digest_of(image))
    assert drain() == 3
    assert counts() == {"1": 2, "": 1}
    image.refresh_from_db()
    repository.refresh_from_db()
    assert image.pull_count == repository.pull_count == 3
    assert image.last_recorded_pull_time is not None and image.last_recorded_pull_time >= before
    event = AuditEvent.objects.filter(event_name="BatchGetImage").order_by("event_time").first()
    assert event is not None and event.read_only
    assert (event.principal_arn, event.source_ip, event.user_agent) == (
        alice.principal_arn,
        "192.0.2.1",
        "docker/28",
    )
    assert event.event_time < timezone.now() and event.details["imageTag"] == "1"
    assert OutboxRow.objects.filter(event="ImagesPulled").count() == 1
    assert drain() == 0
    assert counts() == {"1": 2, "": 1}


def test_a_head_is_no_pull_but_refreshes_the_time(alice: Caller, address: Address, image: Image) -> None:
    """Some nodes only ever ask by HEAD."""
    images.head(alice, address, ONE)
    drain()
    image.refresh_from_db()
    assert image.pull_count == 0 and image.last_recorded_pull_time is not None
    assert not AuditEvent.objects.filter(event_name="BatchGetImage").exists()


def test_a_head_names_the_tag_of_the_get_that_follows(
    alice: Caller, charlie: Caller, anonymous: Caller, public_address: Address
) -> None:
    """As containerd pulls; only for the same client, and only once."""
    image = push_image(alice, public_address, "1")
    images.head(anonymous, public_address, ONE)
    images.get(charlie, public_address, digest_of(image))
    drain()
    images.get(anonymous, public_address, digest_of(image))
    images.get(anonymous, public_address, digest_of(image))
    drain()
    assert counts() == {"": 2, "1": 1}


def test_a_head_names_the_tag_of_a_get_that_another_process_answered(
    alice: Caller, address: Address, image: Image
) -> None:
    """Web workers have a spool file each, and a client's requests go to any of them."""
    images.head(alice, address, ONE)
    [path] = spool.files()
    other = path.rename(path.with_name("zzzzzzzz-1-1.jsonl"))
    spool._open.clear()
    images.get(alice, address, digest_of(image))
    assert spool.files()[-1] == other
    assert drain() == 2
    assert counts() == {"1": 1}


def test_children_of_an_index_are_no_pulls(alice: Caller, address: Address, image: Image) -> None:
    """One pull of a multi-platform image is one pull, whatever the client fetches after it."""
    index = push_index(alice, address, "all", [image])
    images.get(alice, address, ImageTag("all"))
    images.get(alice, address, digest_of(image))
    drain()
    assert counts() == {"all": 1}
    image.refresh_from_db()
    index.refresh_from_db()
    assert (image.pull_count, index.pull_count) == (0, 1)
    assert image.last_recorded_pull_time is not None


def test_a_crash_neither_loses_nor_repeats_lines(
    alice: Caller, address: Address, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The offset is saved with the rows or not at all."""
    images.get(alice, address, ONE)

    def crash(repository: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("registry.metering.pulls.events.ImagesPulled", crash)
        with pytest.raises(KeyboardInterrupt):
            drain()
    assert counts() == {}
    assert drain() == 1
    assert counts() == {"1": 1}


def test_long_files_are_read_in_batches(
    alice: Caller, address: Address, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More lines than one transaction takes."""
    monkeypatch.setattr(drain_module, "BATCH", 2)
    for _ in range(5):
        images.get(alice, address, ONE)
    assert drain() == 5
    assert counts() == {"1": 5}


def test_files_of_dead_processes_are_adopted_and_removed(
    alice: Caller, address: Address, image: Image, data_folder: Path
) -> None:
    """Read to the end, then away, with their row."""
    images.get(alice, address, ONE)
    [path] = spool.files()
    dead = path.with_name("deadboot-1-1.jsonl")
    path.rename(dead)
    assert drain() == 1
    assert not dead.exists() and not SpoolFile.objects.exists()
    assert counts() == {"1": 1}


def test_pulls_of_what_is_gone_count_for_nobody(alice: Caller, address: Address, image: Image) -> None:
    """Rows that were purged meanwhile don't stop the drain; lines of unknown kinds neither."""
    images.get(alice, address, ONE)
    spool.write({"v": 2, "kind": "from the future"})
    Repository.objects.all().delete()
    assert drain() == 2
    assert counts() == {}


def test_heads_are_forgotten(alice: Caller, address: Address, image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute, and when there are too many."""
    images.head(alice, address, ONE)
    drain()
    monkeypatch.setattr(pulls, "HEAD_NAMES_TAG_FOR", timedelta(seconds=-1))
    images.get(alice, address, digest_of(image))
    drain()
    assert counts() == {"": 1}
    monkeypatch.setattr(pulls, "REMEMBERED_HEADS", 0)
    images.head(alice, address, ONE)
    drain()
    assert pulls._heads == {}


def test_lines_behind_unreadable_ones_are_not_lost(
    alice: Caller, address: Address, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that holds no record at all is not the end of a file."""
    monkeypatch.setattr(drain_module, "BATCH", 2)
    images.get(alice, address, ONE)
    [path] = spool.files()
    dead = path.with_name("deadboot-1-1.jsonl")
    dead.write_bytes(b"nonsense\n" * 5 + path.read_bytes())
    path.unlink()
    assert drain() == 1
    assert counts() == {"1": 1} and not dead.exists()
