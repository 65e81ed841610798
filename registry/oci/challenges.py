"""What a 401 offers, by the kind of host.

On the one host Bearer alone: with Basic offered beside it, docker fails anonymous pulls. An ECR-shaped private host
offers Basic alone, as ECR does. The public host offers Bearer. Docker Registry v2 authentication, "Token authentication".
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from registry.core.addresses import HostKind
from registry.oci.views.context import Context


def origin(request: HttpRequest) -> str:
    """Scheme and host that clients reach this deployment by."""
    return settings.PUBLIC_URL or f"{request.scheme}://{request.get_host()}"


def challenge(answer: HttpResponse, context: Context) -> None:
    """Say how to authenticate; the body of a private host is ECR's."""
    if context.host.kind is HostKind.PRIVATE:
        answer["WWW-Authenticate"] = f'Basic realm="https://{context.host.name}/",service="ecr.amazonaws.com"'
        answer["Content-Type"] = "text/plain; charset=utf-8"
        answer.content = b"Not Authorized\n"
        return
    place = origin(context.request)
    if context.host.kind is HostKind.PUBLIC:
        place, scope = f"{context.request.scheme}://{context.host.name}", "aws"
    else:
        scope = context.scope
    parts = [f'realm="{place}/token/"', f'service="{context.host.name}"', *([f'scope="{scope}"'] if scope else [])]
    answer["WWW-Authenticate"] = "Bearer " + ",".join(parts)
