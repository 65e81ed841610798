"""The cache of one machine: it counts what many count at once, and a full disk or a damaged file is no error."""

import errno
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from config.file_cache import FilesIfTheyFit


@pytest.fixture
def files(tmp_path: Path) -> FilesIfTheyFit:
    """The cache of a process that has just started."""
    return FilesIfTheyFit(str(tmp_path / "cache"), {})


def test_it_works(files: FilesIfTheyFit) -> None:
    assert files.add("one", 1) and not files.add("one", 2)
    files.set("two", [2])
    assert (files.get("one"), files.get("two"), files.get("three", "none")) == (1, [2], "none")
    assert files.incr("one") == 2
    assert files.delete("one") and not files.delete("one")
    with pytest.raises(ValueError, match="not found"):
        files.incr("one")


def test_what_is_counted_at_once_is_all_counted(tmp_path: Path) -> None:
    """Each in a cache of its own, as processes have."""
    caches = [FilesIfTheyFit(str(tmp_path / "cache"), {}) for _ in range(8)]
    start = threading.Barrier(len(caches))

    def count(files: FilesIfTheyFit) -> None:
        start.wait()
        for _ in range(25):
            files.add("count", 0)
            files.incr("count")

    threads = [threading.Thread(target=count, args=(files,)) for files in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert caches[0].get("count") == 200


def test_a_full_disk_remembers_nothing_more(files: FilesIfTheyFit, monkeypatch: pytest.MonkeyPatch) -> None:
    files.set("kept", 1)

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "mkstemp", full)
    files.set("new", 1)
    assert files.add("new", 1)
    assert files.incr("kept") == 2
    assert (files.get("kept"), files.get("new")) == (1, None)


@pytest.mark.parametrize("kept", [0, 3, 20, -2])
def test_a_damaged_file_is_forgotten(files: FilesIfTheyFit, tmp_path: Path, kept: int) -> None:
    """Cut off, as by a power cut."""
    files.set("one", "a text", timeout=None)
    [file] = (tmp_path / "cache").glob("*.djcache")
    file.write_bytes(file.read_bytes()[:kept])
    assert files.get("one", "none") == "none"
    files.set("one", "another")
    assert files.get("one") == "another"
