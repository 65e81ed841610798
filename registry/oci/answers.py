"""What a pull is answered, whoever sends it: the views, or the short way of hot reads. Status, headers, body."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import structlog

from accounts.caller import Caller
from registry.body import BLOCK
from registry.core import pulls
from registry.core.blobs import BlobElsewhere, BlobInFolder, Delivery, OpenBlob
from registry.core.reading import FoundBlob, FoundImage
from registry.errors import StorageDamaged
from registry.oci import headers
from registry.oci.headers import ByteRange
from registry.values import Address

log = structlog.get_logger(__name__)

OCTETS: Final = "application/octet-stream"
ACCEL: Final = "/_kho/"
"""Below this path the web server in front has BLOB_ROOT as an internal location."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `body` may have a `close` that gives a file free."""

    status: int
    headers: dict[str, str]
    body: Iterable[bytes] = ()


class Blocks:
    """A part of a blob in large blocks; the server closes it when the client has them or is gone."""

    def __init__(self, opened: OpenBlob, part: ByteRange) -> None:
        self._opened = opened
        self._left = part.length
        if part.start:
            opened.file.seek(part.start)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._left:
            raise StopIteration
        block = self._opened.file.read(min(BLOCK, self._left))
        if not block:
            # The headers are sent: only to break off tells the client that this is not the whole.
            log.error("stored blob was cut short while it was sent", digest=self._opened.digest, missing=self._left)
            raise StorageDamaged(self._opened.digest)
        self._left -= len(block)
        return block

    def close(self) -> None:
        """Give the file free."""
        self._opened.file.close()


def cache_control(caller: Caller, address: Address, *, by_digest: bool, is_restricted: bool = False) -> str:
    """How long others may keep what was sent; whoever signs in sees every change at once.

    What a policy may give to one and refuse to another (`is_restricted`) is nobody's but the reader's; and while pulls
    are counted, none may be answered by others.
    """
    if pulls.are_limited() or not address.is_public or not caller.is_anonymous or is_restricted:
        return headers.PRIVATE
    return headers.SHORT if by_digest else headers.REVALIDATE


def manifest(image: FoundImage, content: bytes | None, caching: str) -> Answer:
    """200 with the manifest's exact bytes; None for HEAD."""
    described = {
        "Content-Type": image.media_type,
        "Content-Length": str(image.manifest_size),
        headers.CONTENT_DIGEST: image.digest,
        "ETag": f'"{image.digest}"',
        "Cache-Control": caching,
        **headers.EVERYWHERE,
    }
    return Answer(200, described, () if content is None else (content,))


def blob_described(found: FoundBlob, caching: str) -> Answer:
    """200 for HEAD. Always answered here: a signed address for GET refuses HEAD."""
    return Answer(200, _describe(found.digest, caching) | {"Content-Length": str(found.size)})


def blob_unchanged(delivery: Delivery, caching: str) -> Answer:
    """304: the client has it already."""
    return Answer(304, _describe(delivery.digest, caching))


def blob(delivery: Delivery, caching: str, part: ByteRange | None = None) -> Answer:
    """200 or 206 with the bytes, or where they are to be had: a redirect, or word to the web server in front.

    Whoever sends the bytes in the end looks at the Range by itself.
    """
    described = _describe(delivery.digest, caching)
    match delivery:
        case BlobElsewhere():
            described |= {"Location": delivery.url, "Content-Length": "0", "Cache-Control": headers.PRIVATE}
            return Answer(307, described)
        case BlobInFolder():
            # The web server sets the length of what it sends.
            return Answer(200, described | {"X-Accel-Redirect": ACCEL + delivery.path})
        case OpenBlob():
            return _sent(delivery, described, part)


def _sent(opened: OpenBlob, described: dict[str, str], part: ByteRange | None) -> Answer:
    whole = ByteRange(0, opened.size)
    described["Content-Length"] = str((part or whole).length)
    if part is None:
        return Answer(200, described, Blocks(opened, whole))
    described["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{opened.size}"
    return Answer(206, described, Blocks(opened, part))


def _describe(digest: str, caching: str) -> dict[str, str]:
    """What every answer about a blob carries."""
    return {
        "Content-Type": OCTETS,
        "Accept-Ranges": "bytes",
        "ETag": f'"{digest}"',
        "Cache-Control": caching,
        headers.CONTENT_DIGEST: digest,
        **headers.EVERYWHERE,
    }
