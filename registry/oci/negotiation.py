"""Content negotiation of the OCI API: none. What is sent depends on what is stored, so no Accept header is refused."""

from typing import Any

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request


class AnyContent(BaseContentNegotiation):
    """Takes every Accept header: REST framework's own would answer 406 to the media types of manifests."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser:
        """Never used: bodies are read as streams."""
        raise LookupError("bodies of this API are not parsed")

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Errors are JSON, whatever the client accepts."""
        renderer = JSONRenderer()
        return renderer, renderer.media_type
