"""What a 401 offers, by the kind of host.

On the one host Bearer alone: with Basic offered beside it, docker fails anonymous pulls. An ECR-shaped private host
offers Basic alone, as ECR does. The public host offers Bearer. Docker Registry v2: "Token Authentication".
"""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from registry.core.addresses import HostKind
from registry.oci.context import Context

ECR_SERVICE: Final = "ecr.amazonaws.com"
ECR_PUBLIC_SCOPE: Final = "aws"


def origin(request: HttpRequest) -> str:
    """Scheme and host that clients reach this deployment by."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def challenge(answer: HttpResponse, context: Context) -> None:
    """Add how to authenticate."""
    host = context.host
    match host.kind:
        case HostKind.PRIVATE:
            answer["WWW-Authenticate"] = f'Basic realm="https://{host.name}/",service="{ECR_SERVICE}"'
        case HostKind.PUBLIC:
            # AWS's own names are served by https only, whatever ends it in front of this server.
            scheme = "https" if settings.AWS_HOST_NAMES else context.request.scheme
            answer["WWW-Authenticate"] = _bearer(f"{scheme}://{host.name}", host.name, ECR_PUBLIC_SCOPE)
        case HostKind.ONE:
            answer["WWW-Authenticate"] = _bearer(origin(context.request), host.name, context.scope)


def _bearer(place: str, service: str, scope: str) -> str:
    """Where tokens are to be had, from whom, and for what."""
    words = [f'realm="{place}/token/"', f'service="{service}"', *([f'scope="{scope}"'] if scope else [])]
    return "Bearer " + ",".join(words)
