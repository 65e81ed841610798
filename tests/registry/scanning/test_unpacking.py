"""Layers laid over each other, and layers that mean harm."""

import gzip
import io
import tracemalloc
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from registry.content.compressed import Budget, ContentDamaged, ContentRefused, Decompressed
from registry.content.tars import TarDamaged, TarStream
from registry.scanning.unpacking import Limits, Unreadable, unpack
from tests.registry.scanning.making import AMPLE, entry, header, layer, padded, tar, tree

STATUS = "var/lib/dpkg/status"


def found(folder: Path) -> dict[str, bytes]:
    """All files below a folder; nothing there may be anything else."""
    for place in folder.rglob("*"):
        assert not place.is_symlink() and (place.is_dir() or place.is_file())
    return {str(place.relative_to(folder)): place.read_bytes() for place in folder.rglob("*") if place.is_file()}


def test_it_works(tmp_path: Path) -> None:
    """Only what tells of packages is written, the upper layer's file is the one that counts, each knows its layer."""
    lower = tree({STATUS: "old", "etc/os-release": "ID=debian", "usr/bin/true": "#!", "home/notes.txt": "no"})
    upper = tree({f"./{STATUS}": "new", "app/x-1.dist-info/METADATA": "Name: x"})
    made = unpack([layer(lower, 1), layer(upper, 2)], tmp_path, AMPLE)
    assert found(tmp_path) == {
        STATUS: b"new",
        "etc/os-release": b"ID=debian",
        "app/x-1.dist-info/METADATA": b"Name: x",
    }
    assert made.layer_of[STATUS] == f"sha256:{2:064x}" and made.layer_of["etc/os-release"] == f"sha256:{1:064x}"


@pytest.mark.parametrize("packed", [bytes, gzip.compress, zstandard.compress])
def test_each_compression_is_told_by_its_bytes(tmp_path: Path, packed: type) -> None:
    assert unpack([layer(packed(tar(entry(STATUS, b"x"))))], tmp_path, AMPLE).layer_of.keys() == {STATUS}


def test_a_programs_file_is_kept_for_the_modules_in_it(tmp_path: Path) -> None:
    program, script = b"\x7fELF" + b"\0" * 300_000, b"#!/bin/sh\n" * 40_000
    entries = entry("bin/app", program, mode=0o755), entry("bin/run", script, mode=0o755), entry("bin/lib", program)
    unpack([layer(tar(*entries))], tmp_path, AMPLE)
    assert found(tmp_path) == {"bin/app": program}
    assert (tmp_path / "bin/app").stat().st_mode & 0o777 == 0o700, "Trivy reads no other"


def test_whiteouts_take_away_what_is_below_and_nothing_of_their_own_layer(tmp_path: Path) -> None:
    names = ("a-1.dist-info/METADATA", "b-1.dist-info/METADATA", "c/c-1.dist-info/METADATA")
    lower = tree(dict.fromkeys((*names, STATUS), "lower"))
    upper = tar(
        entry("c/d-1.dist-info/METADATA", b"upper"),
        entry("c/.wh..wh..opq"),
        entry(".wh.a-1.dist-info"),
        entry(f"{Path(STATUS).parent}/.wh.status"),
        entry("../.wh.b-1.dist-info"),
        entry(".wh..."),
    )
    unpack([layer(lower), layer(upper)], tmp_path, AMPLE)
    assert found(tmp_path) == {"b-1.dist-info/METADATA": b"lower", "c/d-1.dist-info/METADATA": b"upper"}


def test_a_file_takes_a_folders_place_and_the_other_way_round(tmp_path: Path) -> None:
    first = tree({"x.egg-info/PKG-INFO": "1", "y.egg-info": "1"})
    second = tree({"x.egg-info": "2", "y.egg-info/PKG-INFO": "2"})
    unpack([layer(first), layer(second)], tmp_path, AMPLE)
    assert found(tmp_path) == {"x.egg-info": b"2", "y.egg-info/PKG-INFO": b"2"}


