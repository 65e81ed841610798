"""What the views share: who calls, where the repository is, and errors in the protocol's words."""

from collections.abc import Iterator
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authn import callers
from accounts.caller import Caller
from accounts.errors import AccountsError, CredentialsMissing
from registry.core import addresses
from registry.core.addresses import Host
from registry.oci import errors, headers
from registry.oci.views.context import Context
from registry.values import Address

BLOCK: Final = 256 * 1024
"""Bytes read or sent at once: the web server keeps some of them, so this bounds its memory (ADR 0001)."""


class AnyContent(BaseContentNegotiation):
    """Takes every Accept header: which manifest is sent is decided by what is stored."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser:
        """Never used: bodies are read as streams."""
        raise LookupError("bodies of this API are not parsed")

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Errors are JSON, whatever the client accepts."""
        renderer: BaseRenderer = JSONRenderer()
        return renderer, renderer.media_type


class RegistryView(APIView):
    """An endpoint of the OCI API. `caller`, `host` and `context` are set before the method runs."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    content_negotiation_class = AnyContent
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    caller: Caller
    host: Host
    context: Context

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Find out the host first: errors of authentication need it too."""
        self.host = addresses.host_of(request.get_host())
        self.context = Context(request, self.host, self.scope(request), self.allowed_methods)
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who calls. Raises CredentialsInvalid, CredentialsExpired."""
        super().initial(request, *args, **kwargs)
        self.caller = self.identify()

    def identify(self) -> Caller:
        """Return the caller that the Authorization header names, or nobody."""
        meta = self.context.request.META
        found = callers.identify(meta.get("HTTP_AUTHORIZATION", ""))
        return callers.from_principal(
            found.principal if found else None,
            access_key_id=found.access_key_id if found else "",
            region=self.host.region,
            source_ip=meta.get("REMOTE_ADDR", ""),
            user_agent=meta.get("HTTP_USER_AGENT", ""),
            request_id=meta.get("kho.request_id", ""),
        )

    def scope(self, request: HttpRequest) -> str:
        """What a token for this request is asked for; it binds nobody, the gate decides."""
        name = self.kwargs.get("name")
        if not name:
            return ""
        actions = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(request.method or "", "pull,push")
        return f"repository:{name}:{actions}"

    def address(self, name: str) -> Address:
        """Where the repository of the path is. InvalidRepositoryName, RepositoryNotFound."""
        return addresses.resolve(self.host, name)

    def handle_exception(self, exc: Exception) -> Any:
        """Answer errors from the one table; what is not in it is a fault of ours and goes up."""
        answer = errors.response(exc, self.context)
        if answer is None:
            raise exc
        return answer

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add what every answer carries; DRF's own rendering is not needed."""
        answer: HttpResponseBase = response
        answer[headers.API_VERSION[0]] = headers.API_VERSION[1]
        answer.headers.setdefault("Cache-Control", headers.PRIVATE)
        if isinstance(answer, HttpResponse) and answer.status_code not in {204, 304}:
            answer.headers.setdefault("Content-Length", str(len(answer.content)))
            if request.method == "HEAD":
                answer.content = b""
        return answer

    def body(self, length: int | None) -> Iterator[bytes]:
        """Yield the request's bytes as they come: `length` of them, or (None) all. OSError if the client goes."""
        stream = self.context.request.META["wsgi.input"]
        left = length
        while left is None or left > 0:
            block = stream.read(BLOCK if left is None else min(BLOCK, left))
            if not block:
                return
            if left is not None:
                left -= len(block)
            yield block

    def cache_control(self, address: Address, *, by_digest: bool) -> str:
        """How long others may keep what was sent."""
        if not address.is_public:
            return headers.PRIVATE
        return headers.SHORT if by_digest else headers.REVALIDATE


class Ping(RegistryView):
    """`GET /v2/`: whether this is a registry, and whether the credentials are good.

    Without credentials the answer is always 401: docker reads challenges only here.
    """

    def get(self, request: Request) -> HttpResponse:
        """Answer who is signed in, or has an anonymous token."""
        if "HTTP_AUTHORIZATION" not in self.context.request.META:
            raise CredentialsMissing
        return HttpResponse(b"{}", content_type="application/json")


class Unmatched(RegistryView):
    """Paths below /v2/ that no endpoint has."""

    def identify(self) -> Caller:
        """Nobody needs to be known for this."""
        try:
            return super().identify()
        except AccountsError:
            return Caller()

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Whatever the method, there is nothing here."""
        return errors.envelope(404, "UNSUPPORTED", "There is no such endpoint")
