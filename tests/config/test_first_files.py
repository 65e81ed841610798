"""Files of a first start: whole or not there, on every file system, whoever starts at the same time."""

import errno
import os
import threading
from pathlib import Path

import pytest

from config.first_files import WITHOUT_LINKS, make_once


def refuse_links(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let hard links fail as a file system without them does."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)


@pytest.fixture(params=["links", *(errno.errorcode[number] for number in WITHOUT_LINKS)])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system with hard links, and those without."""
    if request.param != "links":
        refuse_links(monkeypatch, getattr(errno, request.param))


@pytest.mark.usefixtures("file_system")
def test_it_works(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    assert make_once(path, lambda: b"first")
    assert not make_once(path, lambda: b"second")
    assert path.read_bytes() == b"first"
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert make_once(tmp_path / "folder" / "other", lambda: b"", 0o644)
    assert (tmp_path / "folder" / "other").stat().st_mode & 0o777 == 0o644
    assert sorted(each.name for each in path.parent.iterdir()) == ["file", "other"]


@pytest.mark.usefixtures("file_system")
def test_those_who_start_at_once_have_the_same(tmp_path: Path) -> None:
    start, made = threading.Barrier(8), list[bool]()

    def begin(number: int) -> None:
        def content() -> bytes:
            start.wait()  # all have seen that there is none
            return b"%d" % number

        made.append(make_once(tmp_path / "file", content))

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_other_errors_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_links(monkeypatch, errno.ENOSPC)
    with pytest.raises(OSError, match="No space left"):
        make_once(tmp_path / "file", lambda: b"content")
    assert list(tmp_path.iterdir()) == []
