"""What requests and responses say in their headers: ranges, pages, lengths."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest

from registry.errors import InvalidValue, UploadOutOfOrder

UPLOAD_ID: Final = "Docker-Upload-UUID"
CONTENT_DIGEST: Final = "Docker-Content-Digest"
API_VERSION: Final = ("Docker-Distribution-Api-Version", "registry/2.0")
PRIVATE: Final = "private, no-store"
REVALIDATE: Final = "public, no-cache"
SHORT: Final = "public, max-age=5"
"""Public content by digest never changes, but the right to it may end: nobody keeps it for longer than 5 seconds."""

LARGEST_PAGE: Final = 1000


class InvalidPageSize(InvalidValue):
    """The parameter `n` is no number of entries."""


class RangeNotSatisfiable(InvalidValue):
    """A Range that lies outside of the blob."""

    def __init__(self, value: str, size: int) -> None:
        super().__init__(value, f"is outside of the blob's {size} bytes")
        self.size = size


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A part of a blob; `length` bytes from `start`."""

    start: int
    length: int


def content_length(request: HttpRequest) -> int | None:
    """Return how many bytes the client promised, None if it sends chunks. InvalidValue if it is no number."""
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        return None
    raw = request.META.get("CONTENT_LENGTH") or "0"
    if not re.fullmatch(r"[0-9]{1,19}", raw):
        raise InvalidValue(raw, "is not a Content-Length")
    return int(raw)


def content_range(request: HttpRequest, upload_id: str, length: int | None) -> int | None:
    """Return where a chunk starts by its Content-Range (`<first>-<last>`), None if it has none.

    Raises UploadOutOfOrder (offset -1) if it can't be read or contradicts the Content-Length.
    """
    raw = request.headers.get("Content-Range")
    if raw is None:
        return None
    found = re.fullmatch(r"(?:bytes[ =])?([0-9]{1,19})-([0-9]{1,19})(?:/(?:[0-9]+|\*))?", raw.strip())
    if not found or (length is not None and int(found[2]) - int(found[1]) + 1 != length):
        raise UploadOutOfOrder(upload_id, -1)
    return int(found[1])


def blob_range(request: HttpRequest, size: int) -> ByteRange | None:
    """Return the part that a Range header asks for, None for the whole: without one, or with several parts.

    Raises RangeNotSatisfiable. RFC 9110, section 14.
    """
    raw = request.headers.get("Range", "").strip()
    found = re.fullmatch(r"bytes=\s*([0-9]{0,19})\s*-\s*([0-9]{0,19})\s*", raw)
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        start, last = size - length, size - 1
    else:
        start = int(found[1])
        last = min(int(found[2]), size - 1) if found[2] else size - 1
        if found[2] and int(found[2]) < start:
            return None
    if start >= size:
        raise RangeNotSatisfiable(raw, size)
    return ByteRange(start, last - start + 1)


def page_size(request: HttpRequest) -> int:
    """Return the parameter `n`, at most LARGEST_PAGE and that without it. InvalidPageSize."""
    raw = request.GET.get("n")
    if raw is None:
        return LARGEST_PAGE
    if not re.fullmatch(r"[0-9]{1,18}", raw):
        raise InvalidPageSize(raw, "is not a number of entries")
    return min(int(raw), LARGEST_PAGE)


def next_link(request: HttpRequest, size: int, last: str) -> str:
    """The Link header that leads to the next page. RFC 8288."""
    others = {key: value for key, value in request.GET.items() if key not in {"n", "last"}}
    return f'<{request.path}?{urlencode({**others, "n": size, "last": last})}>; rel="next"'
