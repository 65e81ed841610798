"""What requests and responses say in their headers and parameters: ranges, pages, how long an answer may be kept."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from django.http import HttpRequest, HttpResponse

from registry.errors import InvalidValue, UploadOutOfOrder

UPLOAD_ID: Final = "Docker-Upload-UUID"
CONTENT_DIGEST: Final = "Docker-Content-Digest"
UPLOAD_OFFSET: Final = "Upload-Offset"
"""How many bytes of an upload are there; unlike Range it has a word for none. Between deployments only."""
ERROR: Final = "Kho-Error"
"""The name of an error, as the status of a replication has it; HEAD has no body for it. Between deployments only."""
EVERYWHERE: Final = {"Docker-Distribution-Api-Version": "registry/2.0", "X-Content-Type-Options": "nosniff"}
"""What every answer carries. Pages may load scripts from this origin: what anybody pushed must not pass for one."""
PRIVATE: Final = "private, no-store"
REVALIDATE: Final = "public, no-cache"
SHORT: Final = "public, max-age=1"
"""Public content by digest never changes, but the right to it may end: caches ask again soon (ADR 0006)."""

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


def content_range(request: HttpRequest, upload_id: str, length: int | None) -> int | None:
    """Return where a chunk starts by its Content-Range (`<first>-<last>`), None if it has none.

    Raises UploadOutOfOrder (offset -1) if it can't be read or contradicts `length`, the Content-Length.
    """
    raw = request.headers.get("Content-Range")
    if raw is None:
        return None
    found = re.fullmatch(r"(?:bytes[ =])?([0-9]{1,18})-([0-9]{1,18})(?:/(?:[0-9]+|\*))?", raw.strip(), re.ASCII)
    if not found or int(found[2]) < int(found[1]):
        raise UploadOutOfOrder(upload_id, -1)
    if length is not None and int(found[2]) - int(found[1]) + 1 != length:
        raise UploadOutOfOrder(upload_id, -1)
    return int(found[1])


def blob_range(request: HttpRequest, etag: str, size: int) -> ByteRange | None:
    """Return the part that a Range header asks for; None for the whole: without one, or with several parts.

    With If-Range the part is only meant of the content that `etag` names. Raises RangeNotSatisfiable. RFC 9110,
    section 14.
    """
    raw = request.headers.get("Range", "").strip()
    found = re.fullmatch(r"bytes=\s*([0-9]{0,18})\s*-\s*([0-9]{0,18})\s*", raw, re.ASCII)
    if not found or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = found[1], found[2]
    if first:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    elif last:
        start, end = max(size - int(last), 0), size - 1
    else:
        return None
    if end < start:
        raise RangeNotSatisfiable(raw, size)
    return ByteRange(start, end - start + 1)


def show_progress(answer: HttpResponse, upload_id: str, offset: int) -> None:
    """Say which upload this is and which of its bytes are there; the protocol has no way to say none."""
    answer["Range"] = f"0-{max(offset - 1, 0)}"
    answer[UPLOAD_ID] = upload_id


def parameter(request: HttpRequest, name: str) -> str:
    """Return a parameter of the query, empty without it. InvalidValue for NUL, which PostgreSQL can't compare."""
    value = request.GET.get(name, "")
    if "\x00" in value:
        raise InvalidValue(value, f"is not a value of the parameter {name}")
    return value


def page_size(request: HttpRequest, largest: int = LARGEST_PAGE) -> int:
    """Return the parameter `n`, at most `largest` and that without it. InvalidPageSize."""
    raw = request.GET.get("n")
    if raw is None:
        return largest
    if not re.fullmatch(r"[0-9]{1,18}", raw, re.ASCII):
        raise InvalidPageSize(raw, "is not a number of entries")
    return min(int(raw), largest)


def next_link(request: HttpRequest, size: int, last: str) -> str:
    """The Link header that leads to the next page. RFC 8288."""
    others = {key: value for key, value in request.GET.items() if key not in {"n", "last"}}
    return f'<{quote(request.path)}?{urlencode({**others, "n": size, "last": last})}>; rel="next"'
