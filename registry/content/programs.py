"""Makes Linux programs that print a text and end, so that an image made in memory can be run.

Executable and Linkable Format, 64 bits: one header, one segment, and a dozen instructions before the text.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Final

BASE: Final = 0x400000
"""Where the file is mapped."""

HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT: Final = struct.Struct("<IIQQQQQQ")
CODE_AT: Final = HEADER.size + SEGMENT.size
LONGEST: Final = 0xFFFF


def _amd64(length: int) -> bytes:
    """write(1, text, length); exit(0)."""
    return (
        b"\xb8\x01\x00\x00\x00"  # mov eax, 1 (write)
        b"\xbf\x01\x00\x00\x00"  # mov edi, 1
        b"\x48\x8d\x35\x10\x00\x00\x00"  # lea rsi, [rip + 16]: the text is 16 bytes behind this instruction
        b"\xba%b"  # mov edx, length
        b"\x0f\x05"  # syscall
        b"\xb8\x3c\x00\x00\x00"  # mov eax, 60 (exit)
        b"\x31\xff"  # xor edi, edi
        b"\x0f\x05"  # syscall
    ) % struct.pack("<I", length)


def _arm64(length: int) -> bytes:
    """write(1, text, length); exit(0)."""
    return struct.pack(
        "<8I",
        0xD2800020,  # mov x0, 1
        0x100000E1,  # adr x1, 28 bytes ahead: the text
        0xD2800002 | length << 5,  # mov x2, length
        0xD2800808,  # mov x8, 64 (write)
        0xD4000001,  # svc 0
        0xD2800000,  # mov x0, 0
        0xD2800BA8,  # mov x8, 93 (exit)
        0xD4000001,  # svc 0
    )


MACHINES: Final[Mapping[str, tuple[int, Callable[[int], bytes]]]] = {"amd64": (62, _amd64), "arm64": (183, _arm64)}
"""By architecture as images name it: the machine's number in the header, and its code for a text of some bytes."""


def printing(text: str, architecture: str) -> bytes:
    """Return a program for `amd64` or `arm64` that prints `text`, at most 65,535 bytes of UTF-8."""
    number, code_for = MACHINES[architecture]
    data = text.encode()
    if len(data) > LONGEST:
        raise ValueError(f"the text has more than {LONGEST} bytes")
    body = code_for(len(data)) + data
    size = CODE_AT + len(body)
    magic = b"\x7fELF\x02\x01\x01"  # 64 bits, little-endian, version 1
    header = HEADER.pack(magic, 2, number, 1, BASE + CODE_AT, HEADER.size, 0, 0, HEADER.size, SEGMENT.size, 1, 0, 0, 0)
    segment = SEGMENT.pack(1, 5, 0, BASE, BASE, size, size, 0x10000)  # loaded, readable and executable
    return header + segment + body
