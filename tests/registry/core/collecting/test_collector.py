"""What a pass of the collector removes, and what it leaves: grace, undelete window, shared blobs, what fails."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from accounts.caller import Caller, Staff
from accounts.models import OutboxRow
from registry import storage
from registry.core import blobs, image_rows, images, repositories, tasks, uploads
from registry.core.collecting import blobs as blob_steps
from registry.core.collecting import collector, removal, runs
from registry.core.collecting import images as image_steps
from registry.errors import BlobNotFound, LayersNotFound
from registry.models import (
    Blob,
    BlobLink,
    CollectionRun,
    Image,
    ImageBlob,
    LifecycleClock,
    Manifest,
    Repository,
    TagEvent,
    Upload,
)
from registry.storage.filesystem import FilesystemDriver
from registry.values import Address, Digest, ImageTag
from tests.factories.registry import make_public_repository, make_repository, push_blob, push_image

HELLO = b"hello"
DIGEST = Digest.of(HELLO)


def age(**spent: float) -> None:
    """Let so much time go by for everything that a pass looks at."""
    by = timedelta(**spent)
    Image.objects.exclude(deleted_at=None).update(deleted_at=F("deleted_at") - by)
    Repository.objects.exclude(deleted_at=None).update(deleted_at=F("deleted_at") - by)
    BlobLink.objects.update(keep_until=F("keep_until") - by)
    Upload.objects.update(touched_at=F("touched_at") - by)


def collect(**options: Any) -> dict[str, int]:
    """Do a pass that has no problems, and return what it counted."""
    run = collector.collect(walks=True, **options)
    assert run is not None and run.problem_count == 0, run and run.problems
    return dict(run.counts)


def snapshot() -> dict[str, list[Any]]:
    """All rows and objects that a pass may touch."""
    tables = (Blob, BlobLink, Image, ImageBlob, Manifest, Repository, TagEvent, Upload, CollectionRun)
    rows: dict[str, list[Any]] = {table.__name__: list(table.objects.order_by("pk").values()) for table in tables}
    return rows | {"keys": list(storage.default().keys()), "uploads": list(storage.default().uploads())}


def digests() -> set[str]:
    """The blobs that are there as rows."""
    return set(Blob.objects.values_list("digest", flat=True))


def command(*arguments: str) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command("collect_garbage", *arguments, stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def garbage(alice: Caller, address: Address) -> Image:
    """A deleted image with a layer of its own and one that another image shares; a blob without image; an upload."""
    gone = push_image(alice, address, "gone", layers=[b"only here", b"shared"])
    push_image(alice, address, "kept", layers=[b"shared"])
    images.delete(alice, address, Digest.parse(gone.digest))
    push_blob(alice, address, b"never used")
    upload = str(uploads.start(alice, address).id)
    uploads.append(alice, address, upload, [b"part"])
    return gone


def test_it_works(alice: Caller, address: Address, garbage: Image) -> None:
    assert collect() == {}, "everything has its time yet"
    age(days=8)
    counts = collect()
    assert counts == {"images": 1, "manifests": 1, "links": 3, "blobs": 3, "uploads": 1}
    assert str(Digest.of(b"shared")) in digests() and str(Digest.of(b"only here")) not in digests()
    assert not Upload.objects.exists() and not list(storage.default().uploads())
    stored = {each.key for each in list(storage.default().keys())}
    assert stored == set(Blob.objects.values_list("storage_key", flat=True))
    assert images.get(alice, address, ImageTag("kept"))
    assert not Image.objects.exclude(deleted_at=None).exists() and Manifest.objects.count() == 1
    assert TagEvent.objects.filter(tag="gone").exists(), "history stays"
    run = CollectionRun.objects.order_by("id").last()
    assert run and run.freed_bytes > 0 and run.finished_at and run.state == CollectionRun.State.DONE
    assert collect() == {}


def test_a_dry_run_says_exactly_what_goes_and_changes_nothing(garbage: Image) -> None:
    age(days=8)
    before = snapshot()
    said = command("--dry-run")
    assert snapshot() == before
    assert f"blobs: {Digest.of(b'only here')}" in said and str(Digest.of(b"shared")) not in said
    sentence = "1 deleted image, 1 manifest, 3 blobs of repositories that no image there needs, 3 blobs"
    assert f"This would remove {sentence}" in said
    dry = collector.survey()
    counts = collect()
    last = CollectionRun.objects.latest("id")
    assert dry.counts == counts and dry.freed_bytes == last.freed_bytes


def test_an_image_stays_as_long_as_it_may_be_brought_back(garbage: Image, settings: Settings) -> None:
    age(days=6)
    assert collect() == {"links": 1, "blobs": 1}, "the pushed blob that nothing used"
    assert Image.objects.filter(digest=garbage.digest).exists()
    settings.UNDELETE_SECONDS = 0
    assert collect()["images"] == 1


def test_blobs_of_an_image_have_their_grace_after_it_was_deleted(
    alice: Caller, address: Address, settings: Settings
) -> None:
    """A client was told just before that the layer is there."""
    image = push_image(alice, address, "1", layers=[HELLO])
    age(days=30)
    assert blobs.find(alice, address, DIGEST)
    images.delete(alice, address, Digest.parse(image.digest))
    settings.UNDELETE_SECONDS = 0
    assert collector.survey().counts == {"images": 1, "manifests": 1}
    assert collect() == {"images": 1, "manifests": 1}
    assert push_image(alice, address, "2", layers=[HELLO])


def test_asking_keeps_a_blob_and_silence_does_not(alice: Caller, address: Address) -> None:
    push_blob(alice, address, HELLO)
    for _ in range(3):
        age(hours=23)
        assert blobs.find(alice, address, DIGEST)
        assert collect() == {}
    age(hours=25)
    assert collect() == {"links": 1, "blobs": 1}
    with pytest.raises(BlobNotFound):
        blobs.find(alice, address, DIGEST)


def test_each_repository_has_its_own_grace(alice: Caller, charlie: Caller, address: Address) -> None:
    """What an image elsewhere needs goes from a repository that does not, and a HEAD there keeps it."""
    push_image(alice, address, "1", layers=[HELLO])
    other, third = make_repository(alice, "other").address, make_repository(charlie, "third").address
    assert blobs.mount(alice, other, DIGEST, address)
    push_blob(charlie, third, HELLO)
    age(hours=25)
    assert blobs.find(charlie, third, DIGEST)
    assert collect() == {"links": 1}
    assert blobs.find(charlie, third, DIGEST) and blobs.find(alice, address, DIGEST)
    with pytest.raises(BlobNotFound):
        blobs.find(alice, other, DIGEST)
    assert len(list(storage.default().keys())) == Blob.objects.count()


def test_a_shorter_grace_can_be_asked_for(alice: Caller, address: Address) -> None:
    push_blob(alice, address, HELLO)
    assert "nothing to remove" in command("--dry-run", "--grace", "3600")
    assert "Removed 1 blob of a repository that no image there needs and 1 blob" in command("--grace", "0", "-v", "2")
    assert not Blob.objects.exists()
    with pytest.raises(CommandError, match="0 or more"):
        command("--grace", "-1")


def test_deleted_repositories_go_with_all_that_is_in_them(alice: Caller, address: Address) -> None:
    """A public one leaves its row, since its name is answered "gone" for ever."""
    public = make_public_repository(alice, "shown").address
    for place in (address, public):
        push_image(alice, place, "1", layers=[b"a layer", b"another"])
        uploads.start(alice, place)
        repositories.delete(alice, place, force=True)
    assert collect() == {}
    age(days=6)
    assert collect() == {}
    age(days=2)
    counts = collector.survey().counts
    assert collect() == counts == {
        "images": 2, "manifests": 2, "links": 6, "blobs": 4, "uploads": 2, "repositories": 1,
    }  # fmt: skip
    assert list(Repository.objects.values_list("name", flat=True)) == ["shown"]
    assert repositories.was_ever(public)
    assert not Blob.objects.exists() and not list(storage.default().keys())


def test_it_leaves_what_was_brought_back_or_used_meanwhile(
    alice: Caller, address: Address, garbage: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the first look and the lock, an image is undeleted, a blob is asked for, another one gets its image."""
    age(days=8)
    push_blob(alice, address, HELLO)
    BlobLink.objects.filter(blob__digest=str(DIGEST)).update(keep_until=timezone.now() - timedelta(days=1))
    purge, unlink = image_steps._purge, blob_steps._unlink

    def undelete_first(*arguments: Any) -> None:
        Image.objects.filter(id=garbage.id).update(deleted_at=None)
        purge(*arguments)

    def use_first(*arguments: Any) -> Any:
        assert blobs.find(alice, address, Digest.of(b"never used"))
        push_image(alice, address, "new", layers=[HELLO])
        return unlink(*arguments)

    monkeypatch.setattr(image_steps, "_purge", undelete_first)
    monkeypatch.setattr(blob_steps, "_unlink", use_first)
    assert collect() == {"uploads": 1}
    assert Image.objects.get(id=garbage.id).blobs.count() == 3


