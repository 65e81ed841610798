"""`/v2/<name>/blobs/<digest>`: pulling and deleting blobs."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from registry.core import blobs, layers
from registry.core.blobs import Delivery, OpenBlob
from registry.core.reading import FoundBlob
from registry.oci import answers, headers
from registry.oci.headers import ByteRange
from registry.oci.views.base import RegistryView, empty, respond
from registry.values import Address, Digest


class Blob(RegistryView):
    """A blob of a repository."""

    def head(self, request: Request, name: str, digest: str) -> HttpResponseBase:
        """Tell whether it is there, and how long it is."""
        address, parsed = self.address(name), Digest.parse(digest)
        found = blobs.find(self.caller, address, parsed)
        return respond(answers.blob_described(found, self._caching(address, found)))

    def get(self, request: Request, name: str, digest: str) -> HttpResponseBase:
        """Send it, or the part that Range asks for, or 304 if the client has it already."""
        address, parsed = self.address(name), Digest.parse(digest)
        found = blobs.readable(self.caller, address, parsed)
        delivery, caching = blobs.delivery_of(found), self._caching(address, found)
        if self.context.request.headers.get("If-None-Match") == f'"{delivery.digest}"':
            _close(delivery)
            return respond(answers.blob_unchanged(delivery, caching))
        return respond(answers.blob(delivery, caching, part_of(self.context.request, delivery)))

    def _caching(self, address: Address, found: FoundBlob) -> str:
        return self.cache_control(address, by_digest=True, is_restricted=found.is_restricted)

    def delete(self, request: Request, name: str, digest: str) -> HttpResponse:
        """Take it out of the repository."""
        blobs.delete(self.caller, self.address(name), Digest.parse(digest))
        return empty(202)


class Layer(RegistryView):
    """`/v2/_layers/<ticket>`: the address that GetDownloadUrlForLayer gives; who has it needs no login."""

    def get(self, request: Request, ticket: str) -> HttpResponseBase:
        """Send the layer, or the part that Range asks for."""
        delivery = layers.of_ticket(ticket)
        return respond(answers.blob(delivery, "private, no-store", part_of(self.context.request, delivery)))


def part_of(request: HttpRequest, delivery: Delivery) -> ByteRange | None:
    """What Range asks for, if the bytes are sent from here. RangeNotSatisfiable."""
    if not isinstance(delivery, OpenBlob):
        return None
    try:
        return headers.blob_range(request, f'"{delivery.digest}"', delivery.size)
    except headers.RangeNotSatisfiable:
        _close(delivery)
        raise


def _close(delivery: Delivery) -> None:
    """Give the file free that is not sent after all."""
    if isinstance(delivery, OpenBlob):
        delivery.file.close()
