"""What stands before Django: pulls that need none of it. Everything else goes on as it came."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import structlog

from config import proxies
from registry.oci import hot

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

log = structlog.get_logger("kho.access")


class HotReads:
    """Answers plain GETs and HEADs of manifests and blobs; hands on to `django` what needs more words.

    Their access line is of level debug: a pull is in the spool, and a refusal gets its line from Django.
    """

    def __init__(self, django: Application) -> None:
        self.django = django

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI, PEP 3333."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or not environ["PATH_INFO"].startswith("/v2/"):
            return self.django(environ, start_response)
        source_ip, request_id = proxies.source_of(environ)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            answer = hot.answer(environ, source_ip, request_id, is_secure=proxies.is_secure(environ))
        except Exception:  # noqa: BLE001 - whatever it was, Django meets it again and answers in the protocol's words
            answer = None
        if answer is None:
            return self.django(environ, start_response)
        log.debug(
            "request",
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            status=answer.status,
            client=source_ip,
            request_id=request_id,
        )
        fields = [*answer.headers.items(), ("X-Request-Id", request_id)]
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", fields)
        return answer.body
