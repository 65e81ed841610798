"""`/v2/_catalog`: the repositories that the caller may list, of the caller's account."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.request import Request

from registry.core import repositories
from registry.oci import headers
from registry.oci.views.base import RegistryView


class Catalog(RegistryView):
    """A page of repositories, as their paths on this host."""

    def scope(self, request: HttpRequest) -> str:
        """The scope that docker's token protocol has for the catalog."""
        return "registry:catalog:*"

    def get(self, request: Request) -> HttpResponse:
        """`?n=<most>&last=<path>`; the Link header leads on."""
        size = headers.page_size(self.context.request)
        last = headers.parameter(self.context.request, "last")
        found = repositories.catalog(self.caller, self.host, last=last, limit=size + 1)
        answer = JsonResponse({"repositories": found[:size]})
        if len(found) > size > 0:
            answer["Link"] = headers.next_link(self.context.request, size, found[size - 1])
        return answer