def test_nothing_leads_out_of_the_folder(tmp_path: Path) -> None:
    """Upward paths are passed over, absolute ones are below the folder, links are neither made nor followed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "in"
    folder.mkdir()
    hostile = tar(
        entry("../outside/package.json", b"{}"),
        entry("a/../../outside/package.json", b"{}"),
        entry("/abs/package.json", b"{}"),
        entry("out", b"", b"2", target=str(outside)),
        entry("out/package.json", b"in the folder"),
        entry("package.json", b"", b"1", target="/etc/passwd"),
        entry("b/package.json", b"", b"1", target="../../outside/secret"),
        entry("var/lib/dpkg/status", b"", b"3"),
        entry("var/lib/dpkg/status.d/x", b"", b"6"),
        entry("etc/os-release", b"", b"2", target="/etc/passwd"),
    )
    unpack([layer(hostile)], folder, AMPLE)
    assert found(folder) == {"abs/package.json": b"{}", "out/package.json": b"in the folder"}
    assert list(outside.iterdir()) == []


def test_a_second_name_of_a_wanted_file_is_a_file_of_its_own(tmp_path: Path) -> None:
    first, second = "x/a.dist-info/METADATA", "y/a.dist-info/METADATA"
    content = tar(entry(first, b"m"), entry(second, b"", b"1", target=first))
    unpack([layer(content)], tmp_path, AMPLE)
    assert found(tmp_path) == {first: b"m", second: b"m"}


def test_sparse_files_are_passed_over_with_all_their_pieces(tmp_path: Path) -> None:
    """Old GNU ones with blocks of their own behind the header, and those that pax headers tell of."""
    old = bytearray(header(STATUS, 512, b"S"))
    old[482] = 1
    old[148:156] = b"%06o\0 " % (sum(old[:148]) + 256 + sum(old[156:]))
    extended = b"\0" * 504 + b"\1" + b"\0" * 7
    last = b"\0" * 512
    record = b"22 GNU.sparse.major=1\n"
    pax = entry("pax", record, b"x")
    content = (
        bytes(old)
        + extended
        + last
        + padded(b"x" * 512)
        + pax
        + entry(STATUS, b"map and data")
        + entry("package.json", b"{}")
    )
    made = unpack([layer(tar(content))], tmp_path, AMPLE)
    assert found(tmp_path) == {"package.json": b"{}"} and made.skipped == 2


def test_it_refuses_bombs(tmp_path: Path) -> None:
    """By bytes that come out, by ratio, by the number of entries, by what would be written."""
    zeros = gzip.compress(tar(header("home/zeros", 300 << 20) + b"\0" * (300 << 20)), 1)
    with pytest.raises(Unreadable, match="more bytes than are read"):
        unpack([layer(zeros)], tmp_path, Limits(100 << 20, 1000, 60, 1000))
    source = Decompressed(io.BytesIO(zeros), Budget(1 << 40, 1, 60, most_ratio=100))
    with pytest.raises(ContentRefused, match="times its size"):
        list(iter(lambda: source.read(1 << 20), b""))
    many = gzip.compress(b"".join(entry(f"d/{number}") for number in range(2000)))
    with pytest.raises(Unreadable, match="more files than are read"):
        unpack([layer(many)], tmp_path, Limits(1 << 30, 1999, 60, 1000))
    with pytest.raises(Unreadable, match="lists of packages are larger"):
        unpack([layer(tar(entry(STATUS, b"x" * 2000)))], tmp_path, Limits(1 << 30, 10, 60, 1000))
    with pytest.raises(Unreadable, match="could not be read in time"):
        unpack([layer(tar(entry("a", b"x" * 2000)))], tmp_path, Limits(1 << 30, 10, -1, 1000))


def test_a_hundred_thousand_files_are_read(tmp_path: Path) -> None:
    many = gzip.compress(b"".join(entry(f"d/{number}") for number in range(100_000)) + tar(entry(STATUS, b"x")), 1)
    assert unpack([layer(many)], tmp_path, AMPLE).layer_of.keys() == {STATUS}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no tar at all, but more than nothing" * 40, "checksum|octal"),
        (gzip.compress(tar(entry(STATUS, b"x" * 5000)))[:80], "damaged or cut short"),
        (zstandard.compress(tar(entry(STATUS, bytes(range(256)) * 400)))[:200], "ends in the middle|cut short"),
        (tar(entry(STATUS, b"x" * 5000))[:2000], "ends in the middle of a file"),
        (entry(STATUS)[:100], "ends in the middle of a header"),
        (b"BZh91AY&SY" + b"x" * 100, "bzip2"),
        (b"\xfd7zXZ\0" + b"x" * 100, "xz"),
        (tar(header("x", 2 << 20, b"x") + b"\0" * (2 << 20)), "header of more than"),
        (tar(entry("x", b"nonsense", b"x")), "pax header that is none"),
        (tar(entry("x", b"99 path=short\n", b"x")), "pax header that is none"),
        (tar(entry("x", b"11 size=-1\n", b"x"), entry("y")), "size that is no number"),
    ],
    ids=["text", "gzip", "zstd", "file", "end", "bzip2", "xz", "header", "no pax", "short pax", "size"],
)
def test_it_refuses_what_is_no_layer_and_says_why(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        unpack([layer(content)], tmp_path, AMPLE)


def test_it_refuses_an_encrypted_layer(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="is encrypted"):
        unpack([layer(tar(), media_type="application/vnd.oci.image.layer.v1.tar+gzip+encrypted")], tmp_path, AMPLE)


@given(st.binary(max_size=3000), st.booleans())
def test_any_bytes_are_read_or_refused(content: bytes, compressed: bool) -> None:
    """Never another error, never without an end."""
    file = io.BytesIO(gzip.compress(content) if compressed else content)
    try:
        for _ in TarStream(Decompressed(file, Budget(10**6, 9, 9))):
            pass
    except (TarDamaged, ContentDamaged, ContentRefused):
        return


@given(st.integers(0, 511), st.integers(0, 255))
def test_a_header_with_any_byte_changed_is_read_or_refused(position: int, byte: int) -> None:
    block = bytearray(header("a/b", 10))
    block[position] = byte
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + 256 + sum(block[156:]))
    stream = TarStream(io.BytesIO(bytes(block) + padded(b"0123456789") + b"\0" * 1024))
    try:
        assert len(list(stream)) <= 2
    except TarDamaged:
        return


def test_headers_that_say_ever_more_of_the_next_entry_take_no_memory() -> None:
    """Each names another key, and none of them is one that is used; no entry ever ends the row."""
    value = b"a" * 500_000
    records = (b"%d %s=%s\n" % (len(value) + 16, b"k%06d" % number, value) for number in range(40))
    stream = b"".join(header("x", len(each), b"x") + padded(each) for each in records) + entry(STATUS, b"x")
    tracemalloc.start()
    try:
        assert [each.path for each in TarStream(io.BytesIO(stream))] == [STATUS]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


def test_folders_and_empty_files_take_room_too(tmp_path: Path) -> None:
    """Entries of no bytes in folders as deep as a path may be would fill a disk's table of files."""
    deep = "/".join("d" * 40)
    entries = [entry(f"{number}/{deep}/package.json") for number in range(20)]
    with pytest.raises(Unreadable, match="larger than what is read"):
        unpack([layer(tar(*entries))], tmp_path, Limits(1 << 30, 1000, 60, 4096 * 600))
    assert sum(1 for _ in tmp_path.rglob("*")) <= 600
    (tmp_path / "again").mkdir()
    unpack([layer(tar(*entries))], tmp_path / "again", Limits(1 << 30, 1000, 60, 4096 * 20 * 42))
