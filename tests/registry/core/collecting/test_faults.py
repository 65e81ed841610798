"""What a collection does where storage fails or somebody ends it."""

from typing import Any

import pytest
from django.core.management import CommandError
from django.utils import timezone

from accounts.caller import Caller
from registry import storage
from registry.core import blobs
from registry.core.collecting import blobs as blob_steps
from registry.core.collecting import collector, removal, runs
from registry.errors import StorageUnavailable
from registry.models import Blob, CollectionRun, Image
from registry.storage.filesystem import FilesystemDriver
from registry.values import Address, Digest
from tests.factories.registry import push_blob, push_image
from tests.registry.core.collecting.test_collector import DIGEST, HELLO, age, collect, command, garbage

__all__ = ["garbage"]


def test_missing_blobs_are_marked_so_that_the_next_push_heals(alice: Caller, address: Address) -> None:
    push_image(alice, address, "1", layers=[HELLO])
    blob = Blob.objects.get(digest=str(DIGEST))
    storage.default().delete(blob.storage_key)
    assert "would be marked" in command("--dry-run")
    assert Blob.objects.get(id=blob.id).state == Blob.State.LIVE
    assert "Blobs whose bytes are missing: 1." in command()
    assert Blob.objects.get(id=blob.id).state == Blob.State.DAMAGED
    push_blob(alice, address, HELLO)
    with blobs.open_for_reading(alice, address, DIGEST).file as file:
        assert file.read() == HELLO


def test_a_storage_that_is_not_mounted_marks_nothing(alice: Caller, address: Address) -> None:
    for number in range(30):
        push_blob(alice, address, b"%d" % number)
    for each in list(storage.default().keys()):
        storage.default().delete(each.key)
    with pytest.raises(CommandError, match="Problems: 1"):
        command()
    assert not Blob.objects.exclude(state=Blob.State.LIVE).exists()


def test_a_storage_that_fails_stops_nothing_else(
    alice: Caller, address: Address, garbage: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One blob whose bytes can't be removed now goes with the next pass; all others have gone."""
    age(days=8)
    stubborn = Blob.objects.get(digest=str(Digest.of(b"only here"))).storage_key
    delete = FilesystemDriver.delete

    def failing(driver: FilesystemDriver, key: str) -> None:
        if key == stubborn:
            raise StorageUnavailable("the disk is tired")
        delete(driver, key)

    with monkeypatch.context() as patch:
        patch.setattr(FilesystemDriver, "delete", failing)
        run = collector.collect(walks=True)
    assert run and run.state == CollectionRun.State.PARTIAL
    stubborn_id = Blob.objects.get(storage_key=stubborn).id
    assert run.problems == [f"blob {stubborn_id}: the disk is tired"]
    assert run.counts == {"images": 1, "manifests": 1, "links": 3, "blobs": 2, "uploads": 1}
    assert Blob.objects.get(storage_key=stubborn).state == Blob.State.DELETING
    assert collect() == {"blobs": 1}


def test_a_storage_that_is_away_ends_its_steps_only(
    alice: Caller, address: Address, garbage: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        push_blob(alice, address, b"%d" % number)
    age(days=8)

    def away(*_arguments: Any) -> Any:
        raise StorageUnavailable("no answer")

    for name in ("delete", "discard", "uploads", "keys", "size"):
        monkeypatch.setattr(FilesystemDriver, name, away)
    run = collector.collect(walks=True)
    assert run and run.counts == {"images": 1, "manifests": 1, "links": 33}
    assert run.problem_count < 20, "it gives up soon"
    monkeypatch.undo()
    assert collect()["blobs"] == 33


def test_a_pass_that_was_killed_is_gone_on_with(
    alice: Caller, address: Address, garbage: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes the lease once it has ended, and adds to the counts."""
    age(days=8)

    class Killed(BaseException):
        """What no handler catches."""

    def kill(*_arguments: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(removal, "remove_bytes", kill)
        patch.setattr(runs.Held, "release", lambda _held: None)  # a killed process releases nothing
        with pytest.raises(Killed):
            collector.collect(walks=True)
    run = CollectionRun.objects.get()
    assert run.step == "blobs" and run.counts == {"images": 1, "links": 3}
    assert collector.collect() is None, "its lease still counts"
    with pytest.raises(CommandError, match="under way") as busy:
        command()
    assert busy.value.returncode == 3
    CollectionRun.objects.update(leased_until=timezone.now())
    assert collect() == {"images": 1, "manifests": 1, "links": 3, "blobs": 3, "uploads": 1}
    assert CollectionRun.objects.get().id == run.id


def test_who_lost_the_lease_stops(garbage: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    age(days=8)
    look = blob_steps.links

    def taken_over(*arguments: Any) -> Any:
        CollectionRun.objects.update(token="another")
        return look(*arguments)

    monkeypatch.setitem(collector.STEPS, "links", taken_over)
    run = collector.collect(walks=True)
    assert run and not run.is_over
    assert Blob.objects.count() == 5, "the steps behind it were not done"
