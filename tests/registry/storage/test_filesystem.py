"""The filesystem driver: the suite of all drivers, real kills at every step, and errors of the operating system."""

import errno
import json
import os
import resource
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from registry import storage
from registry.errors import StorageDamaged, StorageFull, StorageUnavailable
from registry.storage.filesystem import FilesystemDriver
from tests.contracts.storage_driver import (
    BIG,
    BLOCK,
    StorageDriverContract,
    append,
    append_all,
    content_of,
    counting,
    new_claim,
    new_upload,
    store,
)

Failing = Callable[[str, int], AbstractContextManager[None]]


@pytest.fixture
def driver(tmp_path: Path) -> FilesystemDriver:
    """A driver with an empty folder that does not exist yet."""
    return FilesystemDriver(tmp_path / "deep" / "blobs")


@contextmanager
def file_size_limit() -> Iterator[None]:
    """Let no file of this process grow beyond a block, as a quota of the system would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (BLOCK, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """A block in which a call of the operating system fails with an error number."""

    @contextmanager
    def block(call: str, number: int) -> Iterator[None]:
        def fail(*_: Any, **__: Any) -> None:
            raise OSError(number, os.strerror(number))

        with monkeypatch.context() as patch:
            patch.setattr(os, call, fail)
            yield

    return block


def blob_path(driver: FilesystemDriver, key: str) -> Path:
    """The file of a blob."""
    return next((driver.root / "blobs").glob(f"*/{key}"))


class TestFilesystemDriver(StorageDriverContract):
    """The suite that every driver is put to."""

    @pytest.fixture
    def full_store(self) -> Callable[[], AbstractContextManager[None]]:
        """No file may grow beyond one block."""
        return file_size_limit

    @pytest.fixture
    def damage(self, driver: FilesystemDriver) -> Callable[[str, int], None]:
        """Cut the file, or remove it."""

        def cut(key: str, size: int) -> None:
            path = blob_path(driver, key)
            if size < 0:
                path.unlink()
            else:
                os.truncate(path, size)

        return cut


def test_the_settings_name_the_driver(settings: Settings, tmp_path: Path) -> None:
    settings.BLOB_ROOT = tmp_path / "here"
    storage.default.cache_clear()
    assert storage.default() is storage.default()
    store(storage.default(), b"x")
    assert (tmp_path / "here" / "blobs").is_dir()


def test_a_reader_keeps_its_bytes_when_the_blob_is_deleted(driver: FilesystemDriver) -> None:
    key = store(driver, BIG)
    with driver.open(key, len(BIG)).file as file:
        driver.delete(key)
        assert file.read() == BIG


def test_finish_repairs_a_blob_that_was_cut_under_its_key(driver: FilesystemDriver) -> None:
    upload, key = new_upload(), driver.new_key()
    driver.finish(upload, append(driver, upload, {}, BIG), key, len(BIG))
    os.truncate(blob_path(driver, key), 5)
    driver.finish(upload, append(driver, upload, {}, BIG), key, len(BIG))
    assert content_of(driver, key, len(BIG)) == BIG


def test_files_have_a_place_in_the_folder_and_no_address(driver: FilesystemDriver) -> None:
    key = store(driver, b"x")
    place = driver.relative_path(key)
    assert place is not None and (driver.root / place).read_bytes() == b"x"
    assert driver.url(key, seconds=60) is None


def test_the_check_writes_nothing_that_stays(driver: FilesystemDriver, failing: Failing) -> None:
    driver.check()
    assert list(driver.root.iterdir()) == []
    with failing("mkdir", errno.EACCES), pytest.raises(StorageUnavailable):
        FilesystemDriver(driver.root / "deeper").check()


# --- how files lie


def test_one_segment_becomes_the_blob_without_copying(driver: FilesystemDriver) -> None:
    upload, key = new_upload(), driver.new_key()
    state = append(driver, upload, {}, BIG)
    (segment,) = (driver.root / "uploads" / upload).iterdir()
    inode = segment.stat().st_ino
    driver.finish(upload, state, key, len(BIG))
    assert blob_path(driver, key).stat().st_ino == inode


def test_segments_lie_in_the_uploads_folder_by_claim_and_number(driver: FilesystemDriver) -> None:
    upload = new_upload()
    state: dict[str, Any] = {}
    for claim in ("aaaa", "bbbb"):
        with driver.open_segment(upload, state, claim) as segment:
            segment.write(b"x")
            state = segment.commit()
    assert sorted(path.name for path in (driver.root / "uploads" / upload).iterdir()) == ["aaaa-0", "bbbb-1"]


def test_a_claim_never_writes_into_a_file_that_is_there(driver: FilesystemDriver) -> None:
    upload = new_upload()
    with driver.open_segment(upload, {}, "aaaa") as segment:
        segment.write(b"first")
        state = segment.commit()
    with pytest.raises(StorageUnavailable):
        driver.open_segment(upload, {}, "aaaa")
    assert counting(driver, upload, state, 5) == b"first"


def test_files_and_folders_are_closed_to_strangers(driver: FilesystemDriver) -> None:
    key = store(driver, b"secret")
    path = blob_path(driver, key)
    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o007 == 0


def test_a_finished_upload_leaves_no_copies(driver: FilesystemDriver) -> None:
    upload, key = new_upload(), driver.new_key()
    state = append_all(driver, upload, [b"a", b"b"])
    driver.finish(upload, state, key, 2)
    assert not list((driver.root / "uploads" / upload).glob("joined-*"))
    driver.discard(upload, state)
    assert [path.name for path in driver.root.rglob("*") if path.is_file()] == [key]


# --- durability: what is synced before what


@pytest.mark.parametrize("pieces", [[b"one"], [b"tw", b"o"]], ids=["one", "several"])
def test_bytes_are_synced_before_they_are_visible_and_the_folder_after(
    driver: FilesystemDriver, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]
) -> None:
    steps: list[str] = []
    real_fsync, real_rename = os.fsync, os.rename

    def fsync(descriptor: int) -> None:
        steps.append("fsync " + Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        real_fsync(descriptor)

    def rename(source: Path, target: Path) -> None:
        steps.append("rename " + source.name)
        real_rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", rename)
    upload, key = new_upload(), driver.new_key()
    state = append_all(driver, upload, pieces)
    for name, _ in state["segments"]:
        assert steps.index("fsync " + name) < len(steps) - 1 - steps[::-1].index("fsync " + upload)
    driver.finish(upload, state, key, 3)
    renamed = next(step.removeprefix("rename ") for step in steps if step.startswith("rename "))
    moved = steps.index("rename " + renamed)
    assert steps.index("fsync " + renamed) < moved
    assert steps[moved + 1 :] == ["fsync " + key[:2]]
    assert "fsync blobs" in steps[:moved], "the new folder of the blob is durable too"


FINISH_AND_DIE = """
import json, os, signal, sys
from pathlib import Path
from registry.storage.filesystem import FilesystemDriver

