"""The first steps of every request: its id and access line, and the short way of the protocols."""

import re
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from accounts.console import problems
from config import proxies
from registry.aws import view as aws

Handler = Callable[[HttpRequest], HttpResponseBase]

log = structlog.get_logger("kho.access")
crashes = structlog.get_logger("kho.crash")

PROTOCOLS: Final = re.compile(r"/(?:v2|token)(?:/|\Z)|/(?:healthz|readyz)\Z")
SECRET_IN_PATH: Final = re.compile(
    r"(?<=^/sign-up/confirm/).+|(?<=^/sign-in/reset/)\w+-.+|(?<=^/account/invitations/).+|(?<=^/v2/_layers/).+"
)
"""The ends of links that mails hold, and of addresses of layers: whoever has one can use it."""
QUIET_PATHS: Final = ("/healthz", "/readyz", "/static/")
FORWARDED: Final = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_FOR")


class RequestContext:
    """Gives each request an id, binds it to the log and writes one access line when the last byte has been handed on.

    What a stranger claims to forward (address, scheme, request id) is dropped: only KHO_TRUSTED_PROXIES may say so.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request with its id in the header `X-Request-Id`."""
        started = time.perf_counter()
        request_id = self._request_id(request)
        request.META["kho.request_id"] = request_id
        # Cleared at the start only: a streamed body is still sent after this method has returned.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response.headers["X-Request-Id"] = request_id
        _at_close(response, lambda: _write_access_line(request, response, started))
        return response

    @staticmethod
    def _request_id(request: HttpRequest) -> str:
        trusted = proxies.is_trusted(request.META.get("REMOTE_ADDR", ""))
        request.META["REMOTE_ADDR"], request_id = proxies.source_of(request.META)
        if not trusted:
            for name in FORWARDED:
                request.META.pop(name, None)
        return request_id


def request_id(request: HttpRequest) -> str:
    """Return the id that RequestContext gave to the request."""
    return str(request.META.get("kho.request_id", ""))


def _at_close(response: HttpResponseBase, action: Callable[[], None]) -> None:
    """Run `action` when the server closes the response, which WSGI promises for every one."""
    response._resource_closers.append(action)  # type: ignore[attr-defined]  # as FileResponse does; no public way


def _write_access_line(request: HttpRequest, response: HttpResponseBase, started: float) -> None:
    """One line: never the query or the end of a link, which may be secrets, and never a header that was sent."""
    quiet = request.path_info.startswith(QUIET_PATHS) and response.status_code < 500
    (log.debug if quiet else log.info)(
        "request",
        method=request.method,
        path=_shown_path(request),
        status=response.status_code,
        ms=round((time.perf_counter() - started) * 1000, 1),
        client=client_address(request),
        agent=request.META.get("HTTP_USER_AGENT", "")[:200],
        host=request.META.get("HTTP_HOST", "")[:100],
    )


def _shown_path(request: HttpRequest) -> str:
    """The path as logs have it."""
    return SECRET_IN_PATH.sub("…", request.path_info)


def client_address(request: HttpRequest) -> str:
    """The address that the request came from, as the access line and the trail name it."""
    return str(request.META.get("REMOTE_ADDR", ""))


class ProtocolBoundary:
    """Answers the protocols before the pages' middleware runs: no session, CSRF, messages or language for them.

    What a client can't be blamed for is a 500 in an envelope that names the request; the traceback goes to the log.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Call the protocol's view at once, or go on to the pages."""
        if aws.is_aws(request):
            return aws.aws(request)
        if not PROTOCOLS.match(request.path_info):
            return self.get_response(request)
        try:
            match = resolve(request.path_info)
            answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        except Resolver404:
            return self.get_response(request)
        except (SuspiciousOperation, BadRequest):
            return _envelope(400, "UNSUPPORTED", "The request can't be understood", request)
        except Exception:  # noqa: BLE001 - whatever it was, the client gets an answer and the log the traceback
            got_request_exception.send(sender=type(self), request=request)
            crashes.exception("request crashed", method=request.method, path=_shown_path(request))
            return _envelope(500, "UNKNOWN", "Something went wrong; the fault is the server's", request)
        return answer


def _envelope(status: int, code: str, message: str, request: HttpRequest) -> HttpResponse:
    """An error as the OCI Distribution specification writes it, with the id to look for in the log."""
    entry = {"code": code, "message": message, "detail": {"requestId": request_id(request)}}
    return JsonResponse({"errors": [entry]}, status=status)


class RefuseNul:
    """Refuses addresses and forms that hold a NUL: no name has one, and PostgreSQL can't look for it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer 400, or go on."""
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return problems.bad_request(request)
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Look at the form where there is one; the check against forged requests has read it already."""
        if request.method == "POST" and any("\x00" in each for _, values in request.POST.lists() for each in values):
            return problems.bad_request(request)
        return None
