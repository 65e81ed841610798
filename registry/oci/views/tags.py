"""`/v2/<name>/tags/list`: the tags of a repository, in byte order."""

from django.http import HttpResponse, JsonResponse
from rest_framework.request import Request

from registry.core import image_tags
from registry.oci import headers
from registry.oci.views.base import RegistryView


class Tags(RegistryView):
    """A page of tags."""

    def get(self, request: Request, name: str) -> HttpResponse:
        """`?n=<most>&last=<tag>`; the Link header leads on."""
        address = self.address(name)
        size = headers.page_size(self.context.request)
        last = headers.parameter(self.context.request, "last")
        tags, more = image_tags.names(self.caller, address, last=last, limit=size)
        answer = JsonResponse({"name": name, "tags": tags})
        answer["Cache-Control"] = self.cache_control(address, by_digest=False)
        if more and tags:
            answer["Link"] = headers.next_link(self.context.request, size, tags[-1])
        return answer