root, upload, state, key, size, step = Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]), *sys.argv[4:]
left = int(step)
CALLS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}

def die_at_the_step(event, arguments):
    global left
    if event in CALLS and str(root) in str(arguments[0]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

driver = FilesystemDriver(root)
sys.addaudithook(die_at_the_step)
driver.finish(upload, state, key, int(size))
left = 10**9
"""


@pytest.mark.parametrize("pieces", [[BIG], [BIG, b"tail"]], ids=["one", "several"])
def test_a_kill_at_any_step_leaves_a_blob_whole_or_absent(driver: FilesystemDriver, pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    seen = set()
    for step in range(50):
        upload, key = new_upload(), driver.new_key()
        state = append_all(driver, upload, pieces)
        arguments = [str(driver.root), upload, json.dumps(state), key, str(len(whole)), str(step)]
        died = subprocess.run([sys.executable, "-c", FINISH_AND_DIE, *arguments], check=False).returncode
        assert driver.size(key) in (None, len(whole))
        seen.add(driver.size(key))
        driver.finish(upload, state, key, len(whole))
        assert content_of(driver, key, len(whole)) == whole
        driver.discard(upload, state)
        driver.delete(key)
        if not died:
            break
        assert died == -9
    else:
        pytest.fail("finish takes more steps than were tried")
    assert seen == {None, len(whole)}
    assert step >= 3
    assert not [path for path in driver.root.rglob("*") if path.is_file()]


# --- two requests finish one upload at once


@pytest.mark.parametrize("pieces", [[b"12345"], [b"123", b"45"]], ids=["one", "several"])
def test_a_second_finish_in_the_middle_of_the_first_does_no_harm(
    driver: FilesystemDriver, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]
) -> None:
    upload, key = new_upload(), driver.new_key()
    state = append_all(driver, upload, pieces)
    real_rename = os.rename

    def finish_elsewhere_first(source: Path, target: Path) -> None:
        monkeypatch.setattr(os, "rename", real_rename)
        driver.finish(upload, state, key, 5)
        driver.discard(upload, state)
        real_rename(source, target)

    monkeypatch.setattr(os, "rename", finish_elsewhere_first)
    driver.finish(upload, state, key, 5)
    assert content_of(driver, key, 5) == b"12345"


# --- errors of the operating system


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "open", "mkdir"])
def test_no_space_at_any_call_of_a_segment_is_storage_full(
    driver: FilesystemDriver, failing: Failing, call: str, number: int
) -> None:
    upload = new_upload()
    with failing(call, number), pytest.raises(StorageFull):
        append(driver, upload, {}, b"lost")
    assert not [path for path in driver.root.rglob("*") if path.is_file()]
    state = append(driver, upload, {}, b"kept")
    assert counting(driver, upload, state, 4) == b"kept"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "rename", "copy_file_range", "mkdir"])
def test_no_space_at_any_call_of_finish_is_storage_full(
    driver: FilesystemDriver, failing: Failing, call: str, number: int
) -> None:
    upload, key = new_upload(), driver.new_key()
    state = append_all(driver, upload, [b"12", b"345"])
    with failing(call, number), pytest.raises(StorageFull):
        driver.finish(upload, state, key, 5)
    assert driver.size(key) is None
    assert not list(driver.root.rglob("joined-*"))
    driver.finish(upload, state, key, 5)
    assert content_of(driver, key, 5) == b"12345"


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.EACCES, errno.ESTALE])
def test_other_errors_are_storage_unavailable(driver: FilesystemDriver, failing: Failing, number: int) -> None:
    upload, key = new_upload(), driver.new_key()
    state = append(driver, upload, {}, b"12345")
    with failing("fsync", number), pytest.raises(StorageUnavailable):
        append(driver, upload, state, b"more")
    with failing("rename", number), pytest.raises(StorageUnavailable):
        driver.finish(upload, state, key, 5)
    driver.finish(upload, state, key, 5)
    with failing("stat", number), pytest.raises(StorageUnavailable):
        driver.size(key)
    with failing("unlink", number), pytest.raises(StorageUnavailable):
        driver.delete(key)
    with failing("listdir", number), pytest.raises(StorageUnavailable):
        list(driver.keys())
    assert content_of(driver, key, 5) == b"12345"


def test_a_blob_folder_that_is_a_file_is_storage_unavailable(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("in the way")
    driver = FilesystemDriver(tmp_path)
    upload = new_upload()
    state = append(driver, upload, {}, b"x")
    with pytest.raises(StorageUnavailable):
        driver.finish(upload, state, driver.new_key(), 1)


@pytest.mark.parametrize("number", [errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL])
def test_bytes_are_copied_where_the_kernel_does_not(driver: FilesystemDriver, failing: Failing, number: int) -> None:
    with failing("copy_file_range", number):
        key = store(driver, BIG, b"tail")
    assert content_of(driver, key, len(BIG) + 4) == BIG + b"tail"


def test_bytes_are_copied_where_the_system_has_no_such_call(
    driver: FilesystemDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "copy_file_range")
    assert content_of(driver, store(driver, BIG, b"tail"), len(BIG) + 4) == BIG + b"tail"


@pytest.mark.parametrize("copying", [True, False], ids=["kernel", "blocks"])
@pytest.mark.parametrize("cut", [0, 1])
def test_segments_that_were_cut_are_refused(
    driver: FilesystemDriver, monkeypatch: pytest.MonkeyPatch, cut: int, *, copying: bool
) -> None:
    if not copying:
        monkeypatch.delattr(os, "copy_file_range")
    upload, key = new_upload(), driver.new_key()
    state = append_all(driver, upload, [b"123", b"45"])
    os.truncate(driver.root / "uploads" / upload / state["segments"][cut][0], 1)
    with pytest.raises(StorageDamaged):
        driver.finish(upload, state, key, 5)
    assert driver.size(key) is None
    assert not list(driver.root.rglob("joined-*"))


def test_a_write_that_fails_in_its_middle_leaves_nothing(driver: FilesystemDriver) -> None:
    upload = new_upload()
    with driver.open_segment(upload, {}, new_claim()) as segment, file_size_limit(), pytest.raises(StorageFull):
        segment.write(bytes(BLOCK - 10) + b"0123456789 too much")
    assert not [path for path in driver.root.rglob("*") if path.is_file()]


def test_keys_leaves_out_what_is_deleted_meanwhile(driver: FilesystemDriver) -> None:
    for key in ("aa1", "aa2", "aa3"):
        upload = new_upload()
        driver.finish(upload, append(driver, upload, {}, b"x"), key, 1)
    listing = driver.keys()
    first = next(listing)
    assert (first.key, first.size) == ("aa1", 1)
    driver.delete("aa2")
    assert [(each.key, each.size) for each in listing] == [("aa3", 1)]
    assert [each.key for each in driver.keys("aa1")] == ["aa3"]
    assert time.time() - first.written_at.timestamp() < 60
