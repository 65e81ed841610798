"""Programs made in memory."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from registry.content import programs

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
TEXTS = ["Hello\n", "Xin chào\n", "", "x" * programs.LONGEST]


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ARCHITECTURES,
    reason="programs are made for Linux on amd64 and arm64",
)
@pytest.mark.parametrize("text", TEXTS, ids=["plain", "vietnamese", "empty", "longest"])
def test_it_works_on_this_machine(tmp_path: Path, text: str) -> None:
    program = tmp_path / "hello"
    program.write_bytes(programs.printing(text, ARCHITECTURES[platform.machine()]))
    program.chmod(0o700)
    done = subprocess.run([program], capture_output=True, check=True)
    assert done.stdout == text.encode()
    assert done.stderr == b""


@pytest.mark.parametrize(("architecture", "machine"), [("amd64", 62), ("arm64", 183)])
def test_the_header_names_the_machine(architecture: str, machine: int) -> None:
    program = programs.printing("Hello\n", architecture)
    assert program.startswith(b"\x7fELF\x02\x01\x01")
    assert programs.HEADER.unpack_from(program)[2] == machine
    assert program.endswith(b"Hello\n")
    assert len(program) < 300


def test_the_code_for_arm64_reaches_its_text() -> None:
    # Run once under qemu-aarch64: printed the text, exit status 0. These are the bytes that did.
    code = programs.printing("Hi\n", "arm64")[programs.CODE_AT : -len("Hi\n")]
    words = ["200080d2", "e1000010", "620080d2", "080880d2", "010000d4", "000080d2", "a80b80d2", "010000d4"]
    assert code.hex() == "".join(words)


def test_it_refuses_a_text_that_is_too_long() -> None:
    with pytest.raises(ValueError, match="more than 65535 bytes"):
        programs.printing("x" * (programs.LONGEST + 1), "amd64")


def test_it_refuses_another_architecture() -> None:
    with pytest.raises(KeyError):
        programs.printing("Hello\n", "riscv64")
