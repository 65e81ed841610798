"""`/v2/<name>/blobs/<digest>`: pulling and deleting blobs."""

from collections.abc import Iterator
from typing import BinaryIO

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from registry.core import blobs
from registry.oci import headers
from registry.oci.headers import ByteRange
from registry.oci.views.base import BLOCK, RegistryView
from registry.values import Digest


class FileBlocks:
    """A part of a file in large blocks; the server closes it when the client has them or is gone."""

    def __init__(self, file: BinaryIO, part: ByteRange) -> None:
        self._file = file
        self._left = part.length
        file.seek(part.start)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = self._file.read(min(BLOCK, self._left)) if self._left else b""
        if not block:
            self.close()
            raise StopIteration
        self._left -= len(block)
        return block

    def close(self) -> None:
        """Give the file free."""
        self._file.close()


class Blob(RegistryView):
    """A blob of a repository."""

    def head(self, request: Request, name: str, digest: str) -> HttpResponse:
        """Tell whether it is there, and how long it is."""
        address, parsed = self.address(name), Digest.parse(digest)
        blob = blobs.find(self.caller, address, parsed)
        answer = HttpResponse(content_type="application/octet-stream")
        answer["Content-Length"] = str(blob.size)
        self._describe(answer, str(parsed), self.cache_control(address, by_digest=True))
        return answer

    def get(self, request: Request, name: str, digest: str) -> HttpResponseBase:
        """Send it, or the part that Range asks for."""
        address, parsed = self.address(name), Digest.parse(digest)
        opened = blobs.open_for_reading(self.caller, address, parsed)
        cache_control = self.cache_control(address, by_digest=True)
        if self.context.request.headers.get("If-None-Match") == f'"{parsed}"':
            opened.file.close()
            return self._describe(HttpResponse(status=304), str(parsed), cache_control)
        try:
            asked = headers.blob_range(self.context.request, opened.size)
        except headers.RangeNotSatisfiable:
            opened.file.close()
            raise
        part = asked or ByteRange(0, opened.size)
        answer = StreamingHttpResponse(
            FileBlocks(opened.file, part), status=206 if asked else 200, content_type="application/octet-stream"
        )
        answer["Content-Length"] = str(part.length)
        if asked:
            answer["Content-Range"] = f"bytes {part.start}-{part.start + part.length - 1}/{opened.size}"
        return self._describe(answer, str(parsed), cache_control)

    @staticmethod
    def _describe(answer: HttpResponseBase, digest: str, cache_control: str) -> HttpResponseBase:
        """Add what GET and HEAD both say."""
        answer["Accept-Ranges"] = "bytes"
        answer["ETag"] = f'"{digest}"'
        answer["Cache-Control"] = cache_control
        answer[headers.CONTENT_DIGEST] = digest
        return answer

    def delete(self, request: Request, name: str, digest: str) -> HttpResponse:
        """Take it out of the repository."""
        blobs.delete(self.caller, self.address(name), Digest.parse(digest))
        return HttpResponse(status=202)
