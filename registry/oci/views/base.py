"""What the views share: who calls, where the repository is, and errors in the protocol's words."""

from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.authn import callers
from accounts.caller import Caller
from registry.body import Body
from registry.core import addresses, connections
from registry.core.addresses import Host, HostKind
from registry.oci import answers, errors, headers
from registry.oci.answers import Answer
from registry.oci.context import Context
from registry.oci.negotiation import AnyContent
from registry.values import NAME, Address


def empty(status: int) -> HttpResponse:
    """An answer that says all in its headers."""
    answer = HttpResponse(status=status)
    del answer["Content-Type"]
    return answer


def respond(answer: Answer) -> HttpResponseBase:
    """Django's form of an answer."""
    if isinstance(answer.body, tuple):
        response: HttpResponseBase = HttpResponse(b"".join(answer.body), status=answer.status)
    else:
        connections.release()
        response = StreamingHttpResponse(answer.body, status=answer.status)
    del response["Content-Type"]
    for name, value in answer.headers.items():
        response[name] = value
    return response


class RegistryView(APIView):
    """An endpoint of the OCI API. `context`, `host`, `body` and `caller` are set before the method runs."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    content_negotiation_class = AnyContent
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    context: Context
    host: Host
    body: Body
    caller: Caller

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Find out the host first: the answers to errors need it too."""
        try:
            self.host = addresses.host_of(request.get_host())
        except SuspiciousOperation:  # no legal host name: `initial` refuses it, where errors get their words
            self.host = Host(HostKind.ONE, "")
        self.context = Context(request, self.host, self.scope(request), self.allowed_methods)
        self.body = Body(request)
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find out who calls. Raises CredentialsInvalid, CredentialsExpired."""
        super().initial(request, *args, **kwargs)
        if not self.host.name:
            raise SuspiciousOperation("the Host header holds no host name")
        self.caller = self.identify()

    def identify(self) -> Caller:
        """Return the caller that the Authorization header names, or nobody."""
        meta = self.context.request.META
        return callers.of(
            callers.identify(meta.get("HTTP_AUTHORIZATION", "").strip()),
            region=self.host.region,
            source_ip=meta.get("REMOTE_ADDR", ""),
            user_agent=meta.get("HTTP_USER_AGENT", ""),
            request_id=meta.get("kho.request_id", ""),
            is_secure=self.context.request.is_secure(),
        )

    def scope(self, request: HttpRequest) -> str:
        """What a token for this request is asked for; it binds nobody, the gate decides."""
        name = self.kwargs.get("name", "")
        if not NAME.fullmatch(name):
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
        """Add what every answer carries; REST framework's own rendering is not needed."""
        answer: HttpResponseBase = response
        for name, value in headers.EVERYWHERE.items():
            answer[name] = value
        answer.headers.setdefault("Cache-Control", headers.PRIVATE)
        if isinstance(answer, HttpResponse) and answer.status_code not in {204, 304}:
            answer.headers.setdefault("Content-Length", str(len(answer.content)))
            if request.method == "HEAD":
                answer.content = b""
        if answer.status_code >= 400:
            self.body.drain()
        return answer

    def cache_control(self, address: Address, *, by_digest: bool, is_restricted: bool = False) -> str:
        """How long others may keep what was sent."""
        return answers.cache_control(self.caller, address, by_digest=by_digest, is_restricted=is_restricted)
