"""Text of anybody, fit to be read: no control characters, none that turn the reading order, no end. Pure."""

import re
from typing import Any, Final

UNREADABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters except tab and line feed, marks that show a text in another order, halves of characters."""


def readable(value: Any, most: int) -> str:
    """Return a text with what can't be read replaced by U+FFFD, cut at `most` characters; "" for what is no text."""
    if not isinstance(value, str):
        return ""
    text = UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", value[: most + 1].replace("\r\n", "\n"))
    return text if len(text) <= most else f"{text[:most]}…"


def decoded(content: bytes, most: int) -> str:
    """Return bytes as text in UTF-8, readable and cut at `most` characters."""
    return readable(content[: most * 4].decode("utf-8-sig", "replace"), most)


def web_link(value: Any) -> str:
    """Return an address that a page may link to, or nothing."""
    text = value.strip() if isinstance(value, str) else ""
    return text if re.fullmatch(r"https?://[^\s/\\][^\s\\]{0,1000}", text) and not UNREADABLE.search(text) else ""
