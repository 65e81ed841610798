"""Archives that are what they seem, and those that are not."""

import gzip
import io
import tarfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.content import archives
from registry.content.archives import ArchiveUnreadable, Problem


def packed(*entries: tuple[str, bytes], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    """A compressed archive of files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, link
            entry.size = len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def everything(path: str) -> bool:
    return True


def test_it_reads_files_below_the_first_folder() -> None:
    content = packed(("app/a", b"1"), ("app/b/c", b"2"), ("other/d", b"3"), ("app/a", b"4"))
    assert archives.files(content, everything) == {"a": b"4", "b/c": b"2"}
    assert archives.files(content, lambda path: path == "a") == {"a": b"4"}
    assert archives.files(packed(("./app/a", b"1")), everything) == {"a": b"1"}
    assert archives.files(packed(("app/" + "x" * 200, b"1")), everything) == {"x" * 200: b"1"}


@pytest.mark.parametrize(
    "name", ["app/../../etc/passwd", "app//x", "app/./x", "app/a\\b", "app/\x1b[1m", "/etc/passwd"]
)
def test_it_leaves_out_paths_that_lead_elsewhere(name: str) -> None:
    assert archives.files(packed(("app/ok", b"1"), (name, b"2")), everything) == {"ok": b"1"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_it_follows_no_link_and_opens_no_device(kind: bytes) -> None:
    assert archives.files(packed(("app/link", b""), kind=kind, link="/etc/passwd"), everything) == {}


def bomb() -> bytes:
    return packed(("app/zeros", bytes(archives.LARGEST_OUT + 1)))


def large_file() -> bytes:
    return packed(("app/large", bytes(archives.LARGEST_FILE + 1)))


def many() -> bytes:
    return packed(*((f"app/{number}", b"") for number in range(archives.MOST_MEMBERS + 1)))


def negative() -> bytes:
    """A header whose size is -512: older Pythons read it for ever."""
    plain = bytearray(gzip.decompress(packed(("app/a", b""))))
    plain[124:136] = b"\xff" * 10 + b"\xfe\x00"
    plain[148:156] = b" " * 8
    plain[148:156] = b"%06o\x00 " % sum(plain[:512])
    return gzip.compress(bytes(plain))


def digits() -> bytes:
    """A pax header of nothing but digits: Pythons before 3.11.10 look at each of them anew from each other one."""
    plain = bytearray(gzip.decompress(packed(("app/a", b"1" * 100_000))))
    plain[156:157] = b"x"
    plain[148:156] = b" " * 8
    plain[148:156] = b"%06o\x00 " % sum(plain[:512])
    return gzip.compress(bytes(plain))


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (bytes, Problem.NOT_GZIP),
        (lambda: b"PK\x03\x04", Problem.NOT_GZIP),
        (lambda: b"\x1f\x8bxxxxxxxxxxxxxxxx", Problem.NOT_GZIP),
        (lambda: gzip.compress(b"hello" * 1000), Problem.NOT_TAR),
        (lambda: packed(("app/a", b"x" * 5000))[:-20], Problem.NOT_TAR),
        (bomb, Problem.TOO_LARGE),
        (large_file, Problem.TOO_LARGE),
        (many, Problem.TOO_MANY),
        (negative, Problem.NOT_TAR),
        (digits, Problem.NOT_TAR),
    ],
)
def test_it_refuses_what_can_not_be_read(make: Callable[[], bytes], problem: Problem) -> None:
    with pytest.raises(ArchiveUnreadable) as caught:
        archives.files(make(), everything)
    assert caught.value.problem == problem


@given(st.binary(max_size=3000), st.integers(0, 600), st.booleans())
def test_any_bytes_are_read_or_refused(noise: bytes, at: int, compress: bool) -> None:
    plain = bytearray(gzip.decompress(packed(("app/Chart.yaml", b"name: x"))))
    plain[at : at + len(noise)] = noise
    try:
        archives.files(gzip.compress(bytes(plain)) if compress else b"\x1f\x8b" + noise, everything)
    except ArchiveUnreadable:
        return
