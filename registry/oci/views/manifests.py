"""`/v2/<name>/manifests/<reference>`: pulling, pushing and deleting manifests and tags."""

from typing import Final

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from registry.body import Body
from registry.core import images, pulls
from registry.core.reading import FoundImage
from registry.errors import InvalidImageTag, ManifestInvalid, ManifestTooLarge
from registry.oci import answers, headers
from registry.oci.errors import TooManyTags
from registry.oci.views.base import RegistryView, empty, respond
from registry.values import Address, Digest, ImageTag, Reference, parse_reference

MOST_TAGS: Final = 100


class Manifest(RegistryView):
    """An image of a repository, by tag or digest."""

    def head(self, request: Request, name: str, reference: str) -> HttpResponseBase:
        """Tell whether it is there, with its digest and type."""
        address, parsed = self.address(name), parse_reference(reference)
        image = images.head(self.caller, address, parsed)
        return respond(answers.manifest(image, None, self._caching(address, parsed, image)))

    def get(self, request: Request, name: str, reference: str) -> HttpResponseBase:
        """Send its exact bytes."""
        address, parsed = self.address(name), parse_reference(reference)
        pulls.count_anonymous(self.caller, address)
        stored = images.get(self.caller, address, parsed)
        return respond(answers.manifest(stored.image, stored.content, self._caching(address, parsed, stored.image)))

    def _caching(self, address: Address, reference: Reference, image: FoundImage) -> str:
        by_digest = isinstance(reference, Digest)
        return self.cache_control(address, by_digest=by_digest, is_restricted=image.is_restricted)

    def put(self, request: Request, name: str, reference: str) -> HttpResponse:
        """Store it, under the tag if the reference is one; if it is a digest, under the parameters `tag`.

        The parameter is of the specification's draft after 1.1.
        """
        address, parsed = self.address(name), parse_reference(reference)
        tags = self._tags(parsed)
        media_type = self.context.request.META.get("CONTENT_TYPE", "")
        put = images.put(self.caller, address, parsed, media_type, manifest_in(self.body), tags=tags)
        answer = empty(201)
        answer["Location"] = f"/v2/{name}/manifests/{put.image.digest}"
        answer[headers.CONTENT_DIGEST] = put.image.digest
        if put.subject:
            answer["OCI-Subject"] = put.subject
        if tags:
            answer["OCI-Tag"] = ", ".join(str(tag) for tag in tags)
        return answer

    def _tags(self, reference: Reference) -> list[ImageTag]:
        """Read the parameters `tag`. InvalidImageTag, TooManyTags."""
        raw = self.context.request.GET.getlist("tag")
        if raw and not isinstance(reference, Digest):
            raise InvalidImageTag(raw[0], "is one tag too many: the parameter stands beside a digest only")
        if len(raw) > MOST_TAGS:
            raise TooManyTags(MOST_TAGS)
        return [ImageTag.parse(tag) for tag in dict.fromkeys(raw)]

    def delete(self, request: Request, name: str, reference: str) -> HttpResponse:
        """Delete an image by digest, or take a tag away; the image of a tag stays."""
        address, parsed = self.address(name), parse_reference(reference)
        if isinstance(parsed, Digest):
            images.delete(self.caller, address, parsed)
        else:
            images.untag(self.caller, address, parsed)
        return empty(202)


def manifest_in(body: Body) -> bytes:
    """Read a manifest up to the limit. ManifestTooLarge, ManifestInvalid if the client went away."""
    limit, length = settings.MAX_MANIFEST_BYTES, body.length
    if length is not None and length > limit:
        raise ManifestTooLarge(limit)
    content = bytearray()
    try:
        for block in body:
            content += block
            if len(content) > limit:
                raise ManifestTooLarge(limit)
    except OSError as error:
        raise ManifestInvalid("the request ended early") from error
    if length is not None and len(content) != length:
        raise ManifestInvalid("the request ended early")
    return bytes(content)
