"""What the JSON APIs share: who reads, small JSON bodies whatever their type is said to be, errors as JSON."""

import json
from collections.abc import Mapping
from typing import IO, Any, Final

from django.conf import settings
from django.http import HttpRequest
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authn import callers
from accounts.caller import Caller
from accounts.errors import AccessDenied, CredentialsMissing
from registry.errors import ImageNotFound, InvalidValue, RepositoryNotFound

LARGEST: Final = 64 * 1024
CACHE: Final = "public, max-age=5"
"""No longer than other early answers: what staff take down is gone within seconds."""


HIDDEN: Final = (RepositoryNotFound, ImageNotFound, InvalidValue, AccessDenied, CredentialsMissing)


class AnyJson(BaseParser):
    """Reads JSON from a body of at most LARGEST bytes, also from clients that say it is something else."""

    media_type = "*/*"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the object that the body holds. ParseError."""
        content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise ParseError(f"The body is larger than {LARGEST} bytes.")
        try:
            value = json.loads(content or b"{}")
        except (ValueError, RecursionError) as error:
            raise ParseError("The body is not JSON.") from error
        if not isinstance(value, dict):
            raise ParseError("The body is not a JSON object.")
        return value


class GalleryView(APIView):
    """An endpoint that anybody may read, from any origin."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = (JSONRenderer,)
    parser_classes = (AnyJson,)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer 404 for what is not there and, the same, for what may not be seen."""
        if isinstance(exc, HIDDEN):
            exc = NotFound("There is nothing of that name.")
        return super().handle_exception(exc)

    def finalize_response(self, request: Any, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Add what every answer says of itself."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Access-Control-Allow-Origin", "*")
        if request.method in {"GET", "HEAD"} and answer.status_code == 200:
            answer.headers.setdefault("Cache-Control", CACHE)
        return answer


def reader(request: HttpRequest | Request) -> Caller:
    """Who reads: nobody that is known, from an address."""
    meta = request.META
    return callers.of(
        None,
        region=settings.HOME_REGION,
        source_ip=meta.get("REMOTE_ADDR", ""),
        user_agent=meta.get("HTTP_USER_AGENT", ""),
        request_id=meta.get("kho.request_id", ""),
        is_secure=request.is_secure(),
    )


def origin_of(request: HttpRequest | Request) -> str:
    """Where links lead: scheme and host of the request."""
    return request.build_absolute_uri("/").removesuffix("/")
