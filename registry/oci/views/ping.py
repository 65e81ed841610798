"""`/v2/`, where clients find out what this is and how to sign in, and all paths below it that no endpoint has."""

from typing import Any, NoReturn

from django.http import HttpResponse
from rest_framework.request import Request

from accounts.caller import Caller
from accounts.errors import CredentialsMissing
from registry.oci.errors import NoSuchEndpoint
from registry.oci.views.base import RegistryView


class Ping(RegistryView):
    """Whether this is a registry, and whether the credentials are good.

    Without credentials the answer is always 401: docker reads challenges only here.
    """

    def get(self, request: Request) -> HttpResponse:
        """Answer who is signed in, or has an anonymous token."""
        if not self.context.request.META.get("HTTP_AUTHORIZATION", "").strip():
            raise CredentialsMissing
        return HttpResponse(b"{}", content_type="application/json")


class Unmatched(RegistryView):
    """Paths below /v2/ that no endpoint has."""

    def identify(self) -> Caller:
        """Nobody needs to be known for this."""
        return Caller()

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> NoReturn:
        """Whatever the method, there is nothing here."""
        raise NoSuchEndpoint
