"""What every view and every error answer knows of the request."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from registry.core.addresses import Host


@dataclass(frozen=True, slots=True)
class Context:
    """The request, the host it came to, the scope that a token for it needs, and the methods of its endpoint."""

    request: HttpRequest
    host: Host
    scope: str
    allowed_methods: Sequence[str]
