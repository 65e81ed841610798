"""What the JSON APIs share: who reads, small JSON bodies whatever their type is said to be, errors as JSON."""

import json
from collections.abc import Mapping
from typing import IO, Any, Final

from django.http import HttpRequest
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

LARGEST: Final = 64 * 1024
CACHE: Final = "public, max-age=5"
"""No longer than other early answers: what staff take down is gone within seconds."""


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

    def finalize_response(self, request: Any, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Add what every answer says of itself."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Access-Control-Allow-Origin", "*")
        if request.method in {"GET", "HEAD"} and answer.status_code == 200:
            answer.headers.setdefault("Cache-Control", CACHE)
        return answer


def origin_of(request: HttpRequest) -> str:
    """Where links lead: scheme and host of the request."""
    return request.build_absolute_uri("/").removesuffix("/")
