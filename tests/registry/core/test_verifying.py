"""What the comparison of database and storage finds, what reading finds, and the command that prints it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts.caller import Caller
from registry import storage
from registry.core import tasks, uploads, verifying
from registry.core.collecting import runs, store
from registry.core.verifying import Finding, Problem, Throttle
from registry.errors import StorageUnavailable
from registry.models import Blob, CollectionRun
from registry.storage import paths
from registry.storage.filesystem import FilesystemDriver
from registry.values import Address
from tests.factories.registry import push_blob


def verify(*arguments: str) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command("verify_storage", *arguments, stdout=out)
    return out.getvalue()


def spoil(blob: Blob) -> None:
    """Replace a blob's bytes by others of the same length."""
    driver = storage.default()
    assert isinstance(driver, FilesystemDriver)
    paths.blob(driver.root, blob.storage_key).write_bytes(bytes(blob.size))


@pytest.fixture
def blob(alice: Caller, address: Address) -> Blob:
    """A stored blob."""
    push_blob(alice, address, b"hello")
    return Blob.objects.get()


def test_it_works(blob: Blob) -> None:
    """Everything whole."""
    assert list(verifying.compare()) == []
    said = verify()
    assert "Read 1 blobs, 5 bytes." in said and "Every blob is stored whole." in said
    assert "Read" not in verify("--sizes-only")
    assert CollectionRun.objects.get().state == CollectionRun.State.DONE


@pytest.mark.parametrize("options", [(), ("--sizes-only",)])
def test_it_finds_missing_bytes_and_marks_them(blob: Blob, options: tuple[str, ...]) -> None:
    """The command names the digest and fails; the blob counts as absent."""
    storage.default().delete(blob.storage_key)
    for _ in range(2):
        out = StringIO()
        with pytest.raises(CommandError, match="Damaged blobs: 1"):
            call_command("verify_storage", *options, stdout=out)
        assert out.getvalue().count(f"{blob.digest}: missing") == 1
    blob.refresh_from_db()
    assert blob.state == Blob.State.DAMAGED
    assert list(verifying.compare()) == [Finding(Problem.MISSING, blob.storage_key, blob.digest)]


def test_it_finds_bytes_that_are_cut_short(blob: Blob) -> None:
    """A size that differs is enough."""
    Blob.objects.update(size=6)
    assert list(verifying.compare()) == [Finding(Problem.CUT_SHORT, blob.storage_key, blob.digest)]


def test_reading_finds_other_bytes_and_what_is_whole_again(alice: Caller, address: Address, blob: Blob) -> None:
    """Their length is right, so nothing else finds them; the next push repairs them, and so does the right file."""
    spoil(blob)
    assert verify("--sizes-only")
    with pytest.raises(CommandError, match="Damaged blobs: 1"):
        verify()
    assert Blob.objects.get().state == Blob.State.DAMAGED
    push_blob(alice, address, b"hello")
    assert "whole" in verify()
    Blob.objects.update(state=Blob.State.DAMAGED)
    assert "Blobs that are whole again: 1." in verify()
    assert Blob.objects.get().state == Blob.State.LIVE


def test_reading_goes_on_where_it_stopped(alice: Caller, address: Address, settings: Settings) -> None:
    """A call that has no time left, or is killed, leaves the rest to the next one."""
    for number in range(5):
        push_blob(alice, address, b"%d" % number)
    first = verifying.read_all(seconds=-1)
    assert first is not None and not first.is_over and first.counts == {}
    held = runs.hold(first.id)
    assert held is not None and verifying.read_all() is None, "one at a time"
    ids = list(Blob.objects.order_by("id").values_list("id", flat=True))
    held.save(cursor=str(ids[2]), counts={"read": 3})
    held.release()
    settings.VERIFY_RATE = 1000
    tasks.verify_storage()
    run = CollectionRun.objects.get()
    assert run.is_over and run.counts == {"read": 5} and run.freed_bytes == 2


def test_the_task_is_off_by_default(blob: Blob) -> None:
    """Nothing is read."""
    tasks.verify_storage()
    assert not CollectionRun.objects.exists()


def test_a_throttle_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten MB at 50 MB a second are a fifth of a second; what was not used before is not saved up."""
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(verifying, "monotonic", lambda: now[0])
    monkeypatch.setattr(verifying, "sleep", sleep)
    throttle = Throttle(50_000_000)
    for _ in range(10):
        throttle.spend(1_000_000)
    assert sum(slept) == pytest.approx(0.2)
    now[0] += 3600
    for _ in range(100):
        throttle.spend(1_000_000)
    assert sum(slept) == pytest.approx(1.2, abs=0.05)


def test_a_storage_that_is_not_there_marks_nothing(
    alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many missing blobs at once are no damage."""
    for number in range(30):
        push_blob(alice, address, b"%d" % number)
    for each in list(storage.default().keys()):
        storage.default().delete(each.key)
    with pytest.raises(StorageUnavailable):
        list(verifying.compare())
    with pytest.raises(CommandError, match="can't be verified"):
        verify()
    assert not Blob.objects.exclude(state=Blob.State.LIVE).exists()
    run = verifying.read_all()
    assert run is not None and not run.is_over
    assert Blob.objects.exclude(state=Blob.State.LIVE).count() <= 10


def test_it_finds_objects_that_no_row_names(alice: Caller, address: Address, blob: Blob) -> None:
    """Those of an upload that is being finished are not among them, and what is not ours is left alone."""
    upload = uploads.start(alice, address)
    Blob.objects.all().delete()
    assert list(verifying.compare()) == [Finding(Problem.UNKNOWN, blob.storage_key)]
    assert f"{blob.storage_key}: not named by any row" in verify("--sizes-only")
    type(upload).objects.update(storage_key=blob.storage_key)
    assert list(verifying.compare()) == []


def test_blobs_under_collection_are_left_alone(blob: Blob) -> None:
    """Their bytes may be gone already."""
    storage.default().delete(blob.storage_key)
    Blob.objects.update(state=Blob.State.DELETING)
    assert list(verifying.compare()) == []
    assert "whole" in verify()


def test_pages_end_where_the_shorter_list_does(
    alice: Caller, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every blob and every object is looked at once, whatever lies between."""
    monkeypatch.setattr(store, "PAGE", 3)
    for number in range(10):
        push_blob(alice, address, b"%d" % number)
    keys = sorted(Blob.objects.values_list("storage_key", flat=True))
    Blob.objects.filter(storage_key__in=keys[2:6]).delete()
    for key in keys[7:9]:
        storage.default().delete(key)
    found = sorted((each.storage_key, each.problem) for each in verifying.compare())
    assert found == [(key, Problem.UNKNOWN) for key in keys[2:6]] + [(key, Problem.MISSING) for key in keys[7:9]]


@pytest.mark.parametrize("text", ["fast", "-1", "5XB/s", "1.5MB/s"])
def test_it_refuses_a_rate_that_is_none(db: None, text: str) -> None:
    """In a sentence."""
    with pytest.raises(CommandError, match="such as 50MB/s"):
        verify(f"--rate={text}")
