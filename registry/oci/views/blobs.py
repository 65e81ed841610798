"""`/v2/<name>/blobs/<digest>`: pulling and deleting blobs."""

from collections.abc import Iterator

import structlog
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from registry.core import blobs
from registry.core.blobs import OpenBlob
from registry.errors import StorageDamaged
from registry.oci import headers
from registry.oci.body import BLOCK
from registry.oci.headers import ByteRange
from registry.oci.views.base import RegistryView, empty
from registry.values import Digest

log = structlog.get_logger(__name__)


class Blocks:
    """A part of a blob in large blocks; the server closes it when the client has them or is gone."""

    def __init__(self, opened: OpenBlob, part: ByteRange) -> None:
        self._opened = opened
        self._left = part.length
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


class Blob(RegistryView):
    """A blob of a repository."""

    def head(self, request: Request, name: str, digest: str) -> HttpResponseBase:
        """Tell whether it is there, and how long it is."""
        address, parsed = self.address(name), Digest.parse(digest)
        blob = blobs.find(self.caller, address, parsed)
        answer = HttpResponse(content_type="application/octet-stream")
        answer["Content-Length"] = str(blob.size)
        return self._describe(answer, parsed, self.cache_control(address, by_digest=True))

    def get(self, request: Request, name: str, digest: str) -> HttpResponseBase:
        """Send it, or the part that Range asks for."""
        address, parsed = self.address(name), Digest.parse(digest)
        opened = blobs.open_for_reading(self.caller, address, parsed)
        try:
            answer = self._content(opened)
        except headers.RangeNotSatisfiable:
            opened.file.close()
            raise
        return self._describe(answer, parsed, self.cache_control(address, by_digest=True))

    def _content(self, opened: OpenBlob) -> HttpResponseBase:
        """Answer 200 or 206, or 304 if the client has it already."""
        asking, etag = self.context.request, f'"{opened.digest}"'
        if asking.headers.get("If-None-Match") == etag:
            opened.file.close()
            return empty(304)
        asked = headers.blob_range(asking, etag, opened.size)
        part = asked or ByteRange(0, opened.size)
        answer = StreamingHttpResponse(
            Blocks(opened, part), status=206 if asked else 200, content_type="application/octet-stream"
        )
        answer["Content-Length"] = str(part.length)
        if asked:
            answer["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{opened.size}"
        return answer

    @staticmethod
    def _describe(answer: HttpResponseBase, digest: Digest, cache_control: str) -> HttpResponseBase:
        """Add what GET and HEAD both say."""
        answer["Accept-Ranges"] = "bytes"
        answer["ETag"] = f'"{digest}"'
        answer["Cache-Control"] = cache_control
        answer[headers.CONTENT_DIGEST] = str(digest)
        return answer

    def delete(self, request: Request, name: str, digest: str) -> HttpResponse:
        """Take it out of the repository."""
        blobs.delete(self.caller, self.address(name), Digest.parse(digest))
        return empty(202)