def test_a_blob_that_is_linked_after_the_first_look_is_not_marked(
    alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    push_blob(alice, address, HELLO)
    BlobLink.objects.all().delete()
    mark = removal.mark

    def push_first(ids: Any) -> Any:
        push_blob(alice, address, HELLO)
        return mark(ids)

    monkeypatch.setattr(removal, "mark", push_first)
    assert collect() == {}
    assert blobs.find(alice, address, DIGEST)


def test_a_manifest_is_refused_when_collection_has_taken_its_blob_meanwhile(
    alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the look-up, before the lock: the link goes although the blob itself stays elsewhere."""
    push_image(alice, make_repository(alice, "other").address, "1", layers=[HELLO])
    require = image_rows.require_blobs

    def collect_then(*arguments: Any) -> Any:
        found = require(*arguments)
        BlobLink.objects.filter(blob__digest=str(DIGEST), repository__name="team/app").delete()
        return found

    monkeypatch.setattr(image_rows, "require_blobs", collect_then)
    with pytest.raises(LayersNotFound):
        push_image(alice, address, "1", layers=[HELLO])
    assert not Image.objects.filter(repository__name="team/app").exists()


def test_objects_that_no_row_names_go_once_they_are_old(alice: Caller, address: Address) -> None:
    """A crash left them. What is not ours by its name stays."""
    push_blob(alice, address, HELLO)
    Blob.objects.all().delete()
    driver = storage.default()
    assert isinstance(driver, FilesystemDriver)
    foreign = driver.root / "blobs" / "lo" / "lost"
    foreign.parent.mkdir()
    foreign.write_text("not ours")
    assert collect() == {}
    assert collector.survey(grace=0).counts == {"orphans": 1}
    assert len(list(driver.keys())) == 2
    assert collect(grace=0) == {"orphans": 1}
    assert [each.key for each in list(driver.keys())] == ["lost"]


def test_a_person_asks_and_workers_do_it_bit_by_bit(garbage: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    age(days=8)
    staff = Staff("staff@example.com")
    dry, real = runs.ask(runs.Kind.DRY, staff), runs.ask(runs.Kind.COLLECT, staff)
    assert runs.ask(runs.Kind.DRY, staff).id == dry.id, "one at a time"
    monkeypatch.setattr(collector, "SECONDS", 0.0)
    turns = 0
    while row := OutboxRow.objects.filter(event="CollectionAsked").first():
        collector.asked(row.payload)
        row.delete()
        turns += 1
    assert turns > 2
    dry.refresh_from_db()
    real.refresh_from_db()
    assert dry.is_over and real.is_over and dry.counts == real.counts
    assert dry.asked_by == "staff@example.com"
    assert Blob.objects.count() == 2


def test_the_task_walks_the_storage_once_a_day_and_finishes_dry_runs(garbage: Image) -> None:
    dry = runs.ask(runs.Kind.DRY, Staff("staff@example.com"))
    for _ in range(2):
        tasks.collect_garbage()
    walked = CollectionRun.objects.filter(kind=runs.Kind.COLLECT).order_by("id").values_list("walks_storage", flat=True)
    assert list(walked) == [True, False]
    assert CollectionRun.objects.get(id=dry.id).is_over


def test_the_task_purges_nothing_while_the_clock_is_not_believed(alice: Caller, address: Address) -> None:
    """Else a clock that jumps by a month takes all that could be put back."""
    image = push_image(alice, address, "1")
    images.delete(alice, address, Digest.parse(image.digest))
    Image.objects.filter(id=image.id).update(deleted_at=timezone.now() - timedelta(days=8))
    LifecycleClock.objects.create(seen_at=timezone.now() - timedelta(days=7))
    tasks.collect_garbage()
    assert Image.objects.filter(id=image.id).exists()
    LifecycleClock.objects.update(seen_at=timezone.now())
    tasks.collect_garbage()
    assert not Image.objects.filter(id=image.id).exists()


def test_old_passes_are_forgotten(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "KEPT", 3)
    for _ in range(6):
        collector.collect(walks=False)
    assert CollectionRun.objects.count() == 3


def test_windows_and_batches_reach_every_row(
    alice: Caller, address: Address, garbage: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few rows a statement looks at."""
    monkeypatch.setattr("registry.core.collecting.sweep.WINDOW", 1)
    monkeypatch.setattr("registry.core.collecting.blobs.AT_ONCE", 1)
    monkeypatch.setattr("registry.core.collecting.store.PAGE", 1)
    age(days=8)
    counts = collector.survey().counts
    assert collect() == counts == {"images": 1, "manifests": 1, "links": 3, "blobs": 3, "uploads": 1}
