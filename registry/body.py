"""The bytes of a request as a stream. Django's own `request.body` knows no chunked bodies, and holds all in memory."""

import re
from collections.abc import Iterator
from typing import Final

from django.http import HttpRequest

from registry.errors import InvalidValue

BLOCK: Final = 256 * 1024
"""Bytes read or sent at once: the web server keeps some of them, so this bounds its memory (ADR 0001)."""

LARGEST_DRAIN: Final = 8 * 1024 * 1024
"""Bytes of a refused request that are read all the same."""


class Body:
    """Yields the request's bytes once, as they come. OSError if the client goes and the server notices."""

    def __init__(self, request: HttpRequest) -> None:
        self._meta = request.META
        self._taken = 0
        self._ended = False

    @property
    def length(self) -> int | None:
        """How many bytes the client promised, None if it sends chunks. InvalidValue if it is no number."""
        if "chunked" in self._meta.get("HTTP_TRANSFER_ENCODING", "").lower():
            return None
        raw = self._meta.get("CONTENT_LENGTH") or "0"
        if not re.fullmatch(r"[0-9]{1,18}", raw, re.ASCII):
            raise InvalidValue(raw, "is not a Content-Length")
        return int(raw)

    def __iter__(self) -> Iterator[bytes]:
        length = self.length
        while not self._ended:
            wanted = BLOCK if length is None else min(BLOCK, length - self._taken)
            block = self._meta["wsgi.input"].read(wanted) if wanted else b""
            self._taken += len(block)
            self._ended = not block
            if block:
                yield block

    def drain(self) -> None:
        """Read and forget the rest of a request that was refused, up to a limit.

        A client that is still sending might see the connection reset instead of the answer. One that waits to be told
        to go on (Expect: 100-continue) is left to read the answer.
        """
        if "HTTP_EXPECT" in self._meta:
            return
        left = LARGEST_DRAIN
        try:
            for block in self:
                left -= len(block)
                if left <= 0:
                    return
        except (OSError, InvalidValue):
            return  # nobody is there to read the answer, or nobody can tell where the request ends
