"""`/v2/<name>/referrers/<digest>`: what is attached to an image. OCI Distribution 1.1, "Listing Referrers"."""

from typing import TYPE_CHECKING, Any

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from registry.core import images
from registry.oci import headers
from registry.oci.views.base import RegistryView
from registry.values import Digest

if TYPE_CHECKING:
    from registry.models import Image

INDEX = "application/vnd.oci.image.index.v1+json"
LARGEST_PAGE = 100


def descriptor(image: "Image") -> dict[str, Any]:
    """What the answer says of one referrer."""
    entry: dict[str, Any] = {
        "mediaType": image.media_type,
        "digest": image.digest,
        "size": image.manifest_size,
    }
    if image.artifact_type:
        entry["artifactType"] = image.artifact_type
    if image.annotations:
        entry["annotations"] = image.annotations
    return entry


class Referrers(RegistryView):
    """An index of the manifests whose subject is the digest; empty if there are none."""

    def get(self, request: Request, name: str, digest: str) -> HttpResponse:
        """`?artifactType=<type>`; the Link header leads on."""
        address, parsed, asking = self.address(name), Digest.parse(digest), self.context.request
        size = headers.page_size(asking, LARGEST_PAGE)
        wanted, last = headers.parameter(asking, "artifactType"), headers.parameter(asking, "last")
        found, more = images.referrers(
            self.caller, address, parsed, artifact_types=[wanted] if wanted else [], last=last, limit=size
        )
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(image) for image in found]}
        answer = JsonResponse(index, content_type=INDEX)
        answer["Cache-Control"] = self.cache_control(address, by_digest=False)
        if wanted:
            answer["OCI-Filters-Applied"] = "artifactType"
        if more and found:
            answer["Link"] = headers.next_link(asking, size, found[-1].digest)
        return answer
