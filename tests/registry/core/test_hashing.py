"""The running SHA-256 and its saved states."""

import ctypes
import hashlib
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core import hashing
from registry.core.hashing import STATE_BYTES, RunningSha256

pieces = st.lists(st.binary(max_size=300), max_size=12)


@pytest.fixture
def without_libcrypto(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine where states can't be saved."""
    monkeypatch.setattr(hashing, "LIBCRYPTO", None)


def test_it_works_over_several_pieces() -> None:
    running = RunningSha256()
    for piece in (b"", b"kho", memoryview(b"registry")):
        running.update(piece)
    assert running.hexdigest() == hashlib.sha256(b"khoregistry").hexdigest()


def test_states_are_known_on_this_machine() -> None:
    assert hashing.LIBCRYPTO is not None
    assert len(RunningSha256().save()) == STATE_BYTES == 112


def test_hexdigest_may_be_asked_for_in_between() -> None:
    running = RunningSha256()
    running.update(b"a")
    assert running.hexdigest() == running.hexdigest() == hashlib.sha256(b"a").hexdigest()
    running.update(b"b")
    assert running.hexdigest() == hashlib.sha256(b"ab").hexdigest()


@given(pieces)
def test_it_continues_from_a_saved_state_anywhere(contents: list[bytes]) -> None:
    running = RunningSha256()
    for content in contents:
        again = RunningSha256.load(running.save())
        assert again is not None
        running = again
        running.update(content)
    assert running.hexdigest() == hashlib.sha256(b"".join(contents)).hexdigest()


def test_a_state_is_independent_of_what_follows() -> None:
    running = RunningSha256()
    running.update(b"first")
    state = running.save()
    running.update(b"second")
    again = RunningSha256.load(state)
    assert again is not None
    assert again.hexdigest() == hashlib.sha256(b"first").hexdigest()
    again.update(b"third")
    assert running.hexdigest() == hashlib.sha256(b"firstsecond").hexdigest()


def test_another_process_continues() -> None:
    content = os.urandom(1_000_003)
    running = RunningSha256()
    running.update(content)
    code = (
        "import sys; from registry.core.hashing import RunningSha256\n"
        f"running = RunningSha256.load(bytes.fromhex({running.save().hex()!r}))\n"
        "running.update(b'the end'); print(running.hexdigest())"
    )
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == hashlib.sha256(content + b"the end").hexdigest()


def test_lengths_beyond_32_bits_of_bits_are_kept() -> None:
    block = bytes(1 << 20)
    running, plain = RunningSha256(), hashlib.sha256()
    for _ in range(513):
        running.update(block)
        plain.update(block)
    again = RunningSha256.load(running.save())
    assert again is not None
    again.update(b"x")
    plain.update(b"x")
    assert again.hexdigest() == plain.hexdigest()


@pytest.mark.parametrize("state", [b"", b"x", bytes(STATE_BYTES), b"\xff" * STATE_BYTES, bytes(STATE_BYTES + 1)])
def test_it_refuses_what_is_no_state(state: bytes) -> None:
    assert RunningSha256.load(state) is None


def test_it_refuses_a_state_that_points_outside_of_its_buffer() -> None:
    running = RunningSha256()
    running.update(b"abc")
    state = bytearray(running.save())
    state[-8:-4] = (200).to_bytes(4, sys.byteorder)
    assert RunningSha256.load(bytes(state)) is None


@pytest.mark.usefixtures("without_libcrypto")
def test_without_libcrypto_it_hashes_and_knows_no_state() -> None:
    running = RunningSha256()
    running.update(b"kho")
    running.update(memoryview(b"!"))
    assert running.hexdigest() == hashlib.sha256(b"kho!").hexdigest()
    assert running.save() == b""


def test_without_libcrypto_a_state_from_elsewhere_is_not_continued(monkeypatch: pytest.MonkeyPatch) -> None:
    state = RunningSha256().save()
    monkeypatch.setattr(hashing, "LIBCRYPTO", None)
    assert RunningSha256.load(state) is None


def test_no_library_is_used_where_none_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hashing.find_library("win32") is None

    def refuse(*_: Any) -> None:
        raise OSError("no such library")

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    assert hashing.find_library() is None


class StrangeLibrary:
    """Computes the right digest, but not in the context that it is given."""

    def __init__(self, context: bytes) -> None:
        self.context = context

    def SHA256_Init(self, context: Any) -> None:  # noqa: N802 - the name is libcrypto's
        """Begin."""

    def SHA256_Update(self, context: Any, content: bytes, length: int) -> None:  # noqa: N802 - as above
        """Leave bytes in the context."""
        ctypes.memmove(context, self.context, len(self.context))

    def SHA256_Final(self, digest: Any, context: Any) -> None:  # noqa: N802 - as above
        """Return nothing of use."""


@pytest.mark.parametrize(
    "context", [bytes(STATE_BYTES), b"\x01" * (STATE_BYTES + 64), RunningSha256().save()], ids=["zero", "long", "fixed"]
)
def test_a_library_of_another_layout_is_not_used(context: bytes) -> None:
    assert not hashing.behaves(StrangeLibrary(context))
